import { AthenaError } from '../athena-error.ts'

/** A new id for a call: what links its attempts, our logs and athenahealth's. */
export function newRequestId(): string {
  return globalThis.crypto.randomUUID()
}

/** The caller's id if it can stand in a header. */
export function checkRequestId(id: string): string {
  if (/^[\w.:-]{1,128}$/.test(id)) return id
  throw new AthenaError('invalid-argument', {
    invalidFields: ['requestId'],
    hint: 'requestId takes letters, digits and ._:-',
  })
}
