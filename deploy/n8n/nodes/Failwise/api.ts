import {
  type IDataObject,
  type IExecuteFunctions,
  type IHttpRequestMethods,
  type IPollFunctions,
  NodeOperationError,
} from 'n8n-workflow'

/** What the nodes need of n8n to speak with Failwise. */
export type Caller = IExecuteFunctions | IPollFunctions

export interface Call {
  readonly method: IHttpRequestMethods
  readonly path: string
  readonly query?: IDataObject
  readonly body?: IDataObject
}

const TIMEOUT_MS = 30_000

/** One request with the credential's token. Redirects are not followed: they would carry the token away. */
export async function callFailwise(caller: Caller, { method, path, query, body }: Call): Promise<IDataObject> {
  const { url } = await caller.getCredentials<{ url: string }>('failwiseApi')
  const response: unknown = await caller.helpers.httpRequestWithAuthentication.call(
    caller as IExecuteFunctions,
    'failwiseApi',
    {
      method,
      url: `${url.replace(/\/+$/, '')}${path}`,
      json: true,
      timeout: TIMEOUT_MS,
      disableFollowRedirect: true,
      returnFullResponse: true,
      ignoreHttpStatusErrors: true,
      ...(query && { qs: query }),
      ...(body && { body }),
    },
  )
  const { statusCode, body: answered } = objectOf(response)
  const status = Number(statusCode)
  if (!(status >= 200 && status < 300)) throw refused(caller, path, status, objectOf(answered))
  if (!isObject(answered))
    throw new NodeOperationError(caller.getNode(), `Failwise answered ${path} with something that is not JSON`, {
      description: 'Is the address in the credential really that of Failwise, and not of a sign-in page before it?',
    })
  return answered
}

/** Failwise says what is wrong and what would help; n8n shows both. */
function refused(caller: Caller, path: string, status: number, body: IDataObject): NodeOperationError {
  const { code, message, hint, requestId } = objectOf(body.error)
  const told = typeof message === 'string' ? message : `it answered ${status}`
  return new NodeOperationError(caller.getNode(), `Failwise refused ${path}: ${told}`, {
    description: [hint, code && `code ${code}`, requestId && `request ${requestId}`].filter(Boolean).join(' · '),
  })
}

export function isObject(value: unknown): value is IDataObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value where it is an object, else an empty one: what comes over the network may be anything. */
export function objectOf(value: unknown): IDataObject {
  return isObject(value) ? value : {}
}

/** The objects of a list, without what is none. */
export function objectsOf(value: unknown): IDataObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
