/** What a code means to a caller (status, generic title: RFC 9457) and to the operator (remedy). */
export interface ErrorEntry {
  readonly status: number
  readonly title: string
  /** Any code may come to stand as an alarm, or in a line of the doctor: none leaves its reader without a next step. */
  readonly remedy: string
}

/** Of what nobody can mend but who changes the code. */
export const asDefect = 'Report it as a defect, with what is said and logged under this code.'
