/** `well`: upstreams answer; `slow`: after three seconds; `dead`: never; `noisy`: well, and half of all alerts are about these. */
export const KINDS = ['well', 'slow', 'dead', 'noisy'] as const
export type Kind = (typeof KINDS)[number]

const COUNTS: Readonly<Record<Kind, number>> = { well: 395, slow: 50, dead: 50, noisy: 5 }

export function serviceNames(kind: Kind): string[] {
  return Array.from({ length: COUNTS[kind] }, (_, index) => `${kind}-${index}`)
}

export const ALERTS = 10_000
export const PER_DELIVERY = 10

/** Whose alert the nth is: every second one is about a noisy service. */
export function serviceOfAlert(number: number): string {
  if (number % 2 === 0) return `noisy-${(number / 2) % COUNTS.noisy}`
  const others = [...serviceNames('well'), ...serviceNames('slow'), ...serviceNames('dead')]
  return others[((number - 1) / 2) % others.length]!
}
