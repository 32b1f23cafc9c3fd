/** What only some appointments have: each kind is kept for those appointments alone. */
import { practicePart } from './practice-part.ts'
import type { PracticeState } from './practice-state.ts'

export interface AccidentData {
  readonly anotherPartyResponsible: boolean
  readonly autoAccidentState: string | undefined
  readonly relatedToAutoAccident: boolean
  readonly relatedToEmployment: boolean
  readonly relatedToOtherAccident: boolean
}

/** A call, text or e-mail that reminded the patient, and what came of it. */
export interface ReminderCall {
  /** Epoch ms. */
  readonly at: number
  readonly method: 'PHONE' | 'TEXT' | 'EMAIL'
  readonly result: 'CONFIRMED' | 'LEFT MESSAGE' | 'NO ANSWER' | 'CANCEL REQUESTED'
}

export interface AppointmentDetails {
  /** Id of the confirmation status. */
  readonly confirmation?: number
  /** Reason why no charge need be entered. */
  readonly noChargeReason?: string
  /** Values by custom field id. */
  readonly customFields?: Readonly<Record<string, string>>
  readonly accident?: AccidentData
  /** Id of the Medicare secondary payer insurance type. */
  readonly secondaryPayer?: number
  readonly thirdPartyCodingStatus?: string
  readonly thirdPartyData?: string
  /** Indexes of providers who are not the one the time is booked with. */
  readonly renderingProvider?: number
  readonly supervisingProvider?: number
  readonly reminderCalls?: readonly ReminderCall[]
  /** Set while a frozen appointment may not be cancelled. */
  readonly cancelLocked?: boolean
}

const none: AppointmentDetails = {}
const detailsPart = practicePart(() => new Map<number, AppointmentDetails>())

export function appointmentDetails(state: PracticeState, position: number): AppointmentDetails {
  return detailsPart(state).get(position) ?? none
}

/** Sets details without telling anyone: for what athenahealth's feed does not announce, and as part of other changes. */
export function setDetails(state: PracticeState, position: number, details: AppointmentDetails): void {
  const part = detailsPart(state)
  part.set(position, { ...part.get(position), ...details })
}

/** Takes details away without telling anyone. */
export function dropDetail(state: PracticeState, position: number, name: keyof AppointmentDetails): void {
  const part = detailsPart(state)
  const { [name]: _, ...rest } = part.get(position) ?? none
  part.set(position, rest)
}
