import { createHash } from 'node:crypto'

/**
 * Canonical JSON: keys sorted by code unit, no white space, `undefined` members dropped, -0 as 0.
 * Throws TypeError on NaN, infinities, functions and anything else JSON cannot carry, so that a hash never
 * silently stands for less than it was computed from.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`)
    return value === 0 ? '0' : `${value}`
  }
  if (Array.isArray(value)) {
    // Most of a snapshot are points of series, and for bare numbers the built-in writer gives the same text many times faster.
    if (areNumbers(value)) return JSON.stringify(value)
    let text = '['
    for (let index = 0; index < value.length; index += 1)
      text += index === 0 ? canonicalJson(value[index] ?? null) : `,${canonicalJson(value[index] ?? null)}`
    return `${text}]`
  }
  if (
    typeof value === 'object' &&
    (Object.getPrototypeOf(value) === Object.prototype || !Object.getPrototypeOf(value))
  ) {
    const members: string[] = []
    for (const key of Object.keys(value).sort()) {
      const member = (value as Record<string, unknown>)[key]
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`)
    }
    return `{${members.join(',')}}`
  }
  throw new TypeError(`canonical JSON cannot hold a ${typeof value}`)
}

/** Whether an array holds finite numbers, null and arrays of the same only. */
function areNumbers(values: readonly unknown[]): boolean {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (
      typeof value === 'number'
        ? !Number.isFinite(value)
        : value !== null && !(Array.isArray(value) && areNumbers(value))
    )
      return false
  }
  return true
}

const known = new WeakMap<object, string>()

/** Canonical JSON of a value whose owner has frozen it, computed once; of any other it is computed each time. */
export function canonicalOf(value: object): string {
  if (!Object.isFrozen(value)) return canonicalJson(value)
  let text = known.get(value)
  if (text === undefined) {
    text = canonicalJson(value)
    known.set(value, text)
  }
  return text
}

/** Lower-case hex SHA-256 of the text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** SHA-256 of the canonical JSON of a value. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value))
}
