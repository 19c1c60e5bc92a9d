import type { Isolation } from '../engine/agent-state.ts'
import type { Http } from '../lib/http.ts'

/** Asks the recovery site and a neutral place whether they answer; any HTTP answer will do, null where nothing is configured. */
export async function probeIsolation(
  urls: { readonly recoverySiteUrl?: string | undefined; readonly neutralAnchorUrl?: string | undefined },
  http: Http,
  abort: AbortSignal,
): Promise<Isolation> {
  const [recoverySiteReachable, neutralAnchorReachable] = await Promise.all([
    reaches(urls.recoverySiteUrl, http, abort),
    reaches(urls.neutralAnchorUrl, http, abort),
  ])
  return { recoverySiteReachable, neutralAnchorReachable }
}

async function reaches(url: string | undefined, http: Http, abort: AbortSignal): Promise<boolean | null> {
  if (url === undefined) return null
  try {
    await http({ method: 'GET', url }, abort)
    return true
  } catch {
    // Whatever kept the answer away, it did not arrive; why does not matter for being cut off.
    return false
  }
}
