import type { Answer, CallOptions } from '../athena-call.ts'
import { type AthenaErrorCode } from '../athena-error.ts'
import type { ApiRequest } from '../call/plan-call.ts'
import { type Answered, type CallDeps, failedCall, sendCall } from '../call/send-call.ts'
import { checkId, type Params } from '../call/params.ts'
import { coerce } from '../wire/coerce.ts'
import { type Decoded, decodeRecord, isPlainObject, type RecordOf, type RecordShape } from '../wire/decode-record.ts'

/** One practice as the resources see it. */
export interface PracticeApi {
  readonly deps: CallDeps
  readonly practice: number
}

/** An id as athenahealth gives it: text. Whole numbers are taken too. */
export type Id = string | number

/** A request inside a practice. */
export type PracticeRequest = Omit<ApiRequest, 'practice'>

/** Sends a request inside the practice; see sendCall. */
export function send(api: PracticeApi, request: PracticeRequest): Promise<Answered> {
  return sendCall(api.deps, { ...request, practice: api.practice })
}

/** An error about an answer that arrived: if the call could change something upstream, it has. */
export function badAnswer(answered: Answered, code: AthenaErrorCode, hint: string) {
  return failedCall(answered.call, { code, executed: 'yes', hint }, answered.meta)
}

export interface One<T> {
  readonly route: string
  /** The brace of the route that holds the id; also the record's own field. */
  readonly idField: string
  readonly id: Id
  readonly shape: RecordShape<T>
  readonly query?: Params | undefined
  readonly options?: CallOptions | undefined
}

/**
 * Reads one record by id. athenahealth answers with a list of one (some endpoints: with the object, or with a record per
 * department). The record must carry the id asked for: anything else is `wrong-record`, an empty list is `not-found`.
 */
export async function getOne<T>(api: PracticeApi, one: One<T>): Promise<Answer<T>> {
  const { route, idField, options, query } = one
  const id = checkId(idField, one.id)
  const answered = await send(api, {
    method: 'GET',
    route,
    path: { [idField]: id },
    ...(query && { query }),
    ...(options && { options }),
  })
  return pickRecord(answered, one.shape, { [idField]: id })
}

/**
 * The record of an answer that carries the given ids. Used for reads by id, and for writes that answer with the record
 * they changed.
 */
export function pickRecord<T>(
  answered: Answered,
  shape: RecordShape<T>,
  ids: Readonly<Record<string, string>>,
): Answer<T> {
  const { value, raw, meta } = answered
  const candidates: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (candidates.length === 0) throw badAnswer(answered, 'not-found', 'the answer is an empty list')
  if (!candidates.every(isPlainObject)) throw badAnswer(answered, 'malformed-response', 'the answer is no record')
  const fields = Object.keys(ids)
  const record = candidates.find((candidate) => fields.every((field) => coerce.id(candidate[field]) === ids[field]))
  if (!record) {
    const named = candidates.some((candidate) =>
      fields.every((field) => typeof coerce.id(candidate[field]) === 'string'),
    )
    if (named) throw badAnswer(answered, 'wrong-record', `another ${fields.join(' or ')}`)
    throw badAnswer(answered, 'malformed-response', `no ${fields.join(' and ')} in it`)
  }
  return readable(answered, decodeRecord(shape, record), { raw, meta })
}

function readable<T>(answered: Answered, decoded: Decoded<T>, rest: Pick<Answer<T>, 'raw' | 'meta'>): Answer<T> {
  const { record, unreadable } = decoded
  if (record === undefined) throw badAnswer(answered, 'malformed-response', 'the record has no readable id')
  return { value: record, ...rest, ...(unreadable.length > 0 && { unreadable }) }
}

const outcomeFields = { success: 'boolean', message: 'text', status: 'text' } as const

/** What a write without a record of its own answers; members as athenahealth names them, all optional. */
export type Outcome = RecordOf<typeof outcomeFields>

export const outcomeShape: RecordShape<Outcome> = { idField: undefined, fields: outcomeFields }

/**
 * Sends a write and reads its outcome: an object, nothing, or a bare scalar, where `1` and `true` mean done and any other
 * text says why not (`rejected`). `success: false` inside HTTP 200 is `rejected` for every call.
 */
export async function write(api: PracticeApi, request: PracticeRequest): Promise<Answer<Outcome>> {
  const answered = await send(api, request)
  const { value, raw, meta } = answered
  const scalar = Array.isArray(value) ? value[0] : value
  if (typeof scalar === 'string' || typeof scalar === 'boolean' || typeof scalar === 'number') {
    if (coerce.boolean(scalar) !== true) throw failedCall(answered.call, { code: 'rejected', executed: 'no' }, meta)
    return { value: {}, raw, meta }
  }
  return readable(answered, decodeRecord(outcomeShape, scalar ?? {}), { raw, meta })
}
