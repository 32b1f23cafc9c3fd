/** What a practice can schedule: appointment types, the reasons patients choose from, and reasons for cancelling. */

export interface AppointmentType {
  readonly id: string
  /** Position in the practice's list; appointments refer to it. */
  readonly index: number
  readonly name: string
  readonly shortName: string
  readonly patientName: string
  readonly durationMinutes: number
  /** A generic slot may be booked as any type that fits ("Any 15"). */
  readonly generic: boolean
  /** False for types that patients never see, such as meetings. */
  readonly patientFacing: boolean
  /** Slots of the type must be booked as another one. */
  readonly templateOnly: boolean
  /** Completed check-in opens an encounter. */
  readonly opensEncounter: boolean
  /** The visit is a video call. */
  readonly byVideo: boolean
}

export interface AppointmentReason {
  readonly id: string
  readonly reason: string
  readonly description: string
  readonly audience: 'new' | 'existing' | 'all'
  /** Index of the appointment type it is booked as. */
  readonly type: number
  /** The slot must start at least so many hours from now, and at most so many days. */
  readonly minHours: number
  readonly maxDays: number
}

export interface CancelReason {
  readonly id: string
  readonly name: string
  readonly noShow: boolean
  readonly patientRescheduled: boolean
  readonly providerUnavailable: boolean
  /** Cancelling for this reason opens the time again. */
  readonly slotAvailable: boolean
}

type TypeRow = readonly [id: string, shortName: string, name: string, minutes: number, flags?: string]

const typeRows: readonly TypeRow[] = [
  ['82', 'ANY15', 'Any 15', 15, 'generic'],
  ['83', 'ANY20', 'Any 20', 20, 'generic'],
  ['84', 'ANY30', 'Any 30', 30, 'generic'],
  ['2', 'OV', 'Office Visit', 15],
  ['8', 'NEW', 'New Patient Visit', 30],
  ['11', 'FU', 'Follow Up', 15],
  ['61', 'PE', 'Annual Physical', 30],
  ['62', 'VAX', 'Vaccination', 15, 'no-encounter'],
  ['63', 'LAB', 'Lab Draw', 15, 'no-encounter'],
  ['101', 'VIDEO', 'Video Visit', 20, 'video'],
  ['102', 'IMG', 'Imaging', 30],
  ['201', 'MTG', 'Staff Meeting', 30, 'internal'],
  ['202', 'HOLD', 'Template Hold', 15, 'internal template'],
]

export function makeAppointmentTypes(): AppointmentType[] {
  return typeRows.map(([id, shortName, name, durationMinutes, flags = ''], index) => ({
    id,
    index,
    name,
    shortName,
    patientName: name,
    durationMinutes,
    generic: flags.includes('generic'),
    patientFacing: !flags.includes('internal'),
    templateOnly: flags.includes('template'),
    opensEncounter: !/internal|no-encounter/.test(flags),
    byVideo: flags.includes('video'),
  }))
}

type ReasonRow = readonly [
  id: string,
  audience: AppointmentReason['audience'],
  typeId: string,
  minHours: number,
  reason: string,
  description: string,
]

const reasonRows: readonly ReasonRow[] = [
  ['541', 'new', '8', 1, 'New Patient', 'First visit with this practice.'],
  ['563', 'existing', '11', 24, 'Follow Up', 'Seeing the provider again about something known.'],
  ['565', 'existing', '63', 24, 'Lab Work', 'Having blood drawn or another test done.'],
  ['761', 'all', '2', 2, 'Exam', 'Being examined about a new complaint.'],
  ['841', 'existing', '2', 2, 'Sick Visit', 'Feeling unwell and wanting to be seen soon.'],
  ['901', 'existing', '61', 48, 'Annual Physical', 'The yearly check-up.'],
  ['902', 'existing', '62', 24, 'Vaccination', 'Getting a vaccine.'],
  ['951', 'all', '101', 2, 'Video Visit', 'Talking to the provider by video.'],
]

/** The reasons, each mapped to one of `types`. */
export function makeReasons(types: readonly AppointmentType[]): AppointmentReason[] {
  return reasonRows.map(([id, audience, typeId, minHours, reason, description]) => {
    const type = types.findIndex((candidate) => candidate.id === typeId)
    return { id, audience, type, minHours, maxDays: 90, reason, description }
  })
}

/** The reason athenahealth writes when an API caller names none (recorded: id -5, this name). */
export const defaultCancelReasonId = '-5'

export function makeCancelReasons(): CancelReason[] {
  const plain = { noShow: false, patientRescheduled: false, providerUnavailable: false, slotAvailable: true }
  return [
    { id: defaultCancelReasonId, name: 'CANCELLED FROM API', ...plain },
    { id: '1', name: 'PATIENT CANCELLED', ...plain },
    { id: '2', name: 'PATIENT NO SHOW', ...plain, noShow: true, slotAvailable: false },
    { id: '3', name: 'PATIENT RESCHEDULED', ...plain, patientRescheduled: true },
    { id: '4', name: 'PROVIDER UNAVAILABLE', ...plain, providerUnavailable: true, slotAvailable: false },
    { id: '5', name: 'ENTERED IN ERROR', ...plain },
    { id: '6', name: 'WEATHER', ...plain, slotAvailable: false },
  ]
}

export function appointmentTypeRecord(type: AppointmentType): Record<string, unknown> {
  return {
    appointmenttypeid: Number(type.id),
    name: type.name,
    shortname: type.shortName,
    patientdisplayname: type.patientName,
    duration: type.durationMinutes,
    generic: type.generic,
    patient: type.patientFacing,
    templatetypeonly: type.templateOnly,
    createencounteroncheckin: type.opensEncounter,
  }
}

export function reasonRecord(reason: AppointmentReason): Record<string, unknown> {
  return {
    reasonid: Number(reason.id),
    reason: reason.reason,
    description: reason.description,
    reasontype: reason.audience,
    schedulingminhours: reason.minHours,
    schedulingmaxdays: reason.maxDays,
  }
}

/** Shape inferred: the fields are known from one public model, the envelope is not recorded. */
export function cancelReasonRecord(reason: CancelReason): Record<string, unknown> {
  return {
    appointmentcancelreasonid: Number(reason.id),
    name: reason.name,
    noshow: reason.noShow,
    patientrescheduled: reason.patientRescheduled,
    providerunavailable: reason.providerUnavailable,
    slotavailable: reason.slotAvailable,
  }
}
