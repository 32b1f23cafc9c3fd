import type { AegisError } from './aegis-error.ts'

/** Something that fails in this process until it is mended, and is tried again by itself meanwhile. */
export interface StandingError {
  readonly error: AegisError
  /** For so long it has been failing, ms. */
  readonly forMs: number
  /** What there is from before does instead for so long, ms; infinite: as long as it is good. Absent: nothing does. */
  readonly servesMs?: number
}
