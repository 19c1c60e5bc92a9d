/** The screens by the first word of their addresses. Each is a file of its own, so that the first one need not wait for the others. */
export const PAGES = {
  '': () => import('./pages/now-page.tsx'),
  incidents: () => import('./pages/incidents-page.tsx'),
  decisions: () => import('./pages/decision-page.tsx'),
  audit: () => import('./pages/audit-page.tsx'),
  report: () => import('./pages/report-page.tsx'),
  plans: () => import('./pages/plans-page.tsx'),
  runs: () => import('./pages/run-page.tsx'),
  evals: () => import('./pages/evals-page.tsx'),
} as const
