import { inspect } from 'node:util'
import { AegisError } from '../errors/aegis-error.ts'

const redacted = '[redacted]'
const bytesMax = 4_096
/** RFC 6749, appendix A.2: a client secret is printable ASCII. */
const secretPattern = /^[\x20-\x7e]+$/

/** A secret on its way in. Shows as `[redacted]` wherever it is printed; its bytes can be taken once. */
export class Secret {
  #bytes: Buffer | undefined

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /**
   * From the content of a file or of standard input: one line, whose end is dropped. The bytes given are wiped.
   * `key-server.secret-invalid` when it is empty, longer than 4,096 bytes or not printable ASCII.
   */
  static fromBytes(bytes: Uint8Array): Secret {
    const given = Buffer.from(bytes)
    bytes.fill(0)
    let end = given.length
    if (given[end - 1] === 0x0a) end--
    if (given[end - 1] === 0x0d) end--
    const secret = given.subarray(0, end)
    if (!secret.length || secret.length > bytesMax || !secretPattern.test(secret.toString('latin1'))) {
      given.fill(0)
      throw new AegisError('key-server.secret-invalid')
    }
    return new Secret(secret)
  }

  /** Hands the bytes over, once; the receiver wipes them. */
  take(): Buffer {
    const bytes = this.#bytes
    if (!bytes) throw new AegisError('key-server.secret-taken')
    this.#bytes = undefined
    return bytes
  }

  toString(): string {
    return redacted
  }

  toJSON(): string {
    return redacted
  }

  [Symbol.toPrimitive](): string {
    return redacted
  }

  [inspect.custom](): string {
    return redacted
  }
}
