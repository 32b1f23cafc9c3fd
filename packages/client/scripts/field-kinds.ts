import { appointmentNoteShape, appointmentShape } from '../src/records/appointment.ts'
import { patientShape } from '../src/records/patient.ts'
import {
  appointmentReasonShape,
  appointmentTypeShape,
  departmentShape,
  practiceInfoShape,
  providerShape,
} from '../src/records/practice-records.ts'
import type { WireKind } from '../src/wire/coerce.ts'
import { aroundKinds, fieldKinds, plainDateFields } from './corrections.ts'
import type { Fact } from './facts.ts'

/** Kinds of fields that the resource methods read already: a field means the same wherever it stands. */
const recordFields: Readonly<Record<string, WireKind>> = {
  ...providerShape.fields,
  ...departmentShape.fields,
  ...practiceInfoShape.fields,
  ...appointmentTypeShape.fields,
  ...appointmentReasonShape.fields,
  ...patientShape.fields,
  ...appointmentNoteShape.fields,
  ...appointmentShape.fields,
}

/** How a field was recorded: `string`, `string|integer` and so on. */
type Recorded = ReadonlySet<string>

/**
 * How every known field of the answers is read. Recordings of two eras show the same field as text and typed, so a field
 * counts as a number or a boolean when any recording of any endpoint shows it so.
 */
export class FieldKinds {
  readonly #seen = new Map<string, Set<string>>()

  constructor(facts: readonly Fact[]) {
    for (const fact of facts) {
      for (const [name, types] of Object.entries(fact.response_fields ?? {})) {
        const seen = this.#seen.get(name) ?? new Set()
        for (const type of types.split('|')) seen.add(type)
        this.#seen.set(name, seen)
      }
    }
  }

  /** The kinds of an endpoint's fields, sorted by name; fields of which only the name is known are left out. */
  ofRecord(fields: Readonly<Record<string, string>>): Record<string, WireKind> {
    return sorted(
      Object.entries(fields).flatMap(([name, types]) => {
        const kind = this.#kindOf(name, new Set(types.split('|')))
        return kind ? [[name, kind] as const] : []
      }),
    )
  }

  #kindOf(name: string, here: Recorded): WireKind | undefined {
    if (here.has('object')) return undefined
    if (here.has('array')) return name.endsWith('ids') || recordFields[name] === 'ids' ? 'ids' : 'list'
    const known = fieldKinds[name] ?? recordFields[name]
    if (known === 'ids') return 'id'
    if (known && known !== 'list') return known
    if ([...here].every((type) => type === 'null')) return undefined
    return kindByName(name, this.#seen.get(name) ?? here)
  }
}

function kindByName(name: string, seen: Recorded): WireKind {
  if (/ids?$/i.test(name)) return name.endsWith('s') ? 'ids' : 'id'
  if (seen.has('boolean') || name.endsWith('yn') || name === 'success') return 'boolean'
  if (seen.has('integer') || seen.has('number')) return 'number'
  if (plainDateFields.has(name)) return 'date'
  return /(date|datetime|timestamp|lastchecked)$/i.test(name) || name === 'created' ? 'dateTime' : 'text'
}

/** The kinds of the members beside a list, sorted by name. Totals and page links are on every list. */
export function kindsAround(fact: Fact): Record<string, WireKind> {
  const beside = (fact.envelope_keys ?? []).filter((name) => name !== fact.response_key && !isPaging(name))
  return sorted(
    beside.map((name) => {
      const kind = aroundKinds[name]
      if (!kind) throw new Error(`the kind of ${name} beside a list is not in the corrections`)
      return [name, kind] as const
    }),
  )
}

function isPaging(name: string): boolean {
  return ['totalcount', 'next', 'previous'].includes(name)
}

function sorted(kinds: readonly (readonly [string, WireKind])[]): Record<string, WireKind> {
  return Object.fromEntries([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)))
}
