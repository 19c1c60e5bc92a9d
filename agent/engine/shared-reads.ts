import type { Http, HttpRequest, HttpResponse } from '../lib/http.ts'
import type { Mask } from '../lib/mask.ts'

interface Shared {
  readonly response: Promise<HttpResponse>
  readonly stop: AbortController
  waiting: number
}

/**
 * The HTTP of one collecting round: collectors that ask the same question share one request, and every body is masked before anyone reads it. A request
 * is ended when nobody waits for it any more, so that one collector's abort costs no other its answer.
 */
export function sharedReads(http: Http, mask: Mask): { http: Http; end(): void } {
  const inRound = new Map<string, Shared>()

  const send = async (request: HttpRequest, abort: AbortSignal): Promise<HttpResponse> => {
    const response = await http(request, abort)
    const body = response.body === '' ? '' : await mask(response.body)
    return { ...response, body }
  }

  const share = (request: HttpRequest, key: string): Shared => {
    const stop = new AbortController()
    const shared: Shared = { response: send(request, stop.signal), stop, waiting: 0 }
    inRound.set(key, shared)
    // A failure is not an answer: whoever asks again asks the upstream.
    const forget = () => {
      if (inRound.get(key) === shared) inRound.delete(key)
    }
    shared.response.then(({ status }) => status >= 400 && forget(), forget)
    return shared
  }

  return {
    http: (request, abort) => {
      if (request.method !== 'GET') return send(request, abort)
      const key = `${request.url}\n${JSON.stringify(request.headers ?? {})}`
      return waitFor(inRound.get(key) ?? share(request, key), abort)
    },
    end() {
      for (const { stop } of inRound.values()) stop.abort()
      inRound.clear()
    },
  }
}

function waitFor(shared: Shared, abort: AbortSignal): Promise<HttpResponse> {
  if (abort.aborted) return Promise.reject(abort.reason)
  shared.waiting += 1
  return new Promise((resolve, reject) => {
    const leave = () => {
      abort.removeEventListener('abort', onAbort)
      shared.waiting -= 1
    }
    const onAbort = () => {
      leave()
      if (shared.waiting === 0) shared.stop.abort(abort.reason)
      reject(abort.reason)
    }
    abort.addEventListener('abort', onAbort, { once: true })
    shared.response.then(resolve, reject).finally(leave)
  })
}
