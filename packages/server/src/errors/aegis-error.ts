import { type ErrorCode, errorTable } from './error-table.ts'

/** A value that may stand in an error message: see `AegisError`. */
export type SafeDetail = Readonly<Record<string, string | number | boolean>>

/**
 * The one error class of the server. `code` is from the closed table in error-table.ts, which also holds what a caller
 * may see (status and generic title) and the remedy for the operator. `detail` is for operators (settings, paths,
 * ids of practices): never PHI, never a secret, never a text that athenahealth sent.
 */
export class AegisError extends Error {
  readonly code: ErrorCode
  readonly detail: SafeDetail
  constructor(code: ErrorCode, detail: SafeDetail = {}, options?: { cause?: unknown }) {
    const { title, remedy } = errorTable[code]
    super(`${title}${describe(detail)}\nRemedy: ${remedy}`, options)
    this.name = 'AegisError'
    this.code = code
    this.detail = detail
  }
}

/** Whether `error` is an AegisError, with this code if one is given. */
export function isAegisError(error: unknown, code?: ErrorCode): error is AegisError {
  return error instanceof AegisError && (code === undefined || error.code === code)
}

function describe(detail: SafeDetail): string {
  const parts = Object.entries(detail).map(([name, value]) => `${name}: ${value}`)
  return parts.length ? ` (${parts.join(', ')})` : ''
}
