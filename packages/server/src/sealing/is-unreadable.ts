import { isAegisError } from '../errors/aegis-error.ts'

/** Whether a sealed value did not open: it was damaged or tampered with, or sealed with another key file. */
export function isUnreadable(error: unknown): boolean {
  return isAegisError(error, 'sealing.unreadable') || isAegisError(error, 'sealing.format-unknown')
}

/** Whether a sealed value cannot be opened any more by anybody: it is unreadable, or its key was destroyed. */
export function cannotBeOpened(error: unknown): boolean {
  return isUnreadable(error) || isAegisError(error, 'sealing.key-missing')
}
