/**
 * What a visit leaves behind: a note of the visit, a prescription, and results, most of them the day after. When and
 * what follows from the seed and the appointment, for visits before the practice was made and for those since.
 */
import { plainDocument, type Document } from './document.ts'
import type { DocumentClass } from './document-class.ts'
import { usualType } from './document-type.ts'
import { drawAnalytes, labFacilities, labPanels } from './lab-panel.ts'
import { medications } from './medication-terms.ts'
import { staffUsers, startOf, templateUser } from './populate-schedule.ts'
import { listed, type PracticeState } from './practice-state.ts'
import { plainResult } from './result-details.ts'
import { SeededRandom } from './seeded-random.ts'
import { instantOf, wallTime } from './zone-time.ts'

/** Ids set aside for the documents of one visit. */
export const documentIdsPerVisit = 8
/** Nothing comes of a visit later than so many days after it. */
export const visitDocumentDays = 3

const minuteMs = 60_000
const hour = 3600
const shares = { note: 0.5, prescription: 0.2, result: 0.35, imaging: 0.05, seenInPortal: 0.6 } as const

/** A document that comes of a visit. Times are epoch ms. */
export interface VisitDocument {
  /** Which of the visit's documents it is, from 0. */
  readonly number: number
  readonly class: DocumentClass
  /** When it comes in: always after the check-out. */
  readonly dueAt: number
  /** When a provider has signed it off; undefined when it needs no signature. */
  readonly signedAt: number | undefined
  /** The document as it comes in. */
  make(id: number, patient: number): Document
}

interface Visit {
  readonly state: PracticeState
  readonly position: number
  readonly random: SeededRandom
  readonly leftAt: number
}

/** The documents of a visit that was checked out; none while it lasts. */
export function visitDocuments(state: PracticeState, position: number): readonly VisitDocument[] {
  const leftAt = state.appointments.checkedOutAt.get(position) * 1000
  if (leftAt === 0) return []
  const visit: Visit = { state, position, leftAt, random: new SeededRandom(state.seed ^ 0x5eed_00d2, position) }
  const { random } = visit
  const documents: VisitDocument[] = []
  if (random.chance(shares.note)) documents.push(noteOf(visit))
  if (random.chance(shares.prescription)) documents.push(prescriptionOf(visit))
  if (random.chance(shares.result)) documents.push(labResultOf(visit))
  if (random.chance(shares.imaging)) documents.push(imagingOf(visit))
  return documents
}

type Extra = Partial<Omit<Document, 'id' | 'class' | 'subclass' | 'patient'>>

/** A document of the visit by the staff, for the provider who saw the patient. */
function visitDocument(
  { state, position }: Visit,
  { number, dueAt, signedAt }: Pick<VisitDocument, 'number' | 'dueAt' | 'signedAt'>,
  form: { readonly class: DocumentClass; readonly subclass: string; readonly extra: (id: number) => Extra },
): VisitDocument {
  const { appointments: table } = state
  const provider = table.provider.get(position)
  const core = {
    class: form.class,
    subclass: form.subclass,
    department: table.department.get(position),
    typeId: usualType(form.subclass).id,
    at: dueAt,
    by: staffUsers[position % staffUsers.length] ?? '',
  }
  return {
    number,
    class: form.class,
    dueAt,
    signedAt,
    make: (id, patient) => ({
      ...plainDocument({ ...core, id, patient }),
      appointment: position,
      provider,
      assignedTo: listed(state.providers, provider).userName,
      documentDay: table.day.get(position),
      ...form.extra(id),
    }),
  }
}

function noteOf(visit: Visit): VisitDocument {
  const dueAt = visit.leftAt + visit.random.between(2, 40) * minuteMs
  const extra: Extra = { source: 'MANUAL', status: 'CLOSED' }
  return visitDocument(
    visit,
    { number: 0, dueAt, signedAt: undefined },
    { class: 'ENCOUNTERDOCUMENT', subclass: 'ENCOUNTERDOCUMENT_PROGRESSNOTE', extra: () => extra },
  )
}

/** Sent to the pharmacy, which confirms it within the hour. */
function prescriptionOf(visit: Visit): VisitDocument {
  const { random, leftAt } = visit
  const dueAt = leftAt + random.between(1, 6) * minuteMs
  const signedAt = dueAt + random.between(5, 55) * minuteMs
  const description = random.pick(medications).name
  const extra: Extra = { source: 'ENCOUNTER', route: 'INTERFACE', status: 'SUBMITTED', description }
  return visitDocument(
    visit,
    { number: 1, dueAt, signedAt },
    { class: 'PRESCRIPTION', subclass: 'PRESCRIPTION', extra: () => extra },
  )
}

function labResultOf(visit: Visit): VisitDocument {
  const { state, position, random, leftAt } = visit
  const { appointments: table } = state
  const panel = random.pick(labPanels)
  const dueAt = panel.inOffice ? leftAt + random.between(1, 10) * minuteMs : nextDay(visit, 1)
  const signedAt = dueAt + random.between(30, 480) * minuteMs
  const facilityId = panel.inOffice ? undefined : random.pick(labFacilities).id
  const publishedAt = random.chance(shares.seenInPortal) ? dueAt : undefined
  const valueSeed = random.below(2 ** 31)
  const byLaboratory: Extra = panel.inOffice
    ? { source: 'MANUAL', route: 'FAX' }
    : { source: 'INTERFACE', route: 'INTERFACE', createdBy: templateUser, modifiedBy: templateUser }
  const extra = (id: number): Extra => ({
    typeId: panel.typeId,
    ...byLaboratory,
    observedDay: table.day.get(position),
    observedMinutes: table.start.get(position) + 10,
    result: {
      ...plainResult,
      loinc: panel.loinc,
      resultStatus: 'final',
      reportStatus: panel.inOffice ? undefined : 'final',
      facilityId,
      publishedAt,
      analytes: drawAnalytes(panel, new SeededRandom(valueSeed), id * 16),
    },
  })
  return visitDocument(visit, { number: 2, dueAt, signedAt }, { class: 'LABRESULT', subclass: 'LABRESULT', extra })
}

function imagingOf(visit: Visit): VisitDocument {
  const { state, position, random } = visit
  const dueAt = nextDay(visit, random.between(1, 2))
  const signedAt = dueAt + random.between(30, 480) * minuteMs
  const extra: Extra = {
    typeId: random.pick([391402, 391403, 391404]),
    source: 'INTERFACE',
    route: 'INTERFACE',
    createdBy: templateUser,
    modifiedBy: templateUser,
    observedDay: state.appointments.day.get(position),
    result: { ...plainResult, resultStatus: 'final', reportStatus: 'final', interpretation: 'No acute findings.' },
  }
  return visitDocument(
    visit,
    { number: 3, dueAt, signedAt },
    { class: 'IMAGINGRESULT', subclass: 'IMAGINGRESULT', extra: () => extra },
  )
}

/** Between six in the morning and six in the evening some days later, on the department's clock. */
function nextDay({ state, position, random, leftAt }: Visit, days: number): number {
  const { zone } = listed(state.departments, state.appointments.department.get(position))
  const { day } = wallTime(zone, Math.max(leftAt, startOf(state, position)))
  return instantOf(zone, { day: day + days, seconds: random.between(6 * hour, 18 * hour) })
}
