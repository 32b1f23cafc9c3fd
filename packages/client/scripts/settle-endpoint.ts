import type { CatalogueEntry, Envelope, Known, Paging } from '../src/catalogue/catalogue-entry.ts'
import { feedTable } from '../src/feeds/feed-table.ts'
import type { WireKind } from '../src/wire/coerce.ts'
import { type Correction, corrections } from './corrections.ts'
import { type Fact, pathUnderPractice } from './facts.ts'
import { type FieldKinds, kindsAround } from './field-kinds.ts'
import { settleParams } from './param-types.ts'

/** An entry before its name is a name of the catalogue. */
export type SettledEntry = Omit<CatalogueEntry, 'name'> & { readonly name: string }

/** Makes of what is known of an endpoint one reading, and fills what the same protocol elsewhere tells. */
export function settleEndpoint(fact: Fact, kinds: FieldKinds): SettledEntry {
  const path = pathUnderPractice(fact)
  const name = `${fact.method} ${path}`
  const correction = corrections[name] ?? {}
  const shape = settleShape(fact, { path, correction, kinds })
  const paging = settlePaging(fact, { path, correction, envelope: shape.envelope })
  const isWrite = fact.method === 'POST' || fact.method === 'PUT'
  return {
    name,
    // Checked when the facts were read.
    method: fact.method as CatalogueEntry['method'],
    path,
    area: areaOf(fact.area),
    params: settleParams(fact, paging !== undefined),
    bodyEncoding: isWrite ? 'form' : undefined,
    ...shape,
    nested: correction.nested ?? false,
    paging,
    intensive: fact.intensive,
    consuming: fact.method === 'GET' && fact.changed_feed && !path.includes('/subscription'),
    beta: fact.rollout_note || /^\/(stays|surgerycases)\//.test(path),
    known: knownBy(fact),
  }
}

interface Settling {
  readonly path: string
  readonly correction: Correction
}

type Shape = Pick<CatalogueEntry, 'envelope' | 'recordKey' | 'keyConfirmed' | 'fields' | 'around'>

function settleShape(fact: Fact, { path, correction, kinds }: Settling & { kinds: FieldKinds }): Shape {
  const protocol = subscriptionShape(fact, path)
  if (protocol) return protocol
  const envelope = correction.envelope ?? envelopeOf(fact, path)
  const seen = { ...kinds.ofRecord(fact.response_fields ?? {}), ...correction.fields }
  const isList = envelope === 'list'
  const feed = Object.values(feedTable).find((entry) => entry.path === path)
  return {
    envelope,
    recordKey: isList ? (fact.response_key ?? undefined) : undefined,
    keyConfirmed: fact.response_envelope === 'envelope' || (feed?.keyConfirmed ?? false),
    fields: feed?.idField ? { [feed.idField]: 'id', ...seen } : seen,
    around: isList ? kindsAround(fact) : {},
  }
}

/** Every feed has the same three subscription calls and the same list of events. */
function subscriptionShape(fact: Fact, path: string): Shape | undefined {
  if (!/\/subscription(\/events)?$/.test(path)) return undefined
  if (fact.method !== 'GET') {
    return { envelope: 'object', recordKey: undefined, keyConfirmed: false, fields: { success: 'boolean' }, around: {} }
  }
  const around: Record<string, WireKind> = path.endsWith('/events') ? {} : { status: 'text' }
  return { envelope: 'list', recordKey: 'subscriptions', keyConfirmed: true, fields: { eventname: 'text' }, around }
}

function envelopeOf(fact: Fact, path: string): Envelope {
  if (fact.response_envelope === 'object') return 'object'
  if (fact.response_envelope === 'envelope') return 'list'
  if (fact.response_envelope === 'array') return fact.method !== 'GET' || path.endsWith('}') ? 'one' : 'array'
  return fact.response_key && fact.response_key !== '[]' ? 'list' : 'unknown'
}

function settlePaging(fact: Fact, at: Settling & { envelope: Envelope }): Paging | undefined {
  const { path, correction, envelope } = at
  const listed = ['list', 'array'].includes(envelope) || /^(List|Search)/.test(fact.name ?? '')
  if (fact.method !== 'GET' || correction.paging === 'none' || !(listed || fact.paginated)) return undefined
  if (/\/subscription(\/events)?$/.test(path)) return undefined
  const [limitDefault, limitMax] = (fact.limit_doc?.match(/\d+/g) ?? []).map(Number)
  return { documented: fact.paginated === true, limitDefault, limitMax }
}

function knownBy(fact: Fact): Known {
  if (fact.response_fields || fact.fixtures.length > 0) return 'recorded'
  return fact.source.every((source) => source === 'iodocs-only') ? 'legacy' : 'documented'
}

const AREAS: Readonly<Record<string, string>> = {
  Appointments: 'appointments',
  Charts: 'charts',
  DataImports: 'data-imports',
  DocumentsAndForms: 'documents-and-forms',
  Encounter: 'encounters',
  Hospital: 'hospital',
  InsuranceAndFinancial: 'insurance-and-financial',
  ObstetricsEpisode: 'obstetrics',
  Patient: 'patients',
  PracticeConfiguration: 'practice-configuration',
  Provider: 'providers',
  QualityManagementAndPopHealth: 'population-health',
  '(legacy) Chart': 'charts',
  '(legacy) Forms and Documents': 'documents-and-forms',
  '(legacy) Patients': 'patients',
}

function areaOf(area: string): string {
  const ours = AREAS[area]
  if (!ours) throw new Error(`no name for the area ${area}`)
  return ours
}
