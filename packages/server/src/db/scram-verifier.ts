import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { systemRandom } from '../clock/random.ts'

/** PostgreSQL's own choice. The passwords are keys of 192 bits and more: nobody guesses them, however fast. */
const iterations = 4096
const saltBytes = 16

/**
 * What PostgreSQL keeps of a password (RFC 5803), given to it in the password's place: `create role` takes no parameters, so
 * the server's log and pg_stat_statements may keep what is sent. For passwords in ASCII.
 */
export function scramVerifier(password: string, salt: Uint8Array = systemRandom.bytes(saltBytes)): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64')
  const server = keyOf('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${stored}:${server}`
}
