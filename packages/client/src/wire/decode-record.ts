import { coerce, type WireKind, type WireValues } from './coerce.ts'

/** Known fields of a record and how to read each. */
export type Fields = Readonly<Record<string, WireKind>>

/** A record: known fields typed and optional, the id always there, unknown fields as athenahealth sent them. */
export type RecordOf<F extends Fields, Id extends string = never> = {
  readonly [K in keyof F as K extends Id ? never : K]?: WireValues[F[K]]
} & { readonly [K in Id]: string } & { readonly [field: string]: unknown }

/** A record's kind: what identifies it and what is known of its fields. */
export interface RecordShape<T> {
  /** The field that identifies the record; undefined for records without one. */
  readonly idField: string | undefined
  readonly fields: Fields
  /** Carries the record's type; never set. */
  readonly type?: T
}

export interface Decoded<T> {
  /** Undefined when the value is no record, or its id is missing or unreadable. */
  readonly record: T | undefined
  /** Names of known fields whose values could not be read; they are left out of the record. */
  readonly unreadable: readonly string[]
}

/** Declares a record's kind from a table of its fields. */
export function recordShape<const F extends Fields, const Id extends string>(idField: Id, fields: F) {
  const shape: RecordShape<RecordOf<F & { readonly [K in Id]: 'id' }, Id>> = {
    idField,
    fields: { ...fields, [idField]: 'id' },
  }
  return shape
}

/** Declares a kind of record that nothing identifies, or nothing that is known for sure. */
export function openShape<const F extends Fields>(fields: F): RecordShape<RecordOf<F>> {
  return { idField: undefined, fields }
}

/** Reads one record. Never throws, whatever the value is. */
export function decodeRecord<T>(shape: RecordShape<T>, value: unknown): Decoded<T> {
  if (!isPlainObject(value)) return { record: undefined, unreadable: [] }
  const kinds = kindsOf(shape.fields)
  const read: [string, unknown][] = []
  const unreadable: string[] = []
  for (const name of Object.keys(value)) {
    const kind = kinds.get(name)
    const item = kind === undefined ? value[name] : coerce[kind](value[name])
    if (kind !== undefined && item === null) unreadable.push(name)
    else if (kind === undefined || item !== undefined) read.push([name, item])
  }
  // Made at once: an object that grows or loses fields one by one becomes a slow one for all who read it.
  const record: Record<string, unknown> = Object.fromEntries(read)
  const identified = shape.idField === undefined || Object.hasOwn(record, shape.idField)
  // The border: every known field has just been read as its table says, and the id is there.
  return { record: identified ? (record as T) : undefined, unreadable }
}

const tables = new WeakMap<Fields, ReadonlyMap<string, WireKind>>()

/** A map, since names come from outside: an object would also know `constructor`. */
function kindsOf(fields: Fields): ReadonlyMap<string, WireKind> {
  let kinds = tables.get(fields)
  if (!kinds) tables.set(fields, (kinds = new Map(Object.entries(fields))))
  return kinds
}

/** Whether a JSON value is an object and no array. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
