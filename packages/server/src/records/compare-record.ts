import type { RecordKind, Shape } from './record-kind.ts'
import { canonicalText, type WireRecord } from './wire-record.ts'

export interface Comparison {
  /** Names of the fields that differ; empty when nothing a reader could notice has changed. */
  readonly fields: readonly string[]
  /** What the mirror holds from now on. */
  readonly next: WireRecord
  /** Nothing that we hold differs: the fields are what the endpoint read before does not show. */
  readonly completes?: true
}

/**
 * Compares what we hold with what arrived. Endpoints send different parts of one resource (the booked list has fields
 * the feed lacks and the other way round): a field absent from `incoming` is unset upstream where the endpoint would have
 * sent it, and says nothing elsewhere; an empty one is as good as absent. Nothing differs, and it is not known to be a later version: the union is kept, so
 * that no field is lost. Otherwise the incoming body replaces ours whole, because what it does not carry may be out of
 * date. What went with that, and comes back with a later version that agrees otherwise, is a change; so is what the feed
 * shows beyond a list that saw the change first, and a document by its id beyond a list. What a list shows beyond the feed is none:
 * each change would be told twice.
 */
export function compareRecord(
  kind: RecordKind,
  held: WireRecord,
  arrived: { body: WireRecord; shape: Shape; later?: boolean },
): Comparison {
  const { body: incoming, shape } = arrived
  const fields = new Set(Object.keys(incoming).filter((name) => isOther(kind, { held, incoming, name })))
  const differs = fields.size > 0
  const unset = Object.keys(held).filter(
    (name) => !(name in incoming) && !isNothing(held[name]) && sends(kind, shape, name),
  )
  for (const name of unset) fields.add(name)
  // A list of few fields that agrees but for what it shows by leaving it out, as that of open slots with a thawed one.
  if (!differs && unset.length > 0 && !arrived.later && kind.partial[shape]?.only) {
    const kept = Object.entries(held).filter(([name]) => !unset.includes(name))
    return { fields: unset.sort(), next: { ...Object.fromEntries(kept), ...incoming } }
  }
  if (fields.size > 0) return { fields: [...fields].sort(), next: incoming }
  const came = Object.keys(incoming).filter((name) => isNothing(held[name]) && !isNothing(incoming[name]))
  if (arrived.later) return { fields: came.sort(), next: incoming, ...(came.length > 0 && { completes: true }) }
  return { ...beyond(kind, shape, came), next: { ...held, ...incoming } }
}

/**
 * What is told of fields that an endpoint shows beyond what is held, of the same version: a change, where the feed shows them, or the
 * read by id of a document, which alone shows it in full. Of what has no time of change, as a patient, the feed alone shows a merge:
 * that is a change of its own.
 */
function beyond(
  { lastModifiedField, feedTells }: RecordKind,
  shape: Shape,
  came: readonly string[],
): Pick<Comparison, 'fields' | 'completes'> {
  if (lastModifiedField === undefined || came.length === 0) return { fields: [] }
  if (shape === 'feed') return { fields: came.toSorted() }
  return shape === 'get' && feedTells === 'id' ? { fields: came.toSorted(), completes: true } : { fields: [] }
}

/** Whether a field that came is not as we hold it. */
function isOther(
  kind: RecordKind,
  { held, incoming, name }: { held: WireRecord; incoming: WireRecord; name: string },
): boolean {
  const value = incoming[name]
  if (isNothing(value) && isNothing(held[name])) return false
  return name in held ? !same(held[name], value) : !isPartial(kind, name)
}

/**
 * Whether a value says no more than its absence: endpoints, and one endpoint from day to day, leave out what is not there or
 * send it empty. A record beside one that cannot be read comes as it was sent, where the client leaves empty fields out.
 */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Whether an endpoint sends a field whenever it is set. */
function sends(kind: RecordKind, shape: Shape, name: string): boolean {
  const { only, never } = kind.partial[shape] ?? {}
  return only ? only.has(name) : !never?.has(name)
}

/** Whether some endpoint of the kind leaves the field out: one that is new to us need not be new upstream. */
function isPartial(kind: RecordKind, name: string): boolean {
  const shapes: readonly Shape[] = ['list', 'booked', 'open', 'feed', 'get']
  return shapes.some((shape) => kind.partial[shape] !== undefined && !sends(kind, shape, name))
}

function same(a: unknown, b: unknown): boolean {
  return a === b || canonicalText(a) === canonicalText(b)
}
