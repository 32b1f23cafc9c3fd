import type { Answer } from '../server/answer.ts'

/** A body that is a JSON array, or an object with one under `key`. */
export interface ListBody {
  readonly items: readonly unknown[]
  /** The same body with other items. */
  readonly withItems: (items: readonly unknown[]) => string
}

/** The JSON in a successful answer; undefined for any other. */
export function jsonOf({ status, body }: Answer): unknown {
  if (status !== 200 || typeof body !== 'string') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The list in an answer: its last array of records, because the quirk of decoys puts others before it. */
export function listOf(answer: Answer): ListBody | undefined {
  const value = jsonOf(answer)
  if (Array.isArray(value)) return { items: value, withItems: (items) => JSON.stringify(items) }
  if (!isObject(value)) return undefined
  const [key, items] = Object.entries(value).findLast(([, member]) => Array.isArray(member)) ?? []
  if (key === undefined || !Array.isArray(items)) return undefined
  return { items, withItems: (others) => JSON.stringify({ ...value, [key]: others }) }
}

/** Texts and numbers of every member of this name, however deep, as texts. */
export function membersOf(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => membersOf(item, name))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key.toLowerCase() === name && isScalar(member) ? [String(member)] : membersOf(member, name),
  )
}

/** The value with every such member turned into `to`, in the type that it had. */
export function withMembers(value: unknown, { name, to }: { name: string; to: string }): unknown {
  return JSON.parse(JSON.stringify(value), (key, member: unknown) => {
    if (key.toLowerCase() !== name || !isScalar(member)) return member
    return typeof member === 'number' ? Number(to) : to
  })
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
