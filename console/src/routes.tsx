import type { QueryClient } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { decisionContextQuery, decisionQuery } from './api/queries.ts'
import { AuditPage, type AuditSearch } from './pages/audit-page.tsx'
import { DecisionPage, type DecisionSearch } from './pages/decision-page.tsx'
import { EvalsPage, type EvalsSearch } from './pages/evals-page.tsx'
import { Frame, NotFound, ScreenError } from './pages/frame.tsx'
import { IncidentPage, IncidentsPage, type IncidentsSearch } from './pages/incidents-page.tsx'
import { NowPage } from './pages/now-page.tsx'
import { PlansPage, type PlansSearch } from './pages/plans-page.tsx'
import { ReportPage, type ReportSearch } from './pages/report-page.tsx'
import { RunPage } from './pages/run-page.tsx'

const AUDIT_WORDS = [
  ...(['kind', 'service', 'actor', 'action', 'disposition'] as const),
  ...(['text', 'from', 'to', 'order', 'sort', 'columns', 'seq'] as const),
]

/** Every screen and its address. What a screen shows stands in its address, so that a link shows the same to somebody else. */
export function createConsoleRouter(queries: QueryClient) {
  const root = createRootRoute({ component: Frame, notFoundComponent: NotFound })
  const decision = createRoute({
    getParentRoute: () => root,
    path: '/decisions/$id',
    // Started before the screen is there, so that both answers are on their way together.
    loader: ({ params: { id } }) => {
      void queries.prefetchQuery(decisionQuery(id))
      void queries.prefetchQuery(decisionContextQuery(id))
    },
    validateSearch: (search): DecisionSearch => texts(search, ['zoom', 'rules', 'evidence']),
    component: function Decision() {
      return <DecisionPage id={decision.useParams().id} search={decision.useSearch()} />
    },
  })
  const now = createRoute({ getParentRoute: () => root, path: '/', component: NowPage })
  const incidents = createRoute({
    getParentRoute: () => root,
    path: '/incidents',
    validateSearch: (search): IncidentsSearch => texts(search, ['state', 'service']),
    component: function Incidents() {
      return <IncidentsPage search={incidents.useSearch()} />
    },
  })
  const incident = createRoute({
    getParentRoute: () => root,
    path: '/incidents/$id',
    component: function Incident() {
      return <IncidentPage id={incident.useParams().id} />
    },
  })
  const audit = createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: (search): AuditSearch => texts(search, AUDIT_WORDS),
    component: function Audit() {
      return <AuditPage search={audit.useSearch()} />
    },
  })
  const report = createRoute({
    getParentRoute: () => root,
    path: '/report',
    validateSearch: (search): ReportSearch => texts(search, ['days', 'show']),
    component: function Report() {
      return <ReportPage search={report.useSearch()} />
    },
  })
  const plans = createRoute({
    getParentRoute: () => root,
    path: '/plans',
    validateSearch: (search): PlansSearch => texts(search, ['service']),
    component: function Plans() {
      return <PlansPage search={plans.useSearch()} />
    },
  })
  const run = createRoute({
    getParentRoute: () => root,
    path: '/runs/$id',
    component: function Run() {
      return <RunPage id={run.useParams().id} />
    },
  })
  const evals = createRoute({
    getParentRoute: () => root,
    path: '/evals',
    validateSearch: (search): EvalsSearch => texts(search, ['report', 'tier', 'text']),
    component: function Evals() {
      return <EvalsPage search={evals.useSearch()} />
    },
  })
  return createRouter({
    routeTree: root.addChildren([now, incidents, incident, decision, audit, report, plans, run, evals]),
    defaultErrorComponent: ScreenError,
    scrollRestoration: true,
    // Words as they are: what stands in an address is read and typed by people too.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const words = Object.entries(search).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      )
      return words.length === 0 ? '' : `?${new URLSearchParams(words)}`
    },
  })
}

/** The words of an address that a screen understands; others are dropped. */
function texts<K extends string>(search: Record<string, unknown>, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {}
  for (const name of names) {
    const value = search[name]
    if (typeof value === 'string' || typeof value === 'number') found[name] = String(value)
  }
  return found
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
