/** What is written into charts between visits: a call, a letter or a renewal tells something new. */
import { allergiesIn } from '../practice/allergy-list.ts'
import { updateAllergies } from '../practice/allergy-changes.ts'
import { allergens, reactions } from '../practice/allergy-terms.ts'
import { chronicConditions } from '../practice/chart-terms.ts'
import { addMedication, deleteMedication, updateMedication } from '../practice/medication-changes.ts'
import { entryId, medicationsIn } from '../practice/medication-list.ts'
import { medications } from '../practice/medication-terms.ts'
import { survivorOf } from '../practice/patient-table.ts'
import { addProblem, endProblem, updateProblem } from '../practice/problem-changes.ts'
import { problemsIn } from '../practice/problem-list.ts'
import type { Action } from './calendar-actions.ts'
import { staffStamp, type Day } from './day.ts'
import { localDay, pickPatient } from './pick-rows.ts'

/** How often each section is written into, and how often what stands there is changed rather than something added. */
const shares = { problem: 0.5, medication: 0.3, changed: 0.5, ended: 0.4, removed: 0.15 } as const

/** Somebody writes into a patient's chart. */
export const writeChart: Action = (day, department) => {
  const asked = pickPatient(day, department)
  if (asked === undefined) return false
  const chart = { patient: survivorOf(day.state.patients, asked), today: localDay(day, department) }
  const dice = day.random.fraction()
  if (dice < shares.problem) writeProblem(day, chart)
  else if (dice < shares.problem + shares.medication) writeMedication(day, chart)
  else writeAllergy(day, chart)
  return true
}

interface Chart {
  readonly patient: number
  readonly today: number
}

function writeProblem(day: Day, { patient }: Chart): void {
  const { state, random } = day
  const there = problemsIn(state, patient).filter(({ ended }) => ended === undefined)
  if (there.length === 0 || !random.chance(shares.changed)) {
    const known = new Set(problemsIn(state, patient).map(({ condition }) => condition.snomed))
    const news = chronicConditions.filter(({ snomed }) => !known.has(snomed))
    if (news.length > 0) addProblem(state, { patient, snomed: random.pick(news).snomed }, staffStamp(day))
    return
  }
  const { id } = random.pick(there)
  if (!random.chance(shares.ended)) updateProblem(state, { patient, id, note: 'Stable.' }, staffStamp(day))
  else endProblem(state, { patient, id, remove: random.chance(shares.removed) }, staffStamp(day))
}

function writeMedication(day: Day, { patient, today }: Chart): void {
  const { state, random } = day
  const there = medicationsIn(state, patient).filter(({ historical, stopDay }) => historical && stopDay === undefined)
  if (there.length === 0 || !random.chance(shares.changed)) {
    addMedication(state, { patient, medication: random.pick(medications).id, fields: {} }, staffStamp(day))
    return
  }
  const id = entryId(random.pick(there))
  if (random.chance(shares.removed)) deleteMedication(state, { patient, id }, staffStamp(day))
  else updateMedication(state, { patient, id, fields: { stopDay: today, stopReason: 'Finished.' } }, staffStamp(day))
}

function writeAllergy(day: Day, { patient, today }: Chart): void {
  const { state, random } = day
  const there = allergiesIn(state, patient).filter(({ allergy }) => allergy.ended === undefined)
  const isChange = there.length > 0 && random.chance(shares.changed)
  const allergen = isChange ? random.pick(there).allergy.allergen.id : random.pick(allergens).id
  const { name, snomed } = random.pick(reactions)
  const endDay = isChange && random.chance(shares.ended) ? today : undefined
  const written = {
    allergen,
    endDay,
    reactions: endDay === undefined ? [{ name, snomed, severity: undefined }] : undefined,
  }
  updateAllergies(state, { patient, allergies: [written] }, staffStamp(day))
}
