/** Faults of the way between the simulator and its callers: what was answered is right, but does not arrive as it should. */
import type { Answer } from '../server/answer.ts'
import { amount, count, oneOf, share } from './fault-field.ts'
import type { FaultRows } from './fault-kind.ts'

const oversizedBytes = 64 * 1024 * 1024
const paddingBytes = 64 * 1024

/** How long `slow` takes if nothing else is said: longer than most callers wait for the first byte. */
export const slowMs = 30_000

export const connectionFaults: FaultRows<
  'truncated' | 'oversized' | 'slow' | 'dribble' | 'reset-before' | 'reset-after'
> = {
  truncated: {
    meets: 'a body that ends early, announced so or not',
    fields: { keep: share, length: oneOf(['right', 'wrong']) },
    answer({ action: { keep = 0.5, length = 'right' } }, given) {
      const bytes = bytesOf(given)
      if (bytes.length < 2) return undefined
      const cutAt = Math.min(bytes.length - 1, Math.max(1, Math.floor(bytes.length * keep)))
      if (length === 'right') return { ...given, body: bytes.subarray(0, cutAt) }
      return { ...given, body: bytes, delivery: { cutAt } }
    },
  },
  oversized: {
    meets: 'a body of many megabytes: the right one with blanks behind it',
    fields: { bytes: count },
    answer({ action: { bytes = oversizedBytes } }, given) {
      const missing = bytes - bytesOf(given).length
      return missing <= 0 || typeof given.body !== 'string'
        ? undefined
        : { ...given, body: padded(given.body, missing) }
    },
  },
  slow: { meets: 'an answer that comes late', fields: {}, answer: (_meeting, given) => given },
  dribble: {
    meets: 'a head at once and a body that comes byte by byte',
    fields: { pieceBytes: count, everyMs: amount },
    answer({ action: { pieceBytes = 1, everyMs = 100 } }, given) {
      const bytes = bytesOf(given)
      return bytes.length === 0 ? undefined : { ...given, body: bytes, delivery: { dribble: { pieceBytes, everyMs } } }
    },
  },
  'reset-before': {
    meets: 'a connection that is reset, and nothing was done',
    fields: {},
    isServed: () => false,
    answer: (_meeting, given) => reset(given),
  },
  'reset-after': {
    meets: 'a connection that is reset after the request was served',
    fields: {},
    answer: (_meeting, given) => reset(given),
  },
}

/** No answer: the connection breaks. The log has 0 for its status. */
export function reset(given: Answer): Answer {
  return { ...given, status: 0, delivery: { isReset: true } }
}

function bytesOf({ body }: Answer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.isBuffer(body) ? body : Buffer.from([...body].join(''))
}

function* padded(text: string, missing: number): Iterable<string> {
  yield text
  const piece = ' '.repeat(paddingBytes)
  for (let left = missing; left > 0; left -= paddingBytes) yield left >= paddingBytes ? piece : ' '.repeat(left)
}
