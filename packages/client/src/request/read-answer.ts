import type { Answer } from '../athena-call.ts'
import { type Answered, failedCall } from '../call/send-call.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import { badAnswer } from '../resources/practice-api.ts'
import { coerce } from '../wire/coerce.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { checkIdentity } from './check-identity.ts'
import { type Read, type Reading, readItems, readList, readRecord } from './read-list.ts'

/**
 * Reads an answer in the shape the catalogue has for it. Fields the catalogue knows are read, all others kept as they came.
 * An answer of another shape, about another record, or that refuses, is an AthenaError; nothing else is ever thrown.
 */
export function readAnswer(reading: Reading): Answer<unknown> {
  const { entry, answered, planned } = reading
  const { value, unreadable } = isScalar(answered.value) ? readScalar(reading, answered.value) : readShape(reading)
  checkIdentity({ entry, answered, planned, value })
  return { value, raw: answered.raw, meta: answered.meta, ...(unreadable.length > 0 && { unreadable }) }
}

function readShape(reading: Reading): Read {
  switch (reading.entry.envelope) {
    case 'list':
      return readList(reading)
    case 'array':
      return readArray(reading)
    case 'one':
      return readOne(reading)
    case 'object':
      return readObject(reading)
    case 'scalar':
      return readDone(reading)
    case 'unknown':
      return { value: reading.answered.value ?? {}, unreadable: [] }
  }
}

function readArray({ entry, answered }: Reading): Read {
  const list = coerce.list(answered.value)
  if (!list || isPlainObject(answered.value)) throw badAnswer(answered, 'malformed-response', 'the answer is no list')
  return readItems(entry.fields, { items: list, place: '' })
}

/** The one record in its list; alone, it is taken too. */
function readOne({ entry, answered }: Reading): Read {
  const value = answered.value === undefined ? {} : answered.value
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw missing(answered)
  if (!list.every(isPlainObject)) throw badAnswer(answered, 'malformed-response', 'the answer is no record')
  return readItems(entry.fields, { items: list, place: '' })
}

/** The record itself; as the one item of a list, it is taken too. */
function readObject({ entry, answered }: Reading): Read {
  const value = answered.value === undefined ? {} : answered.value
  const record: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (Array.isArray(record) && record.length === 0) throw missing(answered)
  if (!isPlainObject(record)) throw badAnswer(answered, 'malformed-response', 'the answer is no record')
  return readRecord(entry.fields, record)
}

function missing(answered: Answered) {
  const isRead = answered.call.method === 'GET'
  return badAnswer(answered, isRead ? 'not-found' : 'malformed-response', 'the answer is an empty list')
}

/** Where a bare value is the rule: nothing at all, and an object without a refusal, mean the same. */
function readDone({ answered }: Reading): Read {
  if (answered.value === undefined || isPlainObject(answered.value)) return { value: true, unreadable: [] }
  throw badAnswer(answered, 'malformed-response', 'the answer is no bare value')
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/**
 * A bare value. To a write `1` and `true` say that it is done, and a text says why not. A number might be an id, and what
 * nobody has seen might be anything: neither is taken for a refusal, because a write that was done would be sent again.
 */
function readScalar(reading: Reading, said: string | number | boolean): Read {
  const { entry, answered } = reading
  const isRead = entry.method === 'GET'
  if (isRead && said === '' && (entry.envelope === 'list' || entry.envelope === 'array')) return readShape(reading)
  if (isRefusal(entry, said)) {
    const failure = { code: 'rejected', executed: isRead ? 'unknown' : 'no', hint: 'a bare refusal' } as const
    throw failedCall(answered.call, failure, answered.meta)
  }
  if (entry.envelope === 'unknown') return { value: { scalar: said }, unreadable: [] }
  if (isRead || coerce.boolean(said) !== true) {
    throw badAnswer(answered, 'malformed-response', 'a bare value in place of a record')
  }
  if (entry.envelope === 'scalar') return { value: said, unreadable: [] }
  return { value: entry.envelope === 'one' ? [{}] : {}, unreadable: [] }
}

function isRefusal(entry: CatalogueEntry, said: string | number | boolean): boolean {
  if (typeof said === 'string' && /^\s*invalid\b/i.test(said)) return true
  if (entry.method === 'GET') return false
  const isText = typeof said === 'string' && coerce.boolean(said) !== true && coerce.number(said) === null
  return coerce.boolean(said) === false || (isText && entry.envelope !== 'unknown')
}
