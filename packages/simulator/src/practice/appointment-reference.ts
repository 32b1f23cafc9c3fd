/** Closed lists that a practice chooses from when it writes on an appointment. */

/** Ids and names are ours: that the statuses can be listed is documented, which there are is up to the practice. */
export const confirmationStatuses: readonly { readonly id: number; readonly name: string }[] = [
  { id: 1, name: 'UNCONFIRMED' },
  { id: 2, name: 'CONFIRMED' },
  { id: 3, name: 'LEFT MESSAGE' },
  { id: 4, name: 'NO ANSWER' },
  { id: 5, name: 'CANCEL REQUESTED' },
]

export const confirmedId = 2

export function confirmationName(id: number): string {
  return confirmationStatuses.find((status) => status.id === id)?.name ?? ''
}

/** Why nothing is charged for a visit; each practice makes its own list. */
export const noChargeReasons: readonly { readonly reason: string; readonly description: string }[] = [
  { reason: 'NOCHARGE', description: 'Courtesy visit' },
  { reason: 'GLOBAL', description: 'Within the global period of a procedure' },
  { reason: 'ERROR', description: 'Checked in by mistake' },
]

/** The types of insurance that come before Medicare, by the codes of the Medicare programme. */
export const secondaryPayerTypes: readonly { readonly id: number; readonly name: string }[] = [
  { id: 12, name: 'Working aged' },
  { id: 13, name: 'End-stage renal disease' },
  { id: 14, name: 'No-fault or automobile' },
  { id: 15, name: "Workers' compensation" },
  { id: 16, name: 'Public health service' },
  { id: 41, name: 'Black lung' },
  { id: 42, name: 'Veterans' },
  { id: 43, name: 'Disability' },
  { id: 47, name: 'Liability' },
]

export interface AppointmentCustomField {
  readonly id: number
  readonly name: string
  readonly type: 'TEXT' | 'NUMBER' | 'DATE'
  readonly options: readonly { readonly id: number; readonly value: string }[]
}

export const appointmentCustomFields: readonly AppointmentCustomField[] = [
  { id: 641, name: 'Interpreter Language', type: 'TEXT', options: [] },
  { id: 642, name: 'Referral Expires', type: 'DATE', options: [] },
  { id: 643, name: 'Party Size', type: 'NUMBER', options: [] },
  {
    id: 362,
    name: 'Visit Category',
    type: 'TEXT',
    options: [
      { id: 86, value: 'Routine' },
      { id: 87, value: 'Urgent' },
      { id: 88, value: 'Second opinion' },
    ],
  },
]
