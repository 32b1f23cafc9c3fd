import { type Page, type PageReading, readFeedPage } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'
import { idOf } from '../records/record-id.ts'
import type { Kind, Shape } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { isRecord, type WireRecord } from '../records/wire-record.ts'
import { answerValue } from './answer-value.ts'
import type { AnswerFacts } from './audited-call.ts'
import { feedOfKind, feedTable } from './feed-table.ts'
import { type WhatFollows, whatFollows } from './what-follows.ts'

/** A page on its way into the inbox. */
export interface FetchedPage extends WhatFollows {
  readonly kind: Kind
  readonly shape: Shape
  readonly raw: string
  readonly items: number
  readonly ids: readonly string[]
  /** What `recordsInPage` reads in it, as it was read when it came; absent where a part of it could not be read. */
  readonly records?: readonly WireRecord[]
  /** It is empty without saying so: perhaps a broken answer. */
  readonly doubtful?: boolean
  /** Of all that a patient has: which charts were asked. */
  readonly charts?: ChartsAsked
}

/** The charts that a reading of all that a patient has asked. */
export interface ChartsAsked {
  /** Two readings with the same one asked the same charts. */
  readonly digest: string
  /** Open departments, as far as we know, that do not know the patient. */
  readonly unknown: readonly string[]
  /** Closed departments whose charts could not be asked. */
  readonly unasked: readonly string[]
  /** Closed departments whose charts show something still. */
  readonly closed: readonly string[]
}

/**
 * A page of a list as it goes into the inbox. Of a read that consumes nothing `offset` says where it begins: then a page
 * that is shorter than asked for is not the last one as long as the list counts more.
 */
export function fetchedPage(
  kind: Kind,
  page: Page<unknown>,
  asked: { limit: number; shape: Shape; offset?: number },
): FetchedPage {
  const idField = idFieldIn(kind, asked.shape)
  const items = page.items.length + page.faults.filter((fault) => fault.field === undefined).length
  return {
    kind,
    shape: asked.shape,
    raw: page.raw,
    items,
    ids: page.items.map((item) => String(Reflect.get(Object(item), idField))),
    ...(page.faults.length === 0 &&
      !isAnnounced(kind, asked.shape) && { records: asShown(asked.shape, recordsOf(page)) }),
    ...whatFollows(page, { ...asked, items }),
    ...(page.doubtful && { doubtful: true }),
  }
}

/**
 * How far behind this page of what was processed the next one begins: by as many records as came, each counted once. One that came
 * twice, added to the page or in the place of another one, would have the next page leave one out; what comes again harms nothing.
 */
export function stepBehind({ items, ids }: Pick<FetchedPage, 'items' | 'ids'>): number {
  return items - (ids.length - new Set(ids).size)
}

/** The border: what the client has read of a list without a fault are records. */
function recordsOf(page: Page<unknown>): readonly WireRecord[] {
  return page.items as readonly WireRecord[]
}

/** The field that identifies a record in a page: a feed may call it by another name. */
function idFieldIn(kind: Kind, shape: Shape): string {
  const { changed } = feedTable[feedOfKind(kind)]
  return (shape === 'feed' ? changed?.idField : undefined) ?? recordKinds[kind].idField
}

/** A record that was asked for alone. Kept as a list of one, so that every page of the inbox is read in the same way. */
export function pageOfOne(
  kind: Kind,
  { raw, id, patientId }: { raw: string; id: string; patientId?: string },
): FetchedPage {
  const record = recordSent(raw, recordKinds[kind].idField, id)
  const body = bodyOf(kind, { records: [record], ...(patientId !== undefined && { patientId }) })
  return { kind, shape: 'get', raw: body, items: 1, ids: [id], more: false }
}

/** What one patient has of a kind. */
export function pageOfPatient(
  kind: Kind,
  { records, patientId }: { records: readonly unknown[]; patientId: string },
): FetchedPage {
  const { idField } = recordKinds[kind]
  const ids = records.map((record) => String(Reflect.get(Object(record), idField)))
  return { kind, shape: 'list', raw: bodyOf(kind, { records, patientId }), items: records.length, ids, more: false }
}

/** Records as the body of a list. Where they do not name the patient they were asked for with, it is added. */
function bodyOf(kind: Kind, { records, patientId }: { records: readonly unknown[]; patientId?: string }): string {
  const named = patientId === undefined ? records : records.map((record) => withPatient(record, patientId))
  return JSON.stringify({ [feedTable[feedOfKind(kind)].key]: named })
}

function withPatient(record: unknown, patientId: string): unknown {
  return isRecord(record) ? { patientid: patientId, ...record } : record
}

/**
 * The record asked for, as sent. An answer may be a list, with other patients' records in it as well (seen in a
 * recording); they were not asked for, the audit log does not name them, and they stay out of the mirror.
 */
function recordSent(raw: string, idField: string, id: string): unknown {
  const sent = answerValue(raw)
  const candidates: readonly unknown[] = Array.isArray(sent) ? sent : [sent]
  const found = candidates.find((item) => String(Reflect.get(Object(item), idField)).trim() === id)
  if (found === undefined) throw new AegisError('sync.wrong-record', { idField })
  return found
}

/** What the audit log says of a page: how many records, and every patient in it. */
export function pageFacts(page: Page<unknown>): AnswerFacts {
  return answerFacts(page.items)
}

/** What the audit log says of records. */
export function answerFacts(items: readonly unknown[]): AnswerFacts {
  const ids = new Set(items.flatMap((item) => idOf(Reflect.get(Object(item), 'patientid')) ?? []))
  return { records: items.length, patientIds: [...ids] }
}

/**
 * The records of a stored page. Typed where athenahealth's word can be read, as sent where it cannot: nothing a page
 * carried is lost. What is no record at all is handed on as it came and ends in quarantine.
 */
export function recordsInPage({ kind, shape }: { kind: Kind; shape: Shape }, raw: string): readonly WireRecord[] {
  if (isAnnounced(kind, shape)) return announcedIn(kind, raw)
  return asShown(shape, decodePage(kind, raw, feedTable[feedOfKind(kind)].read))
}

/** Whether what stands in a page only tells which records changed. */
function isAnnounced(kind: Kind, shape: Shape): boolean {
  return shape === 'feed' && recordKinds[kind].feedTells === 'id'
}

/** The list of open slots does not say that they are open. */
function asShown(shape: Shape, records: readonly WireRecord[]): readonly WireRecord[] {
  return shape === 'open' ? records.map((record) => ({ appointmentstatus: 'o', ...record })) : records
}

/** The items of a feed that only tells which records changed, with the record's own name for the id. */
function announcedIn(kind: Kind, raw: string): readonly WireRecord[] {
  const { changed } = feedTable[feedOfKind(kind)]
  if (!changed) throw new AegisError('internal.unexpected', { kind })
  const { idField } = recordKinds[kind]
  const from = changed.idField ?? idField
  const records = decodePage(kind, raw, (text) => readFeedPage(changed.name, text))
  return from === idField ? records : records.map((record) => ({ ...record, [idField]: record[from] }))
}

function decodePage(kind: Kind, raw: string, read: (raw: string) => PageReading<WireRecord>): readonly WireRecord[] {
  const { key } = feedTable[feedOfKind(kind)]
  const reading = read(raw)
  if (!reading.ok) throw new AegisError('sync.page-unreadable', { kind })
  if (reading.page.faults.length === 0) return reading.page.items
  const sent = (answerValue(raw) as Record<string, unknown[]>)[key] ?? [] // read has found it there
  return sent.map((item) => {
    const alone = read(JSON.stringify({ [key]: [item] }))
    const record = alone.ok ? alone.page.items[0] : undefined
    return record ? { ...(item as WireRecord), ...record } : (item as WireRecord) // applyRecords checks what it is
  })
}
