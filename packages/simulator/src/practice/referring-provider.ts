/** Providers elsewhere who send patients to the practice: what the seed gives it, and what was written since. */
import type { WireRecord } from './blank-patient.ts'
import { femaleNames, maleNames, streetKinds, streets, surnames } from './person-names.ts'
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'
import type { RecordReader } from './record-readers.ts'
import { inventedEmail, inventedPhone } from './seeded-person.ts'
import { SeededRandom } from './seeded-random.ts'

/** Fields as they were written, by athenahealth's name; an empty one was taken away. */
export type ReferringProviderFields = Readonly<Record<string, string>>

/** Fields of text that are written, beside `entitytype` and `npinumber`. */
export const referringProviderTexts = [
  'address',
  'address2',
  'city',
  'email',
  'fax',
  'firstname',
  'lastname',
  'middleinitial',
  'namesuffix',
  'note',
  'phone',
  'state',
  'zip',
] as const

interface ReferringProviders {
  /** Indexes 0 to `count` - 1 exist; those before `seeded` come from the seed. */
  count: number
  readonly seeded: number
  readonly written: Map<number, ReferringProviderFields>
  readonly deleted: Set<number>
}

const firstId = 9001
const fewest = 34
const patientsForEach = 400
const salt = 0x5eed_0023

/** The practice's referring providers: more in a larger one. */
export const referringProviders = practicePart(({ patients }): ReferringProviders => {
  const seeded = fewest + Math.floor(patients.seeded / patientsForEach)
  return { count: seeded, seeded, written: new Map(), deleted: new Set() }
})

export function referringProviderId(index: number): string {
  return String(firstId + index)
}

/** Index of a wire id, deleted or not; undefined when there never was one. */
export function referringProviderAt(state: PracticeState, id: string | number): number | undefined {
  const index = Number(id) - firstId
  return Number.isInteger(index) && index >= 0 && index < referringProviders(state).count ? index : undefined
}

/** Indexes of those that are not deleted, in order of id. */
export function listedReferringProviders(state: PracticeState): number[] {
  const { count, deleted } = referringProviders(state)
  return Array.from({ length: count }, (_, index) => index).filter((index) => !deleted.has(index))
}

/** Specialties with their public taxonomy codes. */
const specialties = [
  ['Cardiology', '207RC0000X'],
  ['Dermatology', '207N00000X'],
  ['Family Medicine', '207Q00000X'],
  ['Internal Medicine', '207R00000X'],
  ['Orthopedic Surgery', '207X00000X'],
  ['Neurology', '2084N0400X'],
] as const

const organizations = ['Imaging Center', 'Medical Group', 'Urgent Care', 'Surgical Associates'] as const
const shares = { organization: 0.2, middleInitial: 0.3, email: 0.5, note: 0.15 } as const

/** What the seed says of one. */
function seededFields(state: PracticeState, index: number): ReferringProviderFields {
  const random = new SeededRandom(state.seed ^ salt, index)
  const { areaCode, city, state: region, zip } = random.pick(state.departments)
  const firstname = random.pick(random.chance(0.5) ? femaleNames : maleNames)
  const lastname = random.pick(surnames)
  const [specialty, ansispecialtycode] = random.pick(specialties)
  const isOrganization = random.chance(shares.organization)
  return {
    entitytype: isOrganization ? 'NONPERSON' : 'PERSON',
    lastname: isOrganization ? `${lastname} ${random.pick(organizations)}` : lastname,
    ...(!isOrganization && { firstname, namesuffix: random.pick(['MD', 'MD', 'DO', 'NP']) }),
    ...(!isOrganization &&
      random.chance(shares.middleInitial) && { middleinitial: random.pick(femaleNames).charAt(0) }),
    address: `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`,
    city,
    state: region,
    zip,
    phone: inventedPhone(random, areaCode),
    fax: inventedPhone(random, areaCode),
    ...(random.chance(shares.email) && { email: inventedEmail(firstname, lastname, firstId + index) }),
    ...(random.chance(shares.note) && { note: 'Send reports by fax.' }),
    // Real NPIs begin with 1 or 2, so these belong to nobody.
    npinumber: String(9_100_000_000 + random.below(9_999) * 10_000 + (index % 10_000)),
    specialty,
    ansispecialtycode,
    ansinamecode: `${specialty} (${ansispecialtycode})`,
  }
}

/** A referring provider in its recorded wire shape (typed era); what is not known of it is left out. */
export function referringProviderRecord(state: PracticeState, index: number): WireRecord {
  const { seeded, written } = referringProviders(state)
  const fields = { ...(index < seeded ? seededFields(state, index) : {}), ...written.get(index) }
  const { npinumber = '', firstname = '', lastname = '' } = fields
  const known = Object.entries(fields).filter(([name, value]) => value !== '' && name !== 'npinumber')
  return {
    referringproviderid: referringProviderId(index),
    ...Object.fromEntries(known),
    // How the name is put together is inferred.
    name: [lastname, firstname].filter((part) => part !== '').join(', '),
    ...(npinumber !== '' && { npinumber: Number(npinumber) }),
  }
}

export const referringProviderReader: RecordReader = {
  ids: (state) => listedReferringProviders(state).map(referringProviderId),
  record(state, id) {
    const index = referringProviderAt(state, id)
    return index === undefined ? undefined : referringProviderRecord(state, index)
  },
}
