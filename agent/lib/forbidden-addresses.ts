import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Fault } from './errors.ts'

/**
 * Addresses that no URL of a configuration, a plan or a redirect may lead to: there clouds hand out credentials to whoever asks from inside, and
 * an answer would land in evidence or in an error. Cloud SDKs that need them have clients of their own.
 */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6')
FORBIDDEN.addAddress('::', 'ipv6')
FORBIDDEN.addAddress('100.100.100.200', 'ipv4')
FORBIDDEN.addAddress('168.63.129.16', 'ipv4')

/** Whether an address is one that is never asked; also where it is an IPv4 address in the clothes of IPv6. */
export function isForbiddenAddress(address: string): boolean {
  const bare = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  const family = isIP(bare)
  return family !== 0 && FORBIDDEN.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

/** The fault of whoever would ask there. */
export function forbiddenAddress(host: string): Fault {
  return new Fault('forbidden', `${host} leads to an address that is never asked`, {
    hint: 'link-local addresses hand out credentials of the machine; name the service itself',
    details: { host },
  })
}

/** Resolves names as usual, and refuses those that lead to such an address, so that a name cannot hide it. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, resolved, family) => {
    if (error) return callback(error, resolved as string, family)
    const addresses = Array.isArray(resolved) ? resolved.map(({ address }) => address) : [resolved]
    if (addresses.some(isForbiddenAddress)) return callback(forbiddenAddress(hostname), '', family)
    callback(null, resolved as string, family)
  })
}
