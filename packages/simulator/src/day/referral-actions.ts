/** What happens to the list of referring providers: one moves, a new one is noted, one stops, one comes back. */
import { femaleNames, maleNames, streetKinds, streets, surnames } from '../practice/person-names.ts'
import { listed } from '../practice/practice-state.ts'
import { listedReferringProviders, referringProviders } from '../practice/referring-provider.ts'
import {
  addReferringProvider,
  deleteReferringProvider,
  undeleteReferringProvider,
  updateReferringProvider,
} from '../practice/referring-provider-changes.ts'
import { inventedPhone } from '../practice/seeded-person.ts'
import type { Action } from './calendar-actions.ts'
import { staffStamp } from './day.ts'

const shares = { added: 0.3, deleted: 0.1, broughtBack: 0.1 } as const

export const changeReferral: Action = (day, department) => {
  const { state, random } = day
  const { areaCode, city, state: region, zip } = listed(state.departments, department)
  const address = `${random.between(1, 980)} ${random.pick(streets)} ${random.pick(streetKinds)}`
  const place = { address, city, state: region, zip, phone: inventedPhone(random, areaCode) }
  const dice = random.fraction()
  if (dice < shares.added) {
    const firstname = random.pick(random.chance(0.5) ? femaleNames : maleNames)
    const fields = { entitytype: 'PERSON', firstname, lastname: random.pick(surnames), ...place }
    addReferringProvider(state, fields, staffStamp(day))
    return true
  }
  const there = listedReferringProviders(state)
  const gone = [...referringProviders(state).deleted]
  if (dice < shares.added + shares.broughtBack && gone.length > 0) {
    undeleteReferringProvider(state, random.pick(gone), staffStamp(day))
  } else if (there.length === 0) return false
  else if (dice > 1 - shares.deleted) deleteReferringProvider(state, random.pick(there), staffStamp(day))
  else updateReferringProvider(state, { index: random.pick(there), fields: place }, staffStamp(day))
  return true
}
