/**
 * What a seeded patient's chart holds from the years before the practice was made: a pure function of the seed and the
 * patient, worked out anew for each look, so that a million charts nobody opens cost nothing.
 */
import { chartDice, chartPerson, seededAuthor } from './chart-person.ts'
import { dayMs } from './calendar-date.ts'
import { plainCase, plainDocument, type Document } from './document.ts'
import type { DocumentClass } from './document-class.ts'
import { usualType } from './document-type.ts'
import { seededIdentity } from './household.ts'
import { drawAnalytes, labFacilities, labPanels } from './lab-panel.ts'
import { medications } from './medication-terms.ts'
import { pastDays, templateUser } from './populate-schedule.ts'
import type { PracticeState } from './practice-state.ts'
import { providerCount } from './provider.ts'
import { plainResult } from './result-details.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Id of the first document of the past; far from the ids of patients and appointments, so that mixed-up ids show. */
export const firstHistoryId = 20_000_000
/** Ids set aside for each patient's past. */
export const historyIdsPerPatient = 32

const yearsBack = 4
const hourMs = 3_600_000
const salt = 0x5eed_00d1

interface Past {
  readonly state: PracticeState
  readonly random: SeededRandom
  readonly patient: number
  readonly department: number
  readonly provider: number | undefined
  readonly firstDay: number
  readonly lastDay: number
  readonly documents: Document[]
}

/** The documents of a patient from before the calendar begins, oldest id first; none for one registered later. */
export function documentHistory(state: PracticeState, patient: number): readonly Document[] {
  const person = chartPerson(state, patient)
  if (person === undefined) return []
  const random = chartDice(state, patient, salt)
  const { seed, openedDay } = state.patients
  const { departments } = state
  const { department } = seededIdentity({ seed, openedDay, departments, providersByDepartment: [] }, patient)
  const lastDay = openedDay - pastDays - 1
  const firstDay = Math.max(person.birthDay + 1, Math.floor(openedDay - yearsBack * 365))
  if (firstDay > lastDay) return []
  const provider = seededProvider(state, department, random)
  const past: Past = { state, random, patient, department, provider, firstDay, lastDay, documents: [] }
  addForms(past)
  addRecords(past)
  addResults(past)
  addMessages(past)
  return past.documents
}

/** A provider who was there when the practice was made; one of the department if it has any. */
export function seededProvider(state: PracticeState, department: number, random: SeededRandom): number | undefined {
  const first = state.providers.slice(0, providerCount(state.patients.seeded))
  const home = first.filter((provider) => provider.home === department)
  const among = home.length > 0 ? home : first
  return among.length === 0 ? undefined : random.pick(among).index
}

type Extra = Partial<Omit<Document, 'id' | 'class' | 'subclass' | 'patient' | 'createdAt'>>

/** Files one closed document on a day of the patient's past. */
function file(past: Past, kind: DocumentClass, { subclass, ...extra }: Extra & { readonly subclass: string }): void {
  const { state, random, patient, department, provider, documents } = past
  const day = random.between(past.firstDay, past.lastDay)
  const { at, by } = seededAuthor(random, day)
  const modifiedAt = at + random.between(1, 30) * hourMs
  const signer = provider === undefined ? by : (state.providers[provider]?.userName ?? by)
  documents.push({
    ...plainDocument({
      id: firstHistoryId + patient * historyIdsPerPatient + documents.length,
      class: kind,
      subclass,
      patient,
      department,
      typeId: usualType(subclass).id,
      at,
      by,
    }),
    status: 'CLOSED',
    provider,
    assignedTo: signer,
    documentDay: day,
    modifiedAt,
    modifiedBy: signer,
    ...extra,
  })
}

function addForms(past: Past): void {
  const { random } = past
  file(past, 'ADMIN', { subclass: 'ADMIN_HIPAA' })
  if (random.chance(0.7)) file(past, 'ADMIN', { subclass: 'ADMIN_CONSENT' })
  if (random.chance(0.5)) file(past, 'ADMIN', { subclass: 'ADMIN_INSURANCECARD', route: 'MANUAL' })
  if (random.chance(0.1)) {
    file(past, 'ADMIN', { subclass: 'ADMIN_MEDICALRECORDREQ', internalNote: 'Sent to the records office.' })
  }
}

function addRecords(past: Past): void {
  const { random } = past
  if (random.chance(0.3)) file(past, 'CLINICALDOCUMENT', { subclass: 'CLINICALDOCUMENT_CONSULTNOTE' })
  if (random.chance(0.08)) file(past, 'CLINICALDOCUMENT', { subclass: 'CLINICALDOCUMENT_URGENTCARE' })
  if (random.chance(0.25)) file(past, 'MEDICALRECORD', { subclass: 'MEDICALRECORD_HISTORICAL' })
  if (random.chance(0.2)) file(past, 'LETTER', { subclass: 'LETTER', source: 'MANUAL', route: 'MAIL' })
  if (random.chance(0.15)) {
    const description = random.pick(medications).name
    file(past, 'PRESCRIPTION', { subclass: 'PRESCRIPTION_RENEWAL', description, route: 'INTERFACE' })
  }
}

function addResults(past: Past): void {
  const { random } = past
  if (random.chance(0.15)) {
    file(past, 'IMAGINGRESULT', {
      subclass: 'IMAGINGRESULT',
      typeId: random.pick([391402, 391403, 391404]),
      source: 'INTERFACE',
      route: 'INTERFACE',
      result: { ...plainResult, resultStatus: 'final', interpretation: 'No acute findings.' },
    })
  }
  const results = random.below(5)
  for (let count = 0; count < results; count += 1) addLabResult(past)
}

function addLabResult(past: Past): void {
  const { random, patient, documents } = past
  const panel = random.pick(labPanels)
  const id = firstHistoryId + patient * historyIdsPerPatient + documents.length
  file(past, 'LABRESULT', {
    subclass: 'LABRESULT',
    typeId: panel.typeId,
    source: panel.inOffice ? 'MANUAL' : 'INTERFACE',
    route: panel.inOffice ? 'FAX' : 'INTERFACE',
  })
  const filed = documents.pop()
  if (filed === undefined) return
  // Blood was taken on the working day whose end the result was made at.
  const observedDay = Math.floor(filed.createdAt / dayMs) - (panel.inOffice ? 0 : 1)
  documents.push({
    ...filed,
    createdBy: panel.inOffice ? filed.createdBy : templateUser,
    observedDay,
    observedMinutes: random.between(8 * 60, 16 * 60),
    result: {
      ...plainResult,
      loinc: panel.loinc,
      resultStatus: 'final',
      reportStatus: panel.inOffice ? undefined : 'final',
      facilityId: panel.inOffice ? undefined : random.pick(labFacilities).id,
      publishedAt: random.chance(0.6) ? filed.modifiedAt : undefined,
      patientNote: random.chance(0.25) ? 'Your results look fine.' : undefined,
      analytes: drawAnalytes(panel, random, id * 16),
    },
  })
}

/** What patients call about. */
export const caseSubjects: readonly string[] = [
  'Question about a bill',
  'Wants to know the results',
  'Asks for a form',
  'Refill of a prescription',
]

function addMessages(past: Past): void {
  const { random } = past
  if (random.chance(0.15)) {
    file(past, 'PHONEMESSAGE', { subclass: 'PHONEMESSAGE', source: 'MANUAL', text: 'Called, will call again.' })
  }
  const cases = random.chance(0.35) ? random.between(1, 2) : 0
  for (let count = 0; count < cases; count += 1) {
    const subclass = random.chance(0.3) ? 'PATIENTCASE_OTHER' : 'PATIENTCASE'
    file(past, 'PATIENTCASE', {
      subclass,
      source: 'PATIENT',
      route: 'PHONE',
      subject: random.pick(caseSubjects),
      patientCase: { ...plainCase, callbackNumberType: 'HOME', closeReason: 1 },
    })
  }
}
