import { AegisError } from '../errors/aegis-error.ts'
import type { Sealing } from './sealing.ts'

/** For a process that has no key for patient data and must not: what it writes into the audit log seals nothing. */
export const noSealing: Sealing = {
  practice: () => Promise.reject(new AegisError('sealing.closed')),
  ensureKeys: () => Promise.reject(new AegisError('sealing.closed')),
  close: () => undefined,
}
