import { type PlainDate, type PlainTime, readPlainDate, readPlainTime } from './plain-date.ts'

/**
 * Wire values turned into what they mean. athenahealth writes booleans and numbers typed or as strings, by era, endpoint
 * and a per-app setting; ids are strings here and integers there. Each function gives `undefined` for "nothing there"
 * (absent, null, empty) and `null` for "there, but not readable as this".
 */
export interface WireValues {
  readonly id: string
  readonly text: string
  readonly boolean: boolean
  readonly number: number
  readonly date: PlainDate
  readonly time: PlainTime
  /** As received; read it with readWireDateTime or wireInstant. */
  readonly dateTime: string
  readonly ids: readonly string[]
  readonly list: readonly unknown[]
}

export type WireKind = keyof WireValues

type Coerce<T> = (value: unknown) => T | null | undefined

/** One reader a kind. */
export const coerce: { readonly [K in WireKind]: Coerce<WireValues[K]> } = {
  id: toId,
  text: toText,
  boolean: toBoolean,
  number: toNumber,
  date: (value) => fromText(value, readPlainDate),
  time: (value) => fromText(value, readPlainTime),
  dateTime: (value) => fromText(value, (text) => text),
  ids: toIds,
  list: (value) => toList(value),
}

/** Ids are strings: leading zeros are kept, and an integer too large to be exact is refused rather than rounded. */
function toId(value: unknown): string | null | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null
  return fromText(value, (text) => text)
}

function toText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

const WORDS = new Map<string, boolean>([
  ['true', true],
  ['t', true],
  ['y', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['n', false],
  ['no', false],
  ['0', false],
])

function toBoolean(value: unknown): boolean | null | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value === 1 || value === 0 ? value === 1 : null
  return fromText(value, (text) => WORDS.get(text.toLowerCase()))
}

function toNumber(value: unknown): number | null | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return fromText(value, (text) => (/^[+-]?(\d{1,15}(\.\d{1,15})?|\.\d{1,15})$/.test(text) ? Number(text) : undefined))
}

function toIds(value: unknown): readonly string[] | null | undefined {
  const parts = typeof value === 'string' ? value.split(',').filter((part) => part.trim() !== '') : toList(value)
  const ids = (parts ?? [value]).map(toId)
  if (ids.some((id) => id === null)) return null
  return ids.filter((id) => typeof id === 'string')
}

/** A list; nothing (absent, null, "", {}) is an empty one; anything else is not a list (null). */
export function toList(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  if (value === undefined || value === null || value === '') return []
  return typeof value === 'object' && Object.keys(value).length === 0 ? [] : null
}

function fromText<T>(value: unknown, read: (text: string) => T | undefined): T | null | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return null
  const text = value.trim()
  return text === '' ? undefined : (read(text) ?? null)
}
