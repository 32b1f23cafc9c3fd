/**
 * The oracle: compares what the simulator knows to be true with what the mirror holds. It stands outside the system:
 * it reads the truth from the simulator and the mirror through its own SQL, and shares no code with sync.
 */
import { isDeepStrictEqual } from 'node:util'

export type Kind = 'departments' | 'providers' | 'appointmenttypes' | 'patients' | 'appointments'
export type WireRecord = Readonly<Record<string, unknown>>

/** A record as the mirror shows it, opened. */
export interface MirrorRecord {
  readonly key: string
  readonly state: 'present' | 'deleted' | 'merged'
  readonly body: WireRecord
}

export interface Difference {
  readonly kind: Kind
  readonly id: string
  readonly what: 'missing' | 'extra' | 'state' | 'field'
  /** Name of the field that differs; values are not told, so that a report may be shown. */
  readonly field?: string
}

export interface KindRule {
  readonly idField: string
  /** Fields the mirror must have whenever the truth has them; of the others it may know fewer, but nothing different. */
  readonly core: readonly string[]
}

export const kindRules: Readonly<Record<Kind, KindRule>> = {
  departments: { idField: 'departmentid', core: ['name', 'timezonename'] },
  providers: { idField: 'providerid', core: ['firstname', 'lastname'] },
  appointmenttypes: { idField: 'appointmenttypeid', core: ['name', 'duration'] },
  patients: { idField: 'patientid', core: ['status', 'firstname', 'lastname', 'dob'] },
  appointments: {
    idField: 'appointmentid',
    core: ['appointmentstatus', 'patientid', 'date', 'starttime', 'departmentid', 'providerid', 'duration'],
  },
}

/**
 * Fields that only one endpoint sends, that endpoints write differently (a specialty is 26 in a list and "026" alone), or
 * that are about the request: the truth shows records as the feed does.
 */
const ofOneEndpoint: ReadonlySet<string> = new Set([
  'reasonid',
  'previouspatientids',
  'copay',
  'appointmentcopay',
  'localproviderid',
  'renderingproviderid',
  'specialtyid',
])

export interface Comparison {
  readonly kind: Kind
  readonly truth: Iterable<WireRecord>
  readonly mirror: readonly MirrorRecord[]
  /** Whether a true record is within what the mirror promises to hold. */
  inScope(record: WireRecord): boolean
}

/** Every difference of one kind; an empty list means that the mirror equals the truth. */
export function compareKind({ kind, truth, mirror, inScope }: Comparison): Difference[] {
  const rule = kindRules[kind]
  const held = new Map(mirror.map((record) => [text(record.body[rule.idField]), record]))
  const differences: Difference[] = []
  const seen = new Set<string>()
  for (const record of truth) {
    const id = text(record[rule.idField])
    seen.add(id)
    const ours = held.get(id)
    if (ours) differences.push(...compareOne(kind, { id, record, ours }))
    // A patient who was deleted before we first looked is in no list: there was never anything to hold.
    else if (record.status !== 'deleted' && inScope(record)) differences.push({ kind, id, what: 'missing' })
  }
  for (const [id, ours] of held) {
    if (!seen.has(id) && ours.state === 'present' && !isDeletedSlot(kind, ours.body))
      differences.push({ kind, id, what: 'extra' })
  }
  return differences
}

/** The truth lists no deleted slots; the feed shows one as cancelled, without a patient. */
function isDeletedSlot(kind: Kind, body: WireRecord): boolean {
  return kind === 'appointments' && body.appointmentstatus === 'x' && body.patientid === undefined
}

function compareOne(kind: Kind, pair: { id: string; record: WireRecord; ours: MirrorRecord }): Difference[] {
  const { id, record, ours } = pair
  const deleted = record.status === 'deleted'
  if (ours.state === 'merged') return []
  if ((ours.state === 'deleted') !== deleted) return [{ kind, id, what: 'state' }]
  const names = new Set([...Object.keys(ours.body), ...kindRules[kind].core.filter((name) => name in record)])
  return [...names]
    .filter((name) => !ofOneEndpoint.has(name) && !sameValue(record[name], ours.body[name]))
    .map((field) => ({ kind, id, what: 'field', field }) as const)
}

/** Equal in meaning: the mirror keeps dates as YYYY-MM-DD and typed values where the wire has text. */
export function sameValue(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b))
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(plain)
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => [name, plain(item)] as const)
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
  }
  if (value === null || value === '') return undefined
  const words = typeof value === 'string' ? value : JSON.stringify(value)
  const date = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(words)
  return date ? `${date[3]}-${date[1]}-${date[2]}` : words
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
