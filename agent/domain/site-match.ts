/** A name reduced to letters and digits, so that "West Europe", "west-europe" and "westeurope" are one. */
export function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Whether two spellings name the same region; a zone of it ("europe-west1-b") counts as the region. */
export function sameRegion(spelled: string, region: string): boolean {
  const a = plain(spelled)
  const b = plain(region)
  return a !== '' && (a === b || (a.startsWith(b) && /^[a-z]$/.test(a.slice(b.length))))
}

/** Whether a spelling stands for every region of a provider. */
export function isEverywhere(spelled: string): boolean {
  return ['global', 'worldwide', 'all', 'allregions'].includes(plain(spelled))
}

/** Whether two vendor names are one: equal, or one the other's first word ("wardline" and "wardline-agent"). */
export function sameVendor(a: string, b: string): boolean {
  if (plain(a) === '' || plain(b) === '') return false
  if (plain(a) === plain(b)) return true
  const [first, second] = [words(a), words(b)]
  const [short, long] = first.length <= second.length ? [first, second] : [second, first]
  return short.every((word, index) => word === long[index])
}

/** Whether a product spelled by a provider can be the one that a dependency names. */
export function sameProduct(spelled: string, product: string): boolean {
  const a = plain(spelled)
  const b = plain(product)
  if (a === '' || b === '') return false
  const [long, short] = words(spelled).length >= words(product).length ? [spelled, product] : [product, spelled]
  return (
    a === b || (b.length > 3 && a.includes(b)) || holdsInOrder(words(long), words(short)) || words(product).includes(a)
  )
}

/** Whether words stand in a longer name one after the other: "Load Balancing" is in "cloud_load_balancing", however they are joined. */
function holdsInOrder(long: readonly string[], short: readonly string[]): boolean {
  return long.some((_, at) => short.every((word, index) => word === long[at + index]))
}

function words(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

/** A dependency such as "cloudflare:cdn", "third_party:shelfpay" or "own:release-train", taken apart. */
export function dependencyParts(dependency: string): {
  kind: 'provider' | 'third_party' | 'own'
  vendor: string
  product: string | null
} {
  const colon = dependency.indexOf(':')
  const head = colon < 0 ? dependency : dependency.slice(0, colon)
  const tail = colon < 0 ? null : dependency.slice(colon + 1).trim()
  if (plain(head) === 'own') return { kind: 'own', vendor: 'own', product: tail }
  if (words(head).join('_') === 'third_party') return { kind: 'third_party', vendor: tail ?? '', product: null }
  return { kind: 'provider', vendor: head.trim().toLowerCase(), product: tail }
}
