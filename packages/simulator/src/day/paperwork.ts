/** What the office writes, receives and signs: scans at check-in, what comes of visits, cases, requests of pharmacies. */
import { appointmentAt } from '../practice/appointment-table.ts'
import {
  addAction,
  addDocument,
  closeDocument,
  fileDocument,
  moveDocument,
  type NewDocument,
} from '../practice/document-changes.ts'
import { caseSubjects } from '../practice/document-history.ts'
import { visitDocumentDays, visitDocuments, type VisitDocument } from '../practice/document-of-visit.ts'
import { chartDocuments } from '../practice/document-store.ts'
import { isSettled, plainCase } from '../practice/document.ts'
import { medications } from '../practice/medication-terms.ts'
import { patientStatus, survivorOf } from '../practice/patient-table.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { listed } from '../practice/practice-state.ts'
import { SeededRandom } from '../practice/seeded-random.ts'
import type { Action } from './calendar-actions.ts'
import { portalStamp, schedule, staffStamp, type Day } from './day.ts'
import { localDay, pickPatient } from './pick-rows.ts'

const minuteMs = 60_000
/** Share of check-ins at which a form or card is scanned. */
const scanShare = 0.12
const scannedSubclasses = ['ADMIN_INSURANCECARD', 'ADMIN_CONSENT', 'ADMIN_SIGNEDFORMSLETTERS'] as const

/** Takes up what is still to come of the last days' visits; answers who must be told of the practice's changes. */
export function planPaperwork(day: Day): (event: PracticeEvent) => void {
  for (const position of recentVisits(day)) expectDocuments(day, position)
  return (event) => {
    if (event.feed !== 'appointments') return
    const position = appointmentAt(day.state.appointments, event.id)
    if (position === undefined) return
    if (event.name === 'CheckOut') expectDocuments(day, position)
    else if (event.name === 'CheckIn') scan(day, position)
  }
}

/** Positions of the visits that documents may still come of. */
function recentVisits(day: Day): number[] {
  const { appointments: table } = day.state
  const today = localDay(day, 0)
  const days = Array.from({ length: visitDocumentDays + 1 }, (_, back) => today - back)
  return days.flatMap((date) =>
    (table.liveByDay.get(date) ?? []).filter((position) => table.checkedOutAt.get(position) !== 0),
  )
}

function expectDocuments(day: Day, position: number): void {
  const now = day.clock.now()
  for (const planned of visitDocuments(day.state, position)) {
    if (planned.dueAt > now) schedule(day, planned.dueAt, () => comeIn(day, position, planned))
    else expectSignature(day, position, planned)
  }
}

function comeIn(day: Day, position: number, planned: VisitDocument): void {
  const { state } = day
  const patient = state.appointments.patient.get(position)
  if (patientStatus(state.patients, patient) === 'deleted') return
  fileDocument(state, (id) => planned.make(id, patient), { at: day.clock.now(), by: '' })
  expectSignature(day, position, planned)
}

function expectSignature(day: Day, position: number, { class: kind, signedAt }: VisitDocument): void {
  const { state } = day
  if (signedAt === undefined || signedAt <= day.clock.now()) return
  schedule(day, signedAt, () => {
    const chart = survivorOf(state.patients, state.appointments.patient.get(position))
    const waiting = chartDocuments(state, chart).find(
      (document) => document.appointment === position && document.class === kind && !isSettled(document),
    )
    if (waiting === undefined) return
    const by = listed(state.providers, state.appointments.provider.get(position)).userName
    closeDocument(state, { id: waiting.id }, { at: day.clock.now(), by })
  })
}

/** Whether something is scanned follows from seed and appointment, so that it does not depend on what else happens. */
function scan(day: Day, position: number): void {
  const { state } = day
  const dice = new SeededRandom(state.seed ^ 0x5eed_00d3, position)
  if (!dice.chance(scanShare)) return
  const subclass = dice.pick(scannedSubclasses)
  const patient = state.appointments.patient.get(position)
  const department = state.appointments.department.get(position)
  const status = dice.chance(0.6) ? 'CLOSED' : 'REVIEW'
  schedule(day, day.clock.now() + dice.between(1, 12) * minuteMs, () => {
    const scanned: NewDocument = { class: 'ADMIN', subclass, patient, department, fields: { status } }
    addDocument(state, scanned, staffStamp(day))
  })
}

/** Somebody calls about something that is no appointment. */
export const takeCall: Action = (day, department) => {
  const id = openCase(day, department, { source: 'PATIENT', route: 'PHONE' })
  if (id === undefined) return false
  workOn(day, id)
  return true
}

/** Somebody writes through the patient portal while nobody is at work. */
export const writeToOffice: Action = (day, department) => {
  const id = openCase(day, department, { source: 'PORTAL', route: 'PORTAL' })
  if (id === undefined) return false
  workOn(day, id)
  return true
}

interface Way {
  readonly source: 'PATIENT' | 'PORTAL'
  readonly route: string
}

function openCase(day: Day, department: number, { source, route }: Way): number | undefined {
  const { state, random } = day
  const patient = pickPatient(day, department)
  if (patient === undefined) return undefined
  const opened: NewDocument = {
    class: 'PATIENTCASE',
    subclass: random.chance(0.3) ? 'PATIENTCASE_OTHER' : 'PATIENTCASE',
    patient,
    department,
    fields: {
      source,
      route,
      subject: random.pick(caseSubjects),
      priority: random.chance(0.1) ? '1' : '2',
      provider: state.patients.provider.get(patient) === 0 ? undefined : state.patients.provider.get(patient) - 1,
      patientCase: { ...plainCase, callbackNumberType: 'HOME' },
    },
  }
  return addDocument(state, opened, source === 'PORTAL' ? portalStamp(day) : staffStamp(day))
}

/** Somebody looks into a case, the patient is told, and it is closed; a few wait for ever. */
function workOn(day: Day, id: number): void {
  const { state, random, clock } = day
  if (random.chance(0.1)) return
  const lookedAt = clock.now() + random.between(5, 90) * minuteMs
  const toldAt = lookedAt + random.between(5, 240) * minuteMs
  const closedAt = toldAt + random.between(1, 60) * minuteMs
  schedule(day, lookedAt, () => addAction(state, { id, text: 'Looked into it.' }, staffStamp(day)))
  schedule(day, toldAt, () => moveDocument(state, { id, status: 'NOTIFY' }, staffStamp(day)))
  schedule(day, closedAt, () => closeDocument(state, { id, reason: 1 }, staffStamp(day)))
}

/** A pharmacy asks whether a patient may have more of a medicine, and the provider answers within the day. */
export const requestRenewal: Action = (day, department) => {
  const { state, random, clock } = day
  const patient = pickPatient(day, department)
  if (patient === undefined) return false
  const provider = state.patients.provider.get(patient)
  const requested: NewDocument = {
    class: 'PRESCRIPTION',
    subclass: 'PRESCRIPTION_RENEWAL',
    patient,
    department,
    fields: {
      source: 'INTERFACE',
      route: 'INTERFACE',
      description: random.pick(medications).name,
      provider: provider === 0 ? undefined : provider - 1,
    },
  }
  const id = addDocument(state, requested, staffStamp(day))
  schedule(day, clock.now() + random.between(20, 400) * minuteMs, () => closeDocument(state, { id }, staffStamp(day)))
  return true
}
