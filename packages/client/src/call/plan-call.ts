import type { AthenaCall, CallOptions } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import { checkId, encodeParams, type Params } from './params.ts'
import { requestIdOf } from './request-id.ts'

export interface ApiRequest {
  readonly method: AthenaCall['method']
  readonly route: string
  readonly practice: number
  /** Values for the braces of the route. */
  readonly path?: Readonly<Record<string, string | number>>
  readonly query?: Params
  /** A query string to send as it is, instead of `query`: from a `next` link. */
  readonly search?: string
  readonly form?: Params
  readonly consuming?: boolean
  readonly intensive?: boolean
  readonly options?: CallOptions
}

/** A request ready to be sent, any number of times. */
export interface Plan {
  readonly url: string
  readonly body: string | undefined
  readonly call: Omit<AthenaCall, 'attempt'>
  readonly bytesMax: number
}

/** Turns a request into what goes over the wire; refuses what cannot be meant. Pure but for a new request id. */
export function planCall(request: ApiRequest, limits: { apiUrl: string; responseBytesMax: number }): Plan {
  const { practice, options = {} } = request
  if (!Number.isSafeInteger(practice) || practice < 1) {
    throw new AthenaError('invalid-argument', {
      invalidFields: ['practice'],
      hint: 'a practice id is a whole number above 0',
    })
  }
  const search = request.search ?? encodeParams(request.query ?? {})
  return {
    url: `${limits.apiUrl}/${practice}${fillRoute(request)}${search === '' ? '' : `?${search}`}`,
    body: request.form === undefined ? undefined : encodeParams(request.form),
    call: describeCall(request),
    bytesMax: options.responseBytesMax ?? limits.responseBytesMax,
  }
}

/** The path of a request under its practice. */
export function fillRoute({ route, path = {} }: Pick<ApiRequest, 'route' | 'path'>): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(checkId(name, path[name] ?? '')))
}

function describeCall(request: ApiRequest): Plan['call'] {
  const { method, route, practice, consuming = false, intensive = false, options = {} } = request
  return {
    method,
    route,
    practice,
    kind: 'api',
    consuming,
    intensive,
    idempotent: method === 'GET' && !consuming,
    requestId: requestIdOf(options.requestId),
    ...(options.context === undefined ? {} : { context: options.context }),
  }
}
