import type { CallOptions } from '../athena-call.ts'
import { AthenaError } from '../athena-error.ts'

/** Refuses a limit that is no number: compared with such a thing no time is ever over, and no body ever too large. */
export function checkLimit(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new AthenaError('invalid-argument', { invalidFields: [name], hint: `${name} is a number of 0 or more` })
}

/** Refuses limits of one call alike. A deadline below 0 is over already: a timeout like any other. */
export function checkCallLimits({ deadlineMs, responseBytesMax }: CallOptions = {}): void {
  if (deadlineMs !== undefined) checkLimit('deadlineMs', deadlineMs < 0 ? 0 : deadlineMs)
  if (responseBytesMax !== undefined) checkLimit('responseBytesMax', responseBytesMax)
}

/** Limits with those of the caller in the place of the defaults; one that is undefined leaves the default. */
export function limitsOf<T extends object>(defaults: T, given: Partial<T> = {}): T {
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [name, value] of named) {
    if (!Object.hasOwn(defaults, name)) {
      throw new AthenaError('invalid-argument', { invalidFields: [name], hint: `there is no limit named ${name}` })
    }
    checkLimit(name, value)
  }
  return { ...defaults, ...Object.fromEntries(named) }
}
