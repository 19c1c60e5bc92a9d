import type { QueryClient } from '@tanstack/react-query'
import {
  type AsyncRouteComponent,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { decisionContextQuery, decisionQuery } from './api/queries.ts'
import type { AuditSearch } from './pages/audit-page.tsx'
import type { DecisionSearch } from './pages/decision-page.tsx'
import type { EvalsSearch } from './pages/evals-page.tsx'
import { Frame, NotFound, ScreenError } from './pages/frame.tsx'
import type { IncidentsSearch } from './pages/incidents-page.tsx'
import type { PlansSearch } from './pages/plans-page.tsx'
import type { ReportSearch } from './pages/report-page.tsx'
import { PAGES } from './pages.ts'

const NowPage = lazyRouteComponent(PAGES[''], 'NowPage')
const IncidentsPage = lazyRouteComponent(PAGES.incidents, 'IncidentsPage')
const IncidentPage = lazyRouteComponent(PAGES.incidents, 'IncidentPage')
const DecisionPage = lazyRouteComponent(PAGES.decisions, 'DecisionPage')
const AuditPage = lazyRouteComponent(PAGES.audit, 'AuditPage')
const ReportPage = lazyRouteComponent(PAGES.report, 'ReportPage')
const PlansPage = lazyRouteComponent(PAGES.plans, 'PlansPage')
const RunPage = lazyRouteComponent(PAGES.runs, 'RunPage')
const EvalsPage = lazyRouteComponent(PAGES.evals, 'EvalsPage')

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
      return DecisionPage.preload?.()
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
    loader: fileOf(IncidentsPage),
    component: function Incidents() {
      return <IncidentsPage search={incidents.useSearch()} />
    },
  })
  const incident = createRoute({
    getParentRoute: () => root,
    path: '/incidents/$id',
    loader: fileOf(IncidentPage),
    component: function Incident() {
      return <IncidentPage id={incident.useParams().id} />
    },
  })
  const audit = createRoute({
    getParentRoute: () => root,
    path: '/audit',
    validateSearch: (search): AuditSearch => texts(search, AUDIT_WORDS),
    loader: fileOf(AuditPage),
    component: function Audit() {
      return <AuditPage search={audit.useSearch()} />
    },
  })
  const report = createRoute({
    getParentRoute: () => root,
    path: '/report',
    validateSearch: (search): ReportSearch => texts(search, ['days', 'show']),
    loader: fileOf(ReportPage),
    component: function Report() {
      return <ReportPage search={report.useSearch()} />
    },
  })
  const plans = createRoute({
    getParentRoute: () => root,
    path: '/plans',
    validateSearch: (search): PlansSearch => texts(search, ['service']),
    loader: fileOf(PlansPage),
    component: function Plans() {
      return <PlansPage search={plans.useSearch()} />
    },
  })
  const run = createRoute({
    getParentRoute: () => root,
    path: '/runs/$id',
    loader: fileOf(RunPage),
    component: function Run() {
      return <RunPage id={run.useParams().id} />
    },
  })
  const evals = createRoute({
    getParentRoute: () => root,
    path: '/evals',
    validateSearch: (search): EvalsSearch => texts(search, ['report', 'tier', 'text']),
    loader: fileOf(EvalsPage),
    component: function Evals() {
      return <EvalsPage search={evals.useSearch()} />
    },
  })
  return createRouter({
    routeTree: root.addChildren([now, incidents, incident, decision, audit, report, plans, run, evals]),
    defaultErrorComponent: ScreenError,
    // A link that is pointed at will be followed mostly: its screen and its answers are on their way by then.
    defaultPreload: 'intent',
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

/** Asks for a screen's file before the screen is shown. */
function fileOf(page: AsyncRouteComponent<never>) {
  return () => page.preload?.()
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
