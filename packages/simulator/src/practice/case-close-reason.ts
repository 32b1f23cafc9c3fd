/** Why a patient case is closed; that there is a list is documented, what is on it is ours. */
export interface CloseReason {
  readonly id: number
  readonly description: string
}

export const closeReasons: readonly CloseReason[] = [
  { id: 1, description: 'Patient was called back' },
  { id: 2, description: 'Appointment was made' },
  { id: 3, description: 'Answered in the portal' },
  { id: 4, description: 'Could not be reached' },
  { id: 5, description: 'Opened by mistake' },
]
