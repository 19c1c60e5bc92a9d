import { z } from 'zod'
import type { ChangeSignal } from '../agent/domain/signal.ts'
import { epochMs, type Instant } from '../agent/domain/time.ts'
import type { Collector } from './collector.ts'
import { EndpointOptions, jsonOf, readAs, urlBelow } from './shared/endpoint.ts'
import { VendorText, VendorTime } from './shared/lenient.ts'

/** Deployments of a GitHub repository; a fine-grained token that may read deployments is enough. */
export const Options = EndpointOptions.extend({
  source: z.literal('github-deployments'),
  url: EndpointOptions.shape.url.default('https://api.github.com'),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'expected owner/name'),
  environment: z.string().min(1).optional(),
  /** The service that is deployed from it; the repository's name unless set. */
  service: z.string().min(1).optional(),
  lookbackHours: z.number().positive().default(48),
  maxChanges: z.number().int().min(1).max(100).default(50),
})
export type Options = z.infer<typeof Options>

const Deployments = z.array(
  z.object({
    created_at: VendorTime,
    ref: VendorText,
    sha: z.string().min(1),
    task: VendorText,
    environment: VendorText,
    description: VendorText,
  }),
)

/** Reads recent deployments as changes, newest first. */
export function githubDeployments(options: Options): Collector {
  const name = `changes:${options.repository}`
  return {
    name,
    source: 'github-deployments',
    observer: 'change',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const url = urlBelow(options.url, `/repos/${options.repository}/deployments`, {
        per_page: String(options.maxChanges),
        ...(options.environment && { environment: options.environment }),
      })
      const headers = {
        ...options.headers,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      }
      const body = await jsonOf(ctx, 'GitHub deployments', { ...options, headers }, url)
      const fromMs = epochMs(ctx.window.to) - options.lookbackHours * 3_600_000
      const listed = readAs(Deployments, body, 'GitHub deployments')
      const recent = listed.filter((one): one is typeof one & { created_at: Instant } => {
        return one.created_at !== null && epochMs(one.created_at) >= fromMs
      })
      if (recent.length === options.maxChanges) ctx.truncated(`the newest ${recent.length} deployments`)
      return recent.map(
        (deployment, index): ChangeSignal => ({
          kind: 'change',
          id: `${name}:change-${index + 1}`,
          at: deployment.created_at,
          // A deployment may carry another task, such as deploy:migrations.
          changeKind: deployment.task.split(':')[0] || 'deploy',
          service: options.service ?? options.repository.split('/')[1] ?? options.repository,
          ref: [deployment.ref, deployment.sha.slice(0, 10)].filter(Boolean).join(' '),
          summary: [deployment.environment, deployment.description].filter(Boolean).join(': '),
          rolloutPercent: null,
        }),
      )
    },
  }
}
