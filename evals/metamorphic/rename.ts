import { z } from 'zod'
import { type Incident, incidentFrom } from '../case.ts'
import { type Random, shuffled } from '../random.ts'
import { REGION_POOLS } from './regions.ts'

const Changes = z.array(z.object({ service: z.string() }))

const NEW_NAMES = [
  'amber-harbour',
  'birch-lantern',
  'copper-heron',
  'dusty-meadow',
  'ember-willow',
  'fallow-brook',
  'granite-finch',
  'hazel-summit',
  'indigo-marsh',
  'juniper-vale',
  'kestrel-point',
  'linden-quarry',
]

/** Gives the service, its neighbours, the regions and all machine-made ids other names of the same kind, everywhere at once. */
export function renamed(incident: Incident, random: Random): Incident {
  const text = renameIds(JSON.stringify(incident), random)
  return incidentFrom(JSON.parse(replaceAll(text, [...regionPairs(incident, random), ...namePairs(incident, random)])))
}

type Pair = readonly [from: string, to: string]

/** Only hyphenated names are made up; a single word such as "edge" or "dns" also says what a thing is. */
function namePairs(incident: Incident, random: Random): Pair[] {
  const changes = Changes.safeParse(incident.upstream.changes)
  const names = new Set([incident.service.name, ...(changes.data ?? []).map(({ service }) => service)])
  const fresh = shuffled(random, NEW_NAMES)
  return [...names]
    .filter((name) => name.includes('-'))
    .slice(0, fresh.length)
    .flatMap((name, index): Pair[] => {
      const to = fresh[index] as string
      return [
        [name, to],
        [name.replaceAll('-', '_'), to.replaceAll('-', '_')],
        [camel(name), camel(to)],
      ]
    })
}

function camel(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Providers' short forms and places collide ("London"), so each pool is swapped only where one of its codes is spoken of. */
function regionPairs(incident: Incident, random: Random): Pair[] {
  const { primary, secondary, dr } = incident.service
  const providers = new Set([primary, secondary, dr].map((site) => site?.provider))
  const pairs: Pair[] = []
  const taken = new Set<string>()
  for (const { provider, regions } of REGION_POOLS) {
    if (!providers.has(provider)) continue
    const others = shuffled(random, regions)
    for (const [index, from] of regions.entries()) {
      const to = others[index] as (typeof regions)[number]
      const forms: Pair[] = [
        [from.code, to.code],
        [from.code.toUpperCase(), to.code.toUpperCase()],
        [from.code.replaceAll('-', '_'), to.code.replaceAll('-', '_')],
        [from.display, to.display],
        [from.place, to.place],
        [from.short, to.short],
        [from.short.toUpperCase(), to.short.toUpperCase()],
      ]
      for (const pair of forms) {
        if (taken.has(pair[0])) continue
        taken.add(pair[0])
        pairs.push(pair)
      }
    }
  }
  return pairs
}

/** One pass over the text, longest name first, so that nothing is renamed twice and `us-west1` is not found in `us-west12`. */
function replaceAll(text: string, pairs: readonly Pair[]): string {
  if (pairs.length === 0) return text
  const to = new Map(pairs)
  const names = [...to.keys()]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const camelNext = '(?![0-9]|[a-z]{2})'
  return text.replaceAll(
    new RegExp(`(?<![A-Za-z0-9])(?:${names.join('|')})${camelNext}`, 'g'),
    (name) => to.get(name) ?? name,
  )
}

/** Runs of eight or more hex digits with a letter among them: fingerprints, request ids, event ids, commit refs. */
function renameIds(text: string, random: Random): string {
  const known = new Map<string, string>()
  return text.replaceAll(/(?<![A-Za-z0-9])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,40}(?![A-Za-z0-9])/g, (id) => {
    const fresh = known.get(id) ?? id.replaceAll(/[0-9a-f]/g, (digit) => sameKind(digit, random))
    known.set(id, fresh)
    return fresh
  })
}

/** A digit stays a digit and a letter a letter, so that templates see the same shape. */
function sameKind(digit: string, random: Random): string {
  return digit >= 'a' ? 'abcdef'.charAt(Math.floor(random() * 6)) : String(Math.floor(random() * 10))
}
