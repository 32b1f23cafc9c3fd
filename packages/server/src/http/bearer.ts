import { createHash, timingSafeEqual } from 'node:crypto'
import { AegisError } from '../errors/aegis-error.ts'

/**
 * Lets a request through that carries the token, else throws `http.unauthorized`. Takes the same time whichever
 * character is wrong: hashes are compared, and they are equally long.
 */
export function authenticateBearer(header: string | undefined, token: string): void {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  if (given === undefined || !timingSafeEqual(digest(given), digest(token))) throw new AegisError('http.unauthorized')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
