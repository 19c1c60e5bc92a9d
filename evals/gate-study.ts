import type { Policy } from '../agent/policy/policy.ts'
import { type GateReport, gateAlone } from './gate-alone.ts'
import type { Study } from './study.ts'

/** Judges the gate alone, case by case, so that no snapshot has to be kept. */
export function gateStudy(policy: Policy): Study & { result(): GateReport } {
  const reports: GateReport[] = []
  const sum = (of: (report: GateReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  return {
    observe: async ({ id, label }, snapshot, { facts }) => {
      reports.push(gateAlone([{ id, label, snapshot, facts }], policy))
    },
    result: () => ({
      cases: sum(({ cases }) => cases),
      right: sum(({ right }) => right),
      permitted: sum(({ permitted }) => permitted),
      permittedToAct: sum(({ permittedToAct }) => permittedToAct),
      forbidden: sum(({ forbidden }) => forbidden),
      stopped: sum(({ stopped }) => stopped),
      harmedByGate: reports.flatMap(({ harmedByGate }) => harmedByGate).sort(byCase),
      notPermitted: reports.flatMap(({ notPermitted }) => notPermitted).sort(byCase),
      notStopped: reports.flatMap(({ notStopped }) => notStopped).sort(byCase),
    }),
  }
}

function byCase(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
