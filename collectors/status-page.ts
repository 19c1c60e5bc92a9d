import { z } from 'zod'
import type { Collector } from './collector.ts'
import { readAwsCurrentEvents } from './shared/aws-current-events.ts'
import { readRss } from './shared/azure-rss.ts'
import { bodyOf, EndpointOptions, endpointHeaders, parseJson } from './shared/endpoint.ts'
import { readGcpIncidents } from './shared/gcp-incidents.ts'
import { readStatuspage } from './shared/statuspage-v2.ts'

/** One public status page, given by the URL of its machine-readable form. */
export const Options = EndpointOptions.extend({
  source: z.literal('status-page'),
  name: z.string().min(1),
  format: z.enum(['statuspage.v2', 'gcp.incidents', 'rss', 'aws.currentevents']),
  /** Whose page it is, as in "provider:product"; the page's name unless set. */
  provider: z.string().min(1).toLowerCase().optional(),
})
export type Options = z.infer<typeof Options>

/** Reads a status page. A page that says that all is well reports nothing, which is not evidence of health. */
export function statusPage(options: Options): Collector {
  const name = `status:${options.name}`
  const provider = options.provider ?? options.name.toLowerCase()
  const what = `status page "${options.name}"`
  return {
    name,
    source: 'status-page',
    observer: 'provider',
    timeoutMs: options.timeoutMs,
    async collect(_scope, ctx) {
      const headers = endpointHeaders(options)
      if (options.format === 'rss') headers.accept = 'application/rss+xml, application/xml, text/xml'
      const body = await bodyOf(ctx, what, { method: 'GET', url: options.url, headers })
      switch (options.format) {
        case 'statuspage.v2':
          return readStatuspage(parseJson(body, what), provider, name, what)
        case 'gcp.incidents':
          return readGcpIncidents(parseJson(body, what), provider, name, ctx.window.to, what)
        case 'aws.currentevents':
          return readAwsCurrentEvents(parseJson(body, what), provider, name, what)
        case 'rss':
          return readRss(body, provider, name, what)
      }
    },
  }
}
