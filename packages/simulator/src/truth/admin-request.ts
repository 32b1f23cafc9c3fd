/** What requests of the administration are read with. */
import type { Arrival } from '../server/answer.ts'

/** A request the administration cannot serve, with what to do about it. */
export class AdminError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'AdminError'
    this.status = status
  }
}

/** The body as a JSON object. */
export function bodyOf({ body }: Arrival): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    throw new AdminError(400, 'send a JSON object as the body')
  }
  if (typeof parsed !== 'object' || parsed === null) throw new AdminError(400, 'send a JSON object as the body')
  return { ...parsed }
}

/** Refuses a body with a field left over. */
export function refuseUnknown(rest: Record<string, unknown>, known: string): void {
  const [name] = Object.keys(rest)
  if (name !== undefined) throw new AdminError(400, `unknown field "${name}"; give ${known}`)
}

/** A number of 0 or more. */
export function numberOf(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new AdminError(400, `${name} must be a number of 0 or more`)
  }
  return value
}
