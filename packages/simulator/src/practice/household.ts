/**
 * Who lives together: couples, parents with their children, twins, namesakes of two generations, people who share a flat,
 * and people registered twice. Ids that lie close together make up households. All of it is a pure function of the
 * practice's seed and the id, so that a million patients cost no more than the columns that searches need.
 */
import type { Department } from './department.ts'
import { femaleNames, givenNames, maleNames, nicknames, surnames } from './person-names.ts'
import { SeededRandom } from './seeded-random.ts'

export type HouseholdKind = 'single' | 'couple' | 'family' | 'oneparent' | 'twins' | 'namesakes' | 'flatmates' | 'twice'

export interface Household {
  readonly kind: HouseholdKind
  /** Id of its first member; the others follow. */
  readonly first: number
  readonly size: number
}

/** Ids of a block make up whole households. */
const blockSize = 16

/** Shares of the kinds among households, with the least and most members. */
const kinds: readonly (readonly [kind: HouseholdKind, share: number, least: number, most: number])[] = [
  ['single', 0.46, 1, 1],
  ['couple', 0.17, 2, 2],
  ['family', 0.2, 3, 5],
  ['oneparent', 0.07, 2, 3],
  ['twins', 0.02, 4, 4],
  ['namesakes', 0.03, 2, 2],
  ['flatmates', 0.04, 2, 2],
  ['twice', 0.01, 2, 2],
]

/** The household of a seeded patient. */
export function householdOf(seed: number, id: number): Household {
  const block = Math.floor((id - 1) / blockSize)
  const random = new SeededRandom(seed ^ 0x5eed_0010, block)
  const offset = (id - 1) % blockSize
  let first = 0
  for (;;) {
    const { kind, size } = drawKind(random, blockSize - first)
    if (offset < first + size) return { kind, first: block * blockSize + first + 1, size }
    first += size
  }
}

function drawKind(random: SeededRandom, most: number): { kind: HouseholdKind; size: number } {
  let left = random.fraction()
  for (const [kind, share, low, high] of kinds) {
    left -= share
    if (left >= 0) continue
    const size = random.between(low, high)
    return size <= most ? { kind, size } : { kind: 'single', size: 1 }
  }
  return { kind: 'single', size: 1 }
}

/** What an identity is drawn from. */
export interface PopulationSeed {
  readonly seed: number
  /** Day number on which the practice was made. */
  readonly openedDay: number
  readonly departments: readonly Department[]
  /** Indexes of the providers of each department. */
  readonly providersByDepartment: readonly (readonly number[])[]
}

/** Who a seeded patient was on the day the practice was made; edits never change it. */
export interface SeededIdentity {
  /** Position in `givenNames` and `seededSurnames`. */
  readonly givenName: number
  readonly surname: number
  readonly female: boolean
  /** Day number. */
  readonly birthDay: number
  /** Index of the department of registration, the same for a whole household. */
  readonly department: number
  /** Index of the primary provider + 1, 0 for none. */
  readonly provider: number
  /** Code of the status column: 0 active, 1 inactive, 2 prospective. */
  readonly status: number
  readonly deceased: boolean
  /** The record is for few eyes only; athenahealth's confidentiality code R. */
  readonly restricted: boolean
}

const yearDays = 365.25
/** Whoever was born so many days ago is 18. */
export const adultDays = 6575
/** Oldest seeded patient in days, about 96 years. */
const oldestDays = 35_000
const shares = {
  active: 0.95,
  inactive: 0.03,
  restricted: 0.003,
  /** A year of life beyond 60 adds so much to the share of the deceased. */
  deceasedPerYear: 0.0025,
  hasProvider: 0.9,
  ownSurname: 0.15,
  hyphenated: 0.1,
  sameBirthDay: 0.01,
  swappedBirthDay: 0.2,
} as const

/** The identity drawn for patient `id`: the same for the same seed, whatever happened since. */
export function seededIdentity(from: PopulationSeed, id: number): SeededIdentity {
  return memberIdentity(from, householdOf(from.seed, id), id)
}

/** The same, for a member of a household that is known already. */
export function memberIdentity(from: PopulationSeed, household: Household, id: number): SeededIdentity {
  const random = new SeededRandom(from.seed ^ 0x5eed_0002, id)
  const person = personOf(from, household, { id, random })
  const department = pickDepartment(new SeededRandom(from.seed ^ 0x5eed_0011, household.first), from.departments)
  const providers = from.providersByDepartment[department] ?? []
  const provider = random.chance(shares.hasProvider) && providers.length > 0 ? random.pick(providers) + 1 : 0
  const state = random.fraction()
  const years = (from.openedDay - person.birthDay) / yearDays
  const deceased = random.chance(Math.max(0, years - 60) * shares.deceasedPerYear)
  const status = deceased || state >= shares.active ? (state < shares.active + shares.inactive ? 1 : 2) : 0
  return {
    ...person,
    department,
    provider,
    status: deceased ? 1 : status,
    deceased,
    restricted: random.chance(shares.restricted),
  }
}

type Person = Pick<SeededIdentity, 'givenName' | 'surname' | 'female' | 'birthDay'>

interface Member {
  readonly id: number
  readonly random: SeededRandom
}

function personOf(from: PopulationSeed, household: Household, member: Member): Person {
  const { random } = member
  if (member.id === household.first) return headOf(from, household, random)
  if (household.kind === 'flatmates') return adult(from, random)
  const head = headOf(from, household, new SeededRandom(from.seed ^ 0x5eed_0002, household.first))
  if (household.kind === 'twice') return sameAgain(head, random)
  if (household.kind === 'namesakes') return { ...head, birthDay: childBirthDay(from, head, random) }
  const hasPartner = household.kind !== 'oneparent'
  if (hasPartner && member.id === household.first + 1) return partnerOf(from, head, random)
  return childOf(from, { household, head }, member)
}

function headOf(from: PopulationSeed, { kind }: Household, random: SeededRandom): Person {
  if (kind === 'single' || kind === 'twice') {
    return { ...someone(random), birthDay: from.openedDay - 2 - random.below(oldestDays) }
  }
  const [youngest, oldest] =
    kind === 'couple' || kind === 'flatmates' ? [20, 90] : kind === 'namesakes' ? [45, 90] : [24, 58]
  return {
    ...someone(random),
    birthDay: from.openedDay - Math.floor(random.between(youngest * 100, oldest * 100) * 3.65),
  }
}

function adult(from: PopulationSeed, random: SeededRandom): Person {
  return { ...someone(random), birthDay: from.openedDay - Math.floor(random.between(2000, 6000) * 3.65) }
}

function someone(random: SeededRandom): Omit<Person, 'birthDay'> {
  const female = random.chance(0.52)
  return { female, givenName: givenNameFor(female, random), surname: random.below(surnames.length) }
}

function givenNameFor(female: boolean, random: SeededRandom): number {
  return female ? random.below(femaleNames.length) : femaleNames.length + random.below(maleNames.length)
}

/** Mostly of the same surname; some keep their own, some join both with a hyphen. */
function partnerOf({ openedDay }: PopulationSeed, head: Person, random: SeededRandom): Person {
  const female = random.chance(0.95) ? !head.female : head.female
  const named = random.fraction()
  const own = random.below(surnames.length)
  const surname = named < shares.ownSurname ? own : head.surname
  const hyphenated = named >= shares.ownSurname && named < shares.ownSurname + shares.hyphenated
  const near = Math.min(head.birthDay + random.between(-2500, 2500), openedDay - adultDays)
  const birthDay = random.chance(shares.sameBirthDay) ? head.birthDay : near
  return {
    female,
    givenName: givenNameFor(female, random),
    surname: surname + (hyphenated ? surnames.length : 0),
    birthDay,
  }
}

/** A child of the household; the last two of one with twins are they. */
function childOf(from: PopulationSeed, of: { household: Household; head: Person }, { id, random }: Member): Person {
  const { household, head } = of
  const last = household.first + household.size - 1
  if (household.kind !== 'twins') {
    const female = random.chance(0.5)
    return {
      female,
      givenName: givenNameFor(female, random),
      surname: head.surname,
      birthDay: childBirthDay(from, head, random),
    }
  }
  const both = new SeededRandom(from.seed ^ 0x5eed_0012, household.first)
  const female = both.chance(0.5)
  const [from0, count] = female ? [0, femaleNames.length] : [femaleNames.length, maleNames.length]
  const named = both.below(count - 1)
  const birthDay = childBirthDay(from, head, both)
  // The lists are in alphabetical order: neighbours begin alike.
  return { female, givenName: from0 + named + (id === last ? 1 : 0), surname: head.surname, birthDay }
}

/** A day on which the parent was 18 to 42, and that is not to come. */
function childBirthDay({ openedDay }: PopulationSeed, head: Person, random: SeededRandom): number {
  const born = head.birthDay + Math.floor(random.between(1800, 4200) * 3.65)
  return born <= openedDay - 2
    ? born
    : openedDay - 2 - random.below(Math.max(1, openedDay - 2 - head.birthDay - 18 * 365))
}

/** The same person as somebody else wrote it down: a nickname, or day and month of birth exchanged. */
function sameAgain(head: Person, random: SeededRandom): Person {
  const short = nicknames.get(givenNames[head.givenName] ?? '') ?? []
  const givenName = short.length > 0 ? givenNames.indexOf(random.pick(short)) : head.givenName
  const birthDay = random.chance(shares.swappedBirthDay)
    ? head.birthDay + random.pick([-1, 1, 365, -365])
    : head.birthDay
  return { ...head, givenName, birthDay }
}

function pickDepartment(random: SeededRandom, departments: readonly Department[]): number {
  let left = random.fraction()
  for (const department of departments) {
    left -= department.share
    if (left < 0) return department.index
  }
  return 0
}
