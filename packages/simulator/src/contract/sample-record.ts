import { dateText } from '../practice/calendar-date.ts'
import { mixSeed } from '../practice/seeded-random.ts'
import { eastern, isoText, wallTime } from '../practice/zone-time.ts'
import type { EndpointContract, FieldType } from './endpoint-contract.ts'

/** What the invented values of a record follow from: the same request to the same practice is answered the same. */
export interface SampleOf {
  readonly seed: number
  /** Path parameters: a field of the same name shows the same value. */
  readonly path: Readonly<Record<string, string>>
  /** Virtual time, epoch ms: dates lie in the year before. */
  readonly now: number
}

/** One record with every recorded field of an endpoint: names and types are recorded, values are invented. */
export function sampleRecord(contract: EndpointContract, sample: SampleOf): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const [name, types] of contract.fields) {
    // The fields of all recordings are known together; this one is that of a failure.
    if (name === 'errormessage' && contract.fields.has('success')) continue
    record[name] = sampleValue(name, types, sample)
  }
  return record
}

function sampleValue(name: string, types: readonly FieldType[], sample: SampleOf): unknown {
  const known = sample.path[name]
  if (name === 'success') return true
  // Since 2019 what is a number is sent as one; before, as text (recorded). The backend makes texts of it for old apps.
  if (types.includes('integer') || types.includes('number')) return Number(known ?? numberOf(name, sample))
  if (types.includes('boolean')) return false
  if (types.includes('text')) return known ?? textOf(name, sample)
  if (types.includes('array')) return []
  return types.includes('object') ? {} : null
}

function hashOf(name: string, { seed, path }: SampleOf): number {
  let hash = seed
  for (const text of [name, ...Object.values(path)]) {
    for (let at = 0; at < text.length; at += 1) hash = mixSeed(hash, text.charCodeAt(at))
  }
  return hash
}

function numberOf(name: string, sample: SampleOf): number {
  const hash = hashOf(name, sample)
  return name.endsWith('id') ? 1 + (hash % 100_000) : hash % 100
}

const yearMs = 365 * 86_400_000

/** Made-up texts by what a field's name ends in; nobody has the numbers. */
const kinds: readonly (readonly [name: RegExp, text: (hash: number, at: number) => string])[] = [
  [/datetime$|timestamp$/i, (_hash, at) => isoText(eastern, at)],
  [/date$|^dob$/i, (_hash, at) => dateText(wallTime(eastern, at).day)],
  [/time$/i, (hash) => `${String(8 + (hash % 9)).padStart(2, '0')}:${hash % 2 === 0 ? '00' : '30'}`],
  [/id$/i, (hash) => String(1 + (hash % 100_000))],
  [/phone|fax/i, (hash) => `61755501${twoDigits(hash)}`],
  [/ssn/i, (hash) => `9876543${twoDigits(hash)}`],
  [/email/i, (hash) => `sample.${hash % 1000}@example.com`],
  [/zip$/i, () => '02472'],
  [/state$/i, () => 'MA'],
  [/^message$/i, () => ''],
]

function twoDigits(hash: number): string {
  return String(hash % 100).padStart(2, '0')
}

function textOf(name: string, sample: SampleOf): string {
  const hash = hashOf(name, sample)
  const kind = kinds.find(([pattern]) => pattern.test(name))
  return kind === undefined ? `Sample ${name}` : kind[1](hash, sample.now - (hash % yearMs))
}
