import { XMLParser } from 'fast-xml-parser'
import { z } from 'zod'
import type { ProviderEventSignal, Signal } from '../../agent/domain/signal.ts'
import { Fault } from '../../agent/lib/errors.ts'
import { readAs } from './endpoint.ts'
import { VendorTime } from './lenient.ts'
import { azureRegion, regionsInTitle } from './regions.ts'

// Document types are refused below, so no entity but the five of XML can occur.
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: true,
  isArray: (name) => name === 'item' || name === 'category',
})

const Text = z.preprocess((value) => (value === undefined || value === null ? '' : value), z.coerce.string())

const Rss = z.object({
  rss: z.object({
    channel: z.object({
      item: z
        .array(
          z.object({
            title: Text,
            description: Text,
            pubDate: VendorTime,
            category: z.array(Text).default([]),
          }),
        )
        .default([]),
    }),
  }),
})
type Item = z.infer<typeof Rss>['rss']['channel']['item'][number]

/** Azure writes the state of an event before or behind its title: `Mitigated: …`, `… - Investigating`. */
const STATE_BEFORE = /^\s*(mitigated|resolved|rca|pir|post incident review)\s*[:–—-]\s*/i
const STATE_BEHIND =
  /\s*[–—-]\s*(active|investigating|identified|applying mitigation|mitigating|recovering|monitoring|mitigated|resolved|rca)\s*$/i

/** Events of an RSS 2.0 status feed as Azure publishes it: one item per update, so items whose titles differ by state only are one event. */
export function readRss(body: string, provider: string, id: string, what: string): Signal[] {
  const events = new Map<string, Item[]>()
  for (const item of readItems(body, what)) {
    const subject = item.title.replace(STATE_BEFORE, '').replace(STATE_BEHIND, '').trim().toLowerCase()
    const updates = events.get(subject)
    if (updates) updates.push(item)
    else events.set(subject, [item])
  }
  return [...events.values()].map((updates, index) => eventOf(updates, provider, `${id}:event-${index + 1}`))
}

function readItems(body: string, what: string): Item[] {
  if (/<!DOCTYPE/i.test(body) || /^\s*<html/i.test(body))
    throw new Fault('upstream_malformed', `${what} answered HTML or a document type where RSS is expected`, {
      hint: 'is a login page or a proxy in between?',
    })
  let parsed: unknown
  try {
    parsed = parser.parse(body, true)
  } catch (cause) {
    throw new Fault('upstream_malformed', `${what} answered broken or truncated XML`, { cause })
  }
  // An empty channel parses to a text instead of an object.
  const channel = (parsed as { rss?: { channel?: unknown } } | null)?.rss?.channel
  if (channel === '') return []
  return readAs(Rss, parsed, what).rss.channel.item
}

function eventOf(updates: Item[], provider: string, id: string): ProviderEventSignal {
  const newestFirst = [...updates].sort((a, b) => (b.pubDate ?? '').localeCompare(a.pubDate ?? ''))
  const title = newestFirst[0]?.title ?? ''
  const dates = updates.map((update) => update.pubDate).filter((date) => date !== null)
  dates.sort()
  const categories = [...new Set(updates.flatMap((update) => update.category))]
  const stated = categories.map(azureRegion).filter((region) => region !== null)
  const regions = stated.length > 0 ? [...new Set(stated)].sort() : regionsInTitle(title)
  return {
    kind: 'provider_event',
    id,
    channel: 'status_page',
    provider,
    products: categories.filter((category) => category !== '' && azureRegion(category) === null),
    regions,
    ...(stated.length === 0 && regions.length > 0 && { regionsFrom: 'title' }),
    zone: null,
    category: 'issue',
    state: stateOf(title),
    severity: 'unknown',
    isAccountSpecific: false,
    affectedEntities: [],
    startedAt: dates[0] ?? null,
    updatedAt: dates.at(-1) ?? null,
    endedAt: null,
    title,
    text: newestFirst.map((update) => withoutMarkup(update.description)).join('\n'),
  }
}

/** The feed lists what is going on; only a title that says so says that it is over. */
function stateOf(title: string): ProviderEventSignal['state'] {
  const behind = STATE_BEHIND.exec(title)?.[1]?.toLowerCase()
  if (STATE_BEFORE.test(title) || ['mitigated', 'resolved', 'rca'].includes(behind ?? '')) return 'closed'
  return behind === 'monitoring' ? 'monitoring' : 'open'
}

function withoutMarkup(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
