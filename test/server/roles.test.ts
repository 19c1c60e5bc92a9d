import { describe, expect, it } from 'vitest'
import { type Person, tokenHashOf } from '../../agent/approval/people.ts'
import { ROLE_SCOPES, Role, Scope } from '../../agent/domain/role.ts'
import { snsReceiver } from '../../agent/ingest/sns.ts'
import { bearer, serverUnderTest } from './harness.ts'

/** Every address that the server answers, and what it takes to be let in; null for what anybody may ask. */
const ROUTES: Readonly<Record<string, Scope | null>> = {
  'POST /v1/alerts/alertmanager': 'ingest',
  'POST /v1/alerts/grafana': 'ingest',
  'POST /v1/alerts/pagerduty': 'ingest',
  'POST /v1/alerts/sns': 'ingest',
  'POST /v1/alerts/generic': 'ingest',
  'POST /v1/events': 'ingest',
  'POST /v1/changes': 'ingest',
  'POST /v1/freezes': 'admin',
  'DELETE /v1/freezes': 'admin',
  'GET /v1/incidents': 'read',
  'GET /v1/incidents/:id': 'read',
  'GET /v1/decisions': 'read',
  'GET /v1/decisions/:id': 'read',
  'POST /v1/decisions/:id/replay': 'read',
  'GET /v1/decisions/:id/context': 'read',
  'POST /v1/decisions/:id/labels': 'respond',
  'GET /v1/decisions/:id/case': 'read',
  'GET /v1/approvals': 'read',
  'GET /v1/approvals/:id': 'read',
  'POST /v1/approvals/:id/answer': 'approve',
  'POST /v1/approvals/:id/more-time': 'approve',
  'POST /v1/approvals/:id/look-again': 'respond',
  'GET /v1/audit': 'read',
  'GET /v1/audit/verify': 'read',
  'GET /v1/audit/export': 'read',
  'GET /v1/scores': 'read',
  'GET /v1/status': 'read',
  'GET /v1/live': 'read',
  'GET /v1/decisions/:id/exchange': 'read',
  'GET /v1/report': 'read',
  'GET /v1/plans': 'read',
  'GET /v1/runs/:id': 'read',
  'GET /v1/evals': 'read',
  'GET /v1/evals/:id': 'read',
  'GET /metrics': 'read',
  'GET /healthz': null,
  'GET /readyz': null,
  // Signing in, and the page that asks for it.
  'GET /v1/session': null,
  'POST /v1/session': null,
  'DELETE /v1/session': null,
  'GET /v1/session/oidc': null,
  'GET /v1/session/oidc/callback': null,
  'GET /': null,
  'GET /incidents': null,
  'GET /incidents/:id': null,
  'GET /decisions/:id': null,
  'GET /audit': null,
  'GET /report': null,
  'GET /plans': null,
  'GET /runs/:id': null,
  'GET /evals': null,
  'GET /assets/*': null,
  'GET /favicon.svg': null,
}

const tokenOf = (name: string) => `${name}-token-0123456789`
const PROGRAMS = Scope.options.map((scope) => ({ name: scope, token: tokenOf(`program-${scope}`), scopes: [scope] }))
const PEOPLE = Role.options.map(
  (role): Person => ({ name: `${role} person`, role, tokenHash: tokenHashOf(tokenOf(role)), groups: [] }),
)
const OIDC = { issuer: 'https://sign-in.example', clientId: 'failwise' }

async function everyRoute() {
  const sns = snsReceiver({ now: () => 0, topicArns: [], http: () => Promise.reject(new Error('not to be called')) })
  const options = { tokens: PROGRAMS, oidc: OIDC, authFailuresPerMinute: 10_000 }
  const { app } = await serverUnderTest(options, { sns }, null, PEOPLE)
  /** The status alone: some answers never end. */
  const statusOf = async (route: string, headers: Record<string, string>) => {
    const [method = '', path = ''] = route.split(' ')
    const url = path.replace(':id', 'x').replace('*', 'x')
    const body = method === 'GET' ? {} : { payload: {} }
    const answer = await app.inject({ method: method as 'GET', url, headers, ...body, payloadAsStream: true })
    answer.stream().destroy()
    return answer.statusCode
  }
  return { app, statusOf }
}

/** As the router itself lists them, so that none is forgotten here. */
function routesIn(tree: string): string[] {
  const found: string[] = []
  const trail: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', text = ''] = /^((?:│ {3}| {4})*)(?:[├└]── )?(.*)$/.exec(line) ?? []
    const depth = indent.length / 4 + 1
    const [, path = '', methods = ''] = /^(\S*?)(?: \(([A-Z, ]+)\))?$/.exec(text) ?? []
    trail.splice(depth - 1)
    trail.push(path)
    for (const method of methods.split(', '))
      if (method !== '' && method !== 'HEAD' && method !== 'OPTIONS') found.push(`${method} ${trail.join('')}`)
  }
  return [...new Set(found.map((route) => (route.length > 6 ? route.replace(/\/$/, '') : route)))]
}

describe('every route', () => {
  it('is known here, with what it takes', async () => {
    const { app } = await everyRoute()
    const served = routesIn(app.printRoutes())
    const isDocumentation = (route: string) => /^GET \/docs(\/|$)/.test(route)
    expect(served.filter((route) => !isDocumentation(route)).sort()).toEqual(Object.keys(ROUTES).sort())
  })

  it('is described at /docs, but for screens, their files and the way through a sign-in provider', async () => {
    const { app } = await everyRoute()
    const { paths } = (await app.inject('/docs/json')).json() as { paths: Record<string, object> }
    const hidden = Object.keys(ROUTES).filter((route) => {
      const [method = '', path = ''] = route.split(' ')
      return !(method.toLowerCase() in (paths[path.replace(':id', '{id}')] ?? {}))
    })
    const isHidden = (route: string) =>
      !/ \/(v1|healthz|readyz|metrics)/.test(route) || route.includes('/v1/session/oidc')
    expect(hidden).toEqual(Object.keys(ROUTES).filter(isHidden))
  })

  it('lets in nobody without credentials, unless anybody may ask', async () => {
    const { statusOf } = await everyRoute()
    for (const [route, scope] of Object.entries(ROUTES))
      expect([route, (await statusOf(route, {})) === 401]).toEqual([route, scope !== null])
  })

  it.each(Role.options)('lets a %s in where the role reaches, and nowhere else', async (role) => {
    const { statusOf } = await everyRoute()
    for (const [route, scope] of Object.entries(ROUTES)) {
      if (scope === null) continue
      const status = await statusOf(route, bearer(tokenOf(role)))
      expect([route, status !== 403]).toEqual([route, ROLE_SCOPES[role].includes(scope)])
      expect(status).not.toBe(401)
    }
  })

  it.each(Scope.options)('lets a program with the scope %s in there, and nowhere else', async (own) => {
    const { statusOf } = await everyRoute()
    for (const [route, scope] of Object.entries(ROUTES)) {
      if (scope === null) continue
      expect([route, (await statusOf(route, bearer(tokenOf(`program-${own}`)))) !== 403]).toEqual([
        route,
        scope === own,
      ])
    }
  })
})
