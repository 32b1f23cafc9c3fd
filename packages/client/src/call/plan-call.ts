import type { AthenaCall, CallOptions } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'
import { hasFile, makeUpload, type Upload, uploadFormOf } from '../upload/upload.ts'
import { checkFieldLengths } from './field-limits.ts'
import { checkId, checkPathText, encodeParams, type Params } from './params.ts'
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
  /** The body of a write. A file in it makes the call an upload. */
  readonly form?: Params
  /** What the answer is read as. Default `json`. */
  readonly as?: AnswerKind
  /** The `Accept` header. Default `application/json`, and any type for another answer than that. */
  readonly accept?: string
  readonly consuming?: boolean
  readonly intensive?: boolean
  readonly options?: CallOptions
}

/**
 * What an answer is read as: JSON, text, bytes (both held in memory, up to `responseBytesMax`), or a stream of bytes,
 * which is handed on as it comes.
 */
export type AnswerKind = 'json' | 'text' | 'bytes' | 'stream'

/** A request ready to be sent, any number of times. */
export interface Plan {
  readonly url: string
  readonly body: string | Upload | undefined
  readonly accept: string
  readonly as: AnswerKind
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
  const { form, query, as = 'json' } = request
  checkFieldLengths(request, { ...query, ...form })
  return {
    url: `${limits.apiUrl}/${practice}${fillRoute(request)}${search === '' ? '' : `?${search}`}`,
    body: form === undefined ? undefined : planBody(request, form),
    accept: request.accept ?? (as === 'json' ? 'application/json' : '*/*'),
    as,
    call: describeCall(request),
    bytesMax: options.responseBytesMax ?? bytesMaxOf(as, limits.responseBytesMax),
  }
}

function planBody({ route }: ApiRequest, form: Params): string | Upload {
  return hasFile(form) ? makeUpload(form, uploadFormOf(route)) : encodeParams(form)
}

/** A document may be as large as athenahealth takes them (20 MB), and room; a stream holds nothing and needs no limit. */
function bytesMaxOf(as: AnswerKind, responseBytesMax: number): number {
  if (as === 'stream') return Number.POSITIVE_INFINITY
  return as === 'bytes' ? Math.max(responseBytesMax, DOCUMENT_BYTES_MAX) : responseBytesMax
}

const DOCUMENT_BYTES_MAX = 32 * 1024 * 1024

/** Braces that hold a text and no id: a value of a field, a name somebody chose. */
export const textBraces: ReadonlySet<string> = new Set(['customfieldvalue', 'messagehash', 'staffusername', 'username'])

/** The path of a request under its practice. */
export function fillRoute({ route, path = {} }: Pick<ApiRequest, 'route' | 'path'>): string {
  return route.replace(/\{(\w+)\}/g, (_, name: string) => {
    const check = textBraces.has(name) ? checkPathText : checkId
    return encodeURIComponent(check(name, path[name] ?? ''))
  })
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
