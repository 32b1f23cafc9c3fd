/** The providers of a practice and their weekly rhythm. */
import type { Department } from './department.ts'
import { femaleNames, maleNames, surnames } from './person-names.ts'
import { SeededRandom } from './seeded-random.ts'

export interface Provider {
  readonly id: string
  /** Position in the practice's list; other tables refer to it. */
  readonly index: number
  firstName: string
  lastName: string
  readonly sex: 'F' | 'M'
  /** `providertypeid` and `providertype`. */
  readonly typeId: string
  specialty: string
  specialtyId: string
  taxonomyCode: string
  readonly npi: number
  readonly userName: string
  readonly home: number
  /** Department index by weekday (0 Sunday), undefined on a day off. */
  readonly week: readonly (number | undefined)[]
  /** Length of the slots of the provider's template: 15, 20 or 30. */
  readonly slotMinutes: number
  acceptingNewPatients: boolean
  hiddenInPortal: boolean
  deleted: boolean
}

interface Specialty {
  readonly name: string
  readonly id: string
  readonly code: string
  readonly typeId: string
  readonly slotMinutes: number
}

const specialties: readonly Specialty[] = [
  { name: 'Family Medicine', id: '008', code: '207Q00000X', typeId: 'MD', slotMinutes: 20 },
  { name: 'Internal Medicine', id: '011', code: '207R00000X', typeId: 'MD', slotMinutes: 20 },
  { name: 'Pediatric Medicine', id: '037', code: '208000000X', typeId: 'MD', slotMinutes: 15 },
  { name: 'Nurse Practitioner', id: '050', code: '363LF0000X', typeId: 'NP', slotMinutes: 20 },
  { name: 'Family Medicine', id: '008', code: '207Q00000X', typeId: 'DO', slotMinutes: 15 },
  { name: 'Obstetrics/Gynecology', id: '016', code: '207V00000X', typeId: 'MD', slotMinutes: 30 },
  { name: 'Physician Assistant', id: '097', code: '363A00000X', typeId: 'PA', slotMinutes: 20 },
  { name: 'Cardiology', id: '006', code: '207RC0000X', typeId: 'MD', slotMinutes: 30 },
]

/** Fewest providers of a practice, and patients for each one in a larger practice. */
const providersMin = 12
const patientsPerProvider = 1000

export function providerCount(patients: number): number {
  return Math.max(providersMin, Math.ceil(patients / patientsPerProvider))
}

/** The providers of a practice of `patients` patients; departments get them in proportion to their share. */
export function makeProviders(seed: number, patients: number, departments: readonly Department[]): Provider[] {
  const homes = shareOut(providerCount(patients), departments)
  return homes.map((home, index) => makeProvider(seed, index, { home, departments }))
}

/** One provider; `index` is also the source of its identity, so the same seed and index give the same person. */
export function makeProvider(
  seed: number,
  index: number,
  place: { readonly home: number; readonly departments: readonly Department[] },
): Provider {
  const random = new SeededRandom(seed ^ 0x5eed_0001, index)
  const sex = random.chance(0.5) ? 'F' : 'M'
  const firstName = random.pick(sex === 'F' ? femaleNames : maleNames)
  const lastName = random.pick(surnames)
  const specialty = random.pick(specialties)
  return {
    id: String(71 + index),
    index,
    firstName,
    lastName,
    sex,
    typeId: specialty.typeId,
    specialty: specialty.name,
    specialtyId: specialty.id,
    taxonomyCode: specialty.code,
    // Real NPIs begin with 1 or 2, so these belong to nobody.
    npi: 9_000_000_000 + random.below(99_999) * 10_000 + (index % 10_000),
    userName: `${firstName.charAt(0)}${lastName}${index + 1}`.toLowerCase(),
    home: place.home,
    week: weekOf(random, place),
    slotMinutes: specialty.slotMinutes,
    acceptingNewPatients: random.chance(0.8),
    hiddenInPortal: random.chance(0.05),
    deleted: false,
  }
}

function weekOf(
  random: SeededRandom,
  { home, departments }: { home: number; departments: readonly Department[] },
): (number | undefined)[] {
  const dayOff = random.between(1, 5)
  const awayDay = random.between(1, 5)
  const away = random.chance(0.25) ? random.below(departments.length) : home
  return [0, 1, 2, 3, 4, 5, 6].map((weekday) => {
    if (weekday === 0) return undefined
    if (weekday === 6) return departments[home]?.opensSaturdays && random.chance(0.3) ? home : undefined
    if (weekday === dayOff) return undefined
    return weekday === awayDay ? away : home
  })
}

/** Department index of each of `count` providers: everyone gets one, the rest go by share. */
function shareOut(count: number, departments: readonly Department[]): number[] {
  const homes = departments.map((department) => department.index)
  const given = departments.map(() => 1)
  while (homes.length < count) {
    let neediest = 0
    let least = Number.POSITIVE_INFINITY
    for (const department of departments) {
      const load = (given[department.index] ?? 0) / department.share
      if (load < least) [least, neediest] = [load, department.index]
    }
    given[neediest] = (given[neediest] ?? 0) + 1
    homes.push(neediest)
  }
  return homes
}

/** A provider in its recorded wire shape. */
export function providerRecord(provider: Provider, departments: readonly Department[]): Record<string, unknown> {
  return {
    providerid: Number(provider.id),
    firstname: provider.firstName,
    lastname: provider.lastName,
    displayname: `${provider.firstName} ${provider.lastName}, ${provider.typeId}`,
    schedulingname: `${provider.lastName}_${provider.firstName}`,
    providerusername: provider.userName,
    providertypeid: provider.typeId,
    providertype: provider.typeId,
    specialty: provider.specialty,
    specialtyid: Number(provider.specialtyId),
    ansinamecode: `${provider.specialty} (${provider.taxonomyCode})`,
    ansispecialtycode: provider.taxonomyCode,
    npi: provider.npi,
    sex: provider.sex,
    entitytype: 'Person',
    homedepartment: departments[provider.home]?.name ?? '',
    acceptingnewpatients: provider.acceptingNewPatients,
    billable: true,
    hideinportal: provider.hiddenInPortal,
    createencounteroncheckin: true,
    scheduleresourcetype: provider.specialty,
    supervisingproviderid: Number(provider.id),
    supervisingproviderusername: provider.userName,
    providergrouplist: ['1'],
    createencounterprovideridlist: [provider.id],
  }
}
