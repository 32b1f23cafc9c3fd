import { AthenaError } from '../athena-error.ts'
import { randomId } from '../random.ts'

/** The id of a call, which links its attempts, our logs and athenahealth's: the caller's if it can stand in a header. */
export function requestIdOf(id: string = randomId()): string {
  if (/^[\w.:-]{1,128}$/.test(id)) return id
  throw new AthenaError('invalid-argument', {
    invalidFields: ['requestId'],
    hint: 'requestId takes letters, digits and ._:-',
  })
}
