import { type ErrorCode, errorTable } from './error-table.ts'

/** Whether a text that came from elsewhere is a code of ours. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}
