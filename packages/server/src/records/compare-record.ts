import type { RecordKind } from './record-kinds.ts'
import { canonicalText, type WireRecord } from './wire-record.ts'

export interface Comparison {
  /** Names of the fields that differ; empty when nothing a reader could notice has changed. */
  readonly fields: readonly string[]
  /** What the mirror holds from now on. */
  readonly next: WireRecord
}

/**
 * Compares what we hold with what arrived. Endpoints send different parts of one resource (the booked list has fields
 * the feed lacks and the other way round), so a field absent from `incoming` counts as removed only when the kind
 * declares it as core. Nothing differs: the union is kept, so that no field is lost. Something differs: the incoming
 * body replaces ours whole, because what it does not carry may be out of date.
 */
export function compareRecord(kind: RecordKind, held: WireRecord, incoming: WireRecord): Comparison {
  const fields = new Set<string>()
  for (const [name, value] of Object.entries(incoming)) {
    if (name in held && !same(held[name], value)) fields.add(name)
    else if (!(name in held) && kind.core.includes(name)) fields.add(name)
  }
  for (const name of kind.core) if (name in held && !(name in incoming)) fields.add(name)
  return fields.size === 0
    ? { fields: [], next: { ...held, ...incoming } }
    : { fields: [...fields].sort(), next: incoming }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || canonicalText(a) === canonicalText(b)
}
