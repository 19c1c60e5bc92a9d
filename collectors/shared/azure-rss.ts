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

/** Events of an RSS 2.0 status feed as Azure publishes it: one item per update, so items with one title are one event. */
export function readRss(body: string, provider: string, id: string, what: string): Signal[] {
  const events = new Map<string, Item[]>()
  for (const item of readItems(body, what)) {
    const updates = events.get(item.title)
    if (updates) updates.push(item)
    else events.set(item.title, [item])
  }
  return [...events].map(([title, updates], index) => eventOf(title, updates, provider, `${id}:event-${index + 1}`))
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

function eventOf(title: string, updates: Item[], provider: string, id: string): ProviderEventSignal {
  const newestFirst = [...updates].sort((a, b) => (b.pubDate ?? '').localeCompare(a.pubDate ?? ''))
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
    // The feed lists what is going on; only a title that opens with it says that it is over.
    state: /^\s*(?:mitigated|resolved|rca|pir|post incident)\b/i.test(title) ? 'closed' : 'open',
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

function withoutMarkup(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
