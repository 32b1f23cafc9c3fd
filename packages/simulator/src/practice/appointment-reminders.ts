/** Reminders to book: a patient should be seen again about a certain day, and someone will call them when it comes near. */
import { dateText } from './calendar-date.ts'
import { patientExists, patientStatus, survivorOf } from './patient-table.ts'
import { practicePart } from './practice-part.ts'
import { changeTime, listed, type PracticeState, type Stamp } from './practice-state.ts'
import { Refusal } from './refusal.ts'

/** The one status ever recorded; which others there are is not known, so any text may be written. */
const firstStatus = 'Scheduled'
const deletedStatus = 'Deleted'

export interface ReminderInput {
  readonly patient: number
  /** Index. */
  readonly department: number
  /** Day number about which the appointment should be. */
  readonly approximateDay: number
  /** Indexes. */
  readonly provider?: number | undefined
  readonly type?: number | undefined
  readonly note?: string | undefined
  readonly instructions?: string | undefined
}

export interface AppointmentReminder extends ReminderInput {
  readonly id: number
  readonly status: string
  readonly deleted: boolean
}

interface Reminders {
  readonly byId: Map<number, AppointmentReminder>
  nextId: number
}

const remindersPart = practicePart((): Reminders => ({ byId: new Map(), nextId: 14_334 }))

/** Every reminder, deleted ones too, in the order they were made; patients merged since are the survivors. */
export function appointmentReminders(state: PracticeState): AppointmentReminder[] {
  return [...remindersPart(state).byId.values()].map((reminder) => ({
    ...reminder,
    patient: survivorOf(state.patients, reminder.patient),
  }))
}

/** Refuses `unknown_record`. */
export function appointmentReminder(state: PracticeState, id: number): AppointmentReminder {
  const reminder = appointmentReminders(state).find((candidate) => candidate.id === id)
  if (reminder === undefined) throw new Refusal('unknown_record')
  return reminder
}

/** Makes a reminder and answers its id. Refuses `unknown_patient`, `patient_gone`. */
export function addReminder(state: PracticeState, input: ReminderInput, stamp: Stamp): number {
  if (!patientExists(state.patients, input.patient)) throw new Refusal('unknown_patient')
  const status = patientStatus(state.patients, input.patient)
  if (status === 'deleted' || status === 'merged') throw new Refusal('patient_gone')
  changeTime(state, stamp)
  const reminders = remindersPart(state)
  const id = reminders.nextId
  reminders.byId.set(id, { ...input, id, status: firstStatus, deleted: false })
  reminders.nextId += 1
  return id
}

export type ReminderEdit = Partial<Omit<AppointmentReminder, 'id' | 'deleted' | 'patient' | 'department'>>

/** Changes what is given. Refuses `unknown_record`, also for a deleted one. */
export function editReminder(
  state: PracticeState,
  { id, edit }: { id: number; edit: ReminderEdit },
  stamp: Stamp,
): void {
  const reminder = appointmentReminder(state, id)
  if (reminder.deleted) throw new Refusal('unknown_record')
  changeTime(state, stamp)
  remindersPart(state).byId.set(id, { ...reminder, ...edit })
}

/** A deleted reminder stays, to be seen with `showdeleted`. Refuses `unknown_record`. */
export function deleteReminder(state: PracticeState, id: number, stamp: Stamp): void {
  const reminder = appointmentReminder(state, id)
  if (reminder.deleted) throw new Refusal('unknown_record')
  changeTime(state, stamp)
  remindersPart(state).byId.set(id, { ...reminder, status: deletedStatus, deleted: true })
}

/** A reminder as on the wire (recorded names; ids as text in one recording, numbers in a public model of the same). */
export function reminderRecord(state: PracticeState, reminder: AppointmentReminder): Record<string, unknown> {
  const { provider, type, note, instructions } = reminder
  const optional = {
    providerid: provider === undefined ? undefined : Number(listed(state.providers, provider).id),
    appointmenttypeid: type === undefined ? undefined : Number(listed(state.types, type).id),
    note,
    patientinstructions: instructions,
  }
  return {
    appointmentreminderid: reminder.id,
    patientid: reminder.patient,
    departmentid: Number(listed(state.departments, reminder.department).id),
    approximatedate: dateText(reminder.approximateDay),
    status: reminder.status,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}
