import { type BodyForm, readJson } from './read-json.ts'
import { decodeRecord, isPlainObject, type RecordShape } from './decode-record.ts'
import { coerce, toList } from './coerce.ts'

/** A record, or a field of one, that could not be read. The rest of the page is good. */
export interface RecordFault {
  /** Position in the list as received, from 0. */
  readonly index: number
  /** The field left out of the record; absent when the record itself is missing from `items`. */
  readonly field?: string
  /** The field's value, or the whole record, as athenahealth sent it. May name a patient: not for logs. */
  readonly sent: unknown
}

/** What a list's body says. */
export interface PageContent<T> {
  readonly items: readonly T[]
  readonly faults: readonly RecordFault[]
  /** Matches in total, not on this page. Often absent. */
  readonly totalCount?: number
  /**
   * Records may be missing: there is none, and the body does not say that there is none (no list at all, or a count that
   * tells of records), or it speaks of an error beside its list. No recorded page does; such a body may be a broken one.
   */
  readonly doubtful?: true
  /** The next page's address as athenahealth wrote it: relative, its parameters in upper case. Absent on the last page. */
  readonly next?: string
}

/** Where a list is found and what is in it. */
export interface ListShape<T> {
  /** The member that holds the list. */
  readonly key: string
  /** False where no answer of athenahealth's has been seen: a body without the key is then refused if it holds any list. */
  readonly keyConfirmed: boolean
  /** Whether the body may be the list itself. */
  readonly bare: boolean
  readonly record: RecordShape<T>
}

/** A page as read, or why it is none. */
export type PageReading<T> =
  | { readonly ok: true; readonly page: PageContent<T> }
  | { readonly ok: false; readonly problem: BodyForm | 'not-a-list' | 'list-missing' | 'rejected' }

/**
 * Reads the text of a list's body, one that was fetched and stored earlier; see readPageValue. The body's count is not
 * held against it: that was judged when the page was fetched, when its offset was known.
 */
export function readPage<T>(shape: ListShape<T>, text: string): PageReading<T> {
  const json = readJson(text)
  return json.ok ? readPageValue(shape, json.value, Number.POSITIVE_INFINITY) : { ok: false, problem: json.form }
}

/**
 * Reads a list's body by its declared key, whatever the order of members and whatever other lists stand beside it.
 * A list may be absent, null, `""`, `[]` or `{}` when there is nothing. It is refused where it is no list at all and the
 * body counts records past `offset` (how many were skipped) or speaks of an error: records would be lost without a trace.
 */
export function readPageValue<T>(shape: ListShape<T>, value: unknown, offset = 0): PageReading<T> {
  if (isRejection(value)) return { ok: false, problem: 'rejected' }
  const list = findList(shape, value)
  if (list === null) return { ok: false, problem: 'not-a-list' }
  const envelope = isPlainObject(value) ? value : {}
  const isThere = list === own(envelope, shape.key) || list === value
  if (!isThere && hidesRecords(shape, envelope, offset)) return { ok: false, problem: 'list-missing' }
  const doubtful = speaksOfError(envelope) || (list.length === 0 && !saysEmpty(shape, envelope, offset))
  const page = { ...decodeList(shape.record, list), ...(doubtful && { doubtful }), ...paging(envelope) }
  return { ok: true, page }
}

function paging(envelope: Record<string, unknown>): Pick<PageContent<unknown>, 'totalCount' | 'next'> {
  const totalCount = coerce.number(envelope['totalcount']) ?? undefined
  const next = coerce.text(envelope['next']) ?? ''
  return { ...(totalCount === undefined ? {} : { totalCount }), ...(next === '' ? {} : { next }) }
}

/** Reads every record of a list; what cannot be read is named in `faults`. */
export function decodeList<T>(
  shape: RecordShape<T>,
  list: readonly unknown[],
): Pick<PageContent<T>, 'items' | 'faults'> {
  const items: T[] = []
  const faults: RecordFault[] = []
  for (const [index, value] of list.entries()) {
    const { record, unreadable } = decodeRecord(shape, value)
    if (record === undefined) {
      faults.push({ index, sent: value })
      continue
    }
    items.push(record)
    for (const field of unreadable) faults.push({ index, field, sent: Reflect.get(Object(value), field) })
  }
  return { items, faults }
}

/** A body that says no inside HTTP 200: `success` is false, as a boolean or a string. */
export function isRejection(value: unknown): boolean {
  return isPlainObject(value) && Object.hasOwn(value, 'success') && coerce.boolean(value['success']) === false
}

/** By a count that does not go past what was skipped, or, without one, by an empty list under the declared key. */
function saysEmpty<T>(shape: ListShape<T>, envelope: Record<string, unknown>, offset: number): boolean {
  const count = coerce.number(own(envelope, 'totalcount'))
  return typeof count === 'number' ? count <= offset : Array.isArray(own(envelope, shape.key))
}

function speaksOfError(envelope: Record<string, unknown>): boolean {
  return ['error', 'errormessage', 'fault'].some((name) => coerce.list(own(envelope, name))?.length !== 0)
}

function own(envelope: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(envelope, name) ? envelope[name] : undefined
}

function findList<T>(shape: ListShape<T>, value: unknown): readonly unknown[] | null {
  if (isPlainObject(value)) return toList(own(value, shape.key))
  if (Array.isArray(value)) return shape.bare || value.length === 0 ? value : null
  return value === null || value === '' ? [] : null
}

/** Whether a body without the declared list, or with nothing in its place, gives reason to think that there should be one. */
function hidesRecords<T>(shape: ListShape<T>, envelope: Record<string, unknown>, offset: number): boolean {
  if ((coerce.number(envelope['totalcount']) ?? 0) > offset) return true
  if (speaksOfError(envelope)) return true
  return (
    !shape.keyConfirmed && Object.values(envelope).some((member) => Array.isArray(member) && member.some(isPlainObject))
  )
}
