import { isAegisError } from '../errors/aegis-error.ts'

/** Whether a sealed value did not open: it was damaged or tampered with, or sealed with another key file. */
export function isUnreadable(error: unknown): boolean {
  return isAegisError(error, 'sealing.unreadable') || isAegisError(error, 'sealing.format-unknown')
}
