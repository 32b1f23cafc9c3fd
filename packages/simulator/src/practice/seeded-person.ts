/** The people behind seeded patients: what a household shares, and who stands for whom. */
import type { Department } from './department.ts'
import {
  adultDays,
  householdOf,
  memberIdentity,
  type Household,
  type PopulationSeed,
  type SeededIdentity,
} from './household.ts'
import { femaleNames, givenNames, maleNames, seededSurnames, streetKinds, streets } from './person-names.ts'
import { listed } from './practice-state.ts'
import { SeededRandom } from './seeded-random.ts'

export interface SeededPerson {
  readonly id: number
  readonly from: PopulationSeed
  readonly household: Household
  readonly identity: SeededIdentity
  readonly givenName: string
  readonly surname: string
  readonly department: Department
  /** Not yet 18 on the day the practice was made. */
  readonly isMinor: boolean
}

/** The person a seeded patient was on the day the practice was made. */
export function seededPerson(from: PopulationSeed, id: number): SeededPerson {
  return memberOf(from, householdOf(from.seed, id), id)
}

/** A member of a household, whether the practice is large enough to have it as a patient or not. */
function memberOf(from: PopulationSeed, household: Household, id: number): SeededPerson {
  const identity = memberIdentity(from, household, id)
  return {
    id,
    from,
    household,
    identity,
    givenName: listed(givenNames, identity.givenName),
    surname: listed(seededSurnames, identity.surname),
    department: listed(from.departments, identity.department),
    isMinor: from.openedDay - identity.birthDay < adultDays,
  }
}

/** The first of the household, who for children is a parent. */
export function headOf(person: SeededPerson): SeededPerson {
  const { household, from } = person
  return person.id === household.first ? person : memberOf(from, household, household.first)
}

export interface Companion {
  readonly name: string
  /** As `contactrelationship` has it. */
  readonly relationship: string
  /** The patient's id where it is one of the household. */
  readonly id: number | undefined
}

const strangers = ['SPOUSE', 'PARENT', 'CHILD', 'SIBLING', 'FRIEND'] as const

/** Who is called when something happens: the other adult of the household, the parent of a child, or somebody unknown here. */
export function companionOf(person: SeededPerson, random: SeededRandom): Companion {
  const { household, from, id, surname } = person
  const { kind, first } = household
  if (kind === 'single' || kind === 'twice') {
    const name = random.pick(random.chance(0.5) ? femaleNames : maleNames)
    return { name: `${name} ${surname}`, relationship: random.pick(strangers), id: undefined }
  }
  const other = memberOf(from, household, id === first ? first + 1 : first)
  return { name: `${other.givenName} ${other.surname}`, relationship: relationshipOf(person, other), id: other.id }
}

function relationshipOf({ household: { kind, first }, id }: SeededPerson, other: SeededPerson): string {
  if (kind === 'flatmates') return 'FRIEND'
  if (kind === 'namesakes' || kind === 'oneparent') return other.id === first ? 'PARENT' : 'CHILD'
  return id <= first + 1 ? 'SPOUSE' : 'PARENT'
}

export interface Home {
  readonly address1: string
  readonly address2: string | undefined
  readonly homephone: string
  /** One e-mail address for the couple. */
  readonly sharesEmail: boolean
}

const sharesEmailShare = 0.12

/** Where the household lives. */
export function homeOf({ from, household, department }: SeededPerson): Home {
  const random = new SeededRandom(from.seed ^ 0x5eed_0013, household.first)
  return {
    address1: `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`,
    address2: random.chance(0.15) ? `Apt ${random.between(1, 40)}` : undefined,
    homephone: inventedPhone(random, department.areaCode),
    sharesEmail: random.chance(sharesEmailShare),
  }
}

/** The person's e-mail address; children have none, some couples one for both. */
export function emailOf(person: SeededPerson): string | undefined {
  const { household, id } = person
  if (person.isMinor) return undefined
  const isPartner = id === household.first + 1 && household.kind !== 'flatmates' && household.kind !== 'namesakes'
  if (isPartner && homeOf(person).sharesEmail) return emailOf(headOf(person))
  const random = new SeededRandom(person.from.seed ^ 0x5eed_0014, id)
  return random.chance(0.8) ? inventedEmail(person.givenName, person.surname, id) : undefined
}

/** An address at example.com, in letters that every mail system takes. */
export function inventedEmail(givenName: string, surname: string, number: number): string {
  const plain = (name: string): string =>
    name
      .normalize('NFD')
      .toLowerCase()
      .replace(/[^a-z]/g, '')
  return `${plain(givenName)}.${plain(surname)}.${number}@example.com`
}

/** All nine digits; numbers beginning with 9 were never given to a person. */
export function socialSecurityNumberOf({ from, id }: Pick<SeededPerson, 'from' | 'id'>): string {
  return `9876543${twoDigits(new SeededRandom(from.seed ^ 0x5eed_0015, id).below(100))}`
}

/** Ten digits from the range that no telephone has: 555-0100 to 555-0199. */
export function inventedPhone(random: SeededRandom, areaCode: string): string {
  return `${areaCode}55501${twoDigits(random.below(100))}`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')
