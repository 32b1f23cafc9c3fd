import { type Page, readListPage } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import type { Kind, Shape } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { AnswerFacts } from './audited-call.ts'
import { feedOfKind, feedTable } from './feed-table.ts'

/** A page on its way into the inbox. */
export interface FetchedPage {
  readonly kind: Kind
  readonly shape: Shape
  readonly raw: string
  readonly items: number
  readonly ids: readonly string[]
  /** What `recordsInPage` reads in it, as it was read when it came; absent where a part of it could not be read. */
  readonly records?: readonly WireRecord[]
  /** Whether more follows. */
  readonly more: boolean
  /** It is empty without saying so: perhaps a broken answer. */
  readonly doubtful?: boolean
}

/** A page of a list as it goes into the inbox. */
export function fetchedPage(kind: Kind, page: Page<WireRecord>, asked: { limit: number; shape: Shape }): FetchedPage {
  const { idField } = recordKinds[kind]
  const items = page.items.length + page.faults.filter((fault) => fault.field === undefined).length
  return {
    kind,
    shape: asked.shape,
    raw: page.raw,
    items,
    ids: page.items.map((item) => String(item[idField])),
    ...(page.faults.length === 0 && { records: asShown(asked.shape, page.items) }),
    // A page as long as asked for may be the last; a shorter one with a `next` was cut by athenahealth's own maximum.
    more: page.next !== undefined || items >= asked.limit,
    ...(page.doubtful && { doubtful: true }),
  }
}

/** A record that was asked for alone. Kept as a list of one, so that every page of the inbox is read in the same way. */
export function pageOfOne(kind: Kind, { raw, id }: { raw: string; id: string }): FetchedPage {
  const { key } = feedTable[feedOfKind(kind)]
  const body = JSON.stringify({ [key]: [recordSent(raw, recordKinds[kind].idField, id)] })
  return { kind, shape: 'get', raw: body, items: 1, ids: [id], more: false }
}

/**
 * The record asked for, as sent. An answer may be a list, with other patients' records in it as well (seen in a
 * recording); they were not asked for, the audit log does not name them, and they stay out of the mirror.
 */
function recordSent(raw: string, idField: string, id: string): unknown {
  const sent: unknown = JSON.parse(raw.trim())
  const candidates: readonly unknown[] = Array.isArray(sent) ? sent : [sent]
  const found = candidates.find((item) => String(Reflect.get(Object(item), idField)).trim() === id)
  if (found === undefined) throw new AegisError('internal.unexpected', { idField }) // the client has found it
  return found
}

/** What the audit log says of a page: how many records, and every patient in it. */
export function pageFacts(page: Page<WireRecord>): AnswerFacts {
  return answerFacts(page.items)
}

/** What the audit log says of records. */
export function answerFacts(items: readonly WireRecord[]): AnswerFacts {
  const ids = new Set(items.flatMap((item) => (typeof item.patientid === 'string' ? [item.patientid] : [])))
  return { records: items.length, patientIds: [...ids] }
}

/**
 * The records of a stored page. Typed where athenahealth's word can be read, as sent where it cannot: nothing a page
 * carried is lost. What is no record at all is handed on as it came and ends in quarantine.
 */
export function recordsInPage({ kind, shape }: { kind: Kind; shape: Shape }, raw: string): readonly WireRecord[] {
  return asShown(shape, decodePage(kind, raw))
}

/** The list of open slots does not say that they are open. */
function asShown(shape: Shape, records: readonly WireRecord[]): readonly WireRecord[] {
  return shape === 'open' ? records.map((record) => ({ appointmentstatus: 'o', ...record })) : records
}

function decodePage(kind: Kind, raw: string): readonly WireRecord[] {
  const { list, key } = feedTable[feedOfKind(kind)]
  const reading = readListPage(list, raw)
  if (!reading.ok) throw new AegisError('sync.page-unreadable', { kind })
  if (reading.page.faults.length === 0) return reading.page.items
  const sent = (JSON.parse(raw.trim()) as Record<string, unknown[]>)[key] ?? [] // readListPage found it there
  return sent.map((item) => {
    const alone = readListPage(list, JSON.stringify({ [key]: [item] }))
    const record = alone.ok ? alone.page.items[0] : undefined
    return record ? { ...(item as WireRecord), ...record } : (item as WireRecord) // applyRecords checks what it is
  })
}
