/** The employers that patients can be registered with: some invented ones, and what was written since. */
import { streetKinds, streets, surnames } from './person-names.ts'
import { practicePart } from './practice-part.ts'
import { changeTime, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'
import { inventedPhone } from './seeded-person.ts'
import { SeededRandom } from './seeded-random.ts'

/** By athenahealth's name; `countryid` is kept and not shown. */
export type EmployerFields = Readonly<Record<string, string>>

export const employerFields = ['name', 'address', 'city', 'state', 'zip', 'phone', 'fax', 'countryid'] as const

interface Employers {
  readonly byId: Map<number, EmployerFields>
  readonly deleted: Set<number>
  nextId: number
}

const seeded = 25
const salt = 0x5eed_0024
const trades = ['Mills', 'Foundry', 'Bakery', 'Freight', 'Software', 'Schools', 'Farms'] as const

const employersPart = practicePart((state): Employers => {
  const byId = new Map<number, EmployerFields>()
  for (let id = 1; id <= seeded; id += 1) byId.set(id, seededEmployer(state, id))
  return { byId, deleted: new Set(), nextId: seeded + 1 }
})

function seededEmployer({ seed, departments }: PracticeState, id: number): EmployerFields {
  const random = new SeededRandom(seed ^ salt, id)
  const { city, state, zip, areaCode } = random.pick(departments)
  return {
    name: `${random.pick(surnames)} ${random.pick(trades)}`,
    address: `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`,
    city,
    state,
    zip,
    phone: inventedPhone(random, areaCode),
    fax: inventedPhone(random, areaCode),
  }
}

/** Ids of those that are not deleted, in order. */
export function employerIds(state: PracticeState): number[] {
  const { byId, deleted } = employersPart(state)
  return [...byId.keys()].filter((id) => !deleted.has(id))
}

/** Refuses `unknown_record`, also for a deleted one. */
export function employerRecord(state: PracticeState, id: number): EmployerFields {
  const { byId, deleted } = employersPart(state)
  const fields = byId.get(id)
  if (fields === undefined || deleted.has(id)) throw new Refusal('unknown_record')
  const { countryid: _, ...shown } = fields
  return { id: String(id), ...shown }
}

/** Adds one and answers its id. */
export function addEmployer(state: PracticeState, fields: EmployerFields, stamp: Stamp): number {
  const part = employersPart(state)
  changeTime(state, stamp)
  const id = part.nextId
  part.nextId += 1
  part.byId.set(id, fields)
  return id
}

/** Refuses `unknown_record`. */
export function updateEmployer(
  state: PracticeState,
  { id, fields }: { id: number; fields: EmployerFields },
  stamp: Stamp,
): void {
  employerRecord(state, id)
  changeTime(state, stamp)
  const { byId } = employersPart(state)
  byId.set(id, { ...byId.get(id), ...fields })
}

/** Refuses `unknown_record`. */
export function deleteEmployer(state: PracticeState, id: number, stamp: Stamp): void {
  employerRecord(state, id)
  changeTime(state, stamp)
  employersPart(state).deleted.add(id)
}

/** Refuses `not_deleted`. */
export function undeleteEmployer(state: PracticeState, id: number, stamp: Stamp): void {
  const { deleted } = employersPart(state)
  if (!deleted.has(id)) throw new Refusal('not_deleted')
  changeTime(state, stamp)
  deleted.delete(id)
}
