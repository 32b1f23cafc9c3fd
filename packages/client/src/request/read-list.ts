import type { Answered } from '../call/send-call.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import { badAnswer } from '../resources/practice-api.ts'
import { decodeRecord, type Fields, isPlainObject } from '../wire/decode-record.ts'
import { type PageContent, readPageValue } from '../wire/read-page.ts'
import type { PlannedRequest } from './plan-request.ts'

/** An answer to be read in the shape that an endpoint has. */
export interface Reading {
  readonly entry: CatalogueEntry
  readonly answered: Answered
  readonly planned: PlannedRequest
}

/** A value with the places of what in it could not be read. */
export interface Read {
  readonly value: unknown
  readonly unreadable: readonly string[]
}

/** Reads a list under its member: found as list pages find it, with what stands around it. */
export function readList({ entry, answered, planned }: Reading): Read {
  const { recordKey: key = '', nested } = entry
  const envelope = isPlainObject(answered.value) ? answered.value : {}
  const page = judgeList({ entry, answered, planned })
  const items = nested ? readNested(entry.fields, { groups: envelope[key], key }) : pageItems(page, key)
  const around = readRecord({ ...entry.around, totalcount: 'number', next: 'text', previous: 'text' }, envelope)
  return {
    value: { ...around.value, [key]: items.value },
    unreadable: [...around.unreadable, ...items.unreadable],
  }
}

/** The list as a page of records; an error where records may be missing without a trace. */
function judgeList({ entry, answered, planned }: Reading): PageContent<unknown> {
  const { recordKey: key = '', keyConfirmed, fields, nested } = entry
  const shape = { key, keyConfirmed, bare: false, record: { idField: undefined, fields: nested ? {} : fields } }
  const offset = Number(planned.query?.['offset'] ?? 0) || 0
  const reading = readPageValue(shape, nested ? withoutNesting(answered.value, key) : answered.value, offset)
  if (!reading.ok) throw badAnswer(answered, 'malformed-response', `no list of ${key} in it`)
  if (planned.consuming && reading.page.doubtful) {
    throw badAnswer(answered, 'malformed-response', 'no record in it without saying so, or an error beside its records')
  }
  return reading.page
}

function pageItems({ items, faults }: PageContent<unknown>, key: string): Read {
  const places = faults.map(({ index, field }) => `${key}[${index}]${field === undefined ? '' : `.${field}`}`)
  return { value: items, unreadable: places }
}

/** The list with its inner lists opened, so that it can be judged like any other. */
function withoutNesting(value: unknown, key: string): unknown {
  const list = isPlainObject(value) ? value[key] : undefined
  return isPlainObject(value) && Array.isArray(list) ? { ...value, [key]: list.flat() } : value
}

/** Lists of records inside a list. A record that stands alone becomes a list of one. */
function readNested(fields: Fields, { groups, key }: { groups: unknown; key: string }): Read {
  const list: readonly unknown[] = Array.isArray(groups) ? groups : []
  const read = list.map((group, index) => {
    const items: readonly unknown[] = Array.isArray(group) ? group : [group]
    return readItems(fields, { items, place: `${key}[${index}]` })
  })
  return { value: read.map((group) => group.value), unreadable: read.flatMap((group) => group.unreadable) }
}

/** Reads the records of a list; what is no record is left out and named by its place. */
export function readItems(fields: Fields, { items, place }: { items: readonly unknown[]; place: string }): Read {
  const value: unknown[] = []
  const unreadable: string[] = []
  for (const [index, item] of items.entries()) {
    const { record, unreadable: inside } = decodeRecord({ idField: undefined, fields }, item)
    if (record === undefined) unreadable.push(`${place}[${index}]`)
    else value.push(record)
    for (const field of inside) unreadable.push(`${place}[${index}].${field}`)
  }
  return { value, unreadable }
}

/** Reads one record. */
export function readRecord(fields: Fields, sent: Readonly<Record<string, unknown>>) {
  const { record, unreadable } = decodeRecord<Readonly<Record<string, unknown>>>({ idField: undefined, fields }, sent)
  return { value: record ?? {}, unreadable }
}
