import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'

const counterMax = 0xfff

/**
 * Ids of entries: UUID version 7 (RFC 9562, section 6.2, method 1), each greater than the one before, also when the clock
 * stands still or goes back.
 */
export function entryIds(clock: Pick<Clock, 'now'>, random: Pick<Random, 'bytes'>): () => string {
  let lastMs = 0
  let counter = 0
  return () => {
    const bytes = random.bytes(10)
    const nowMs = Math.floor(clock.now())
    if (nowMs > lastMs) {
      lastMs = nowMs
      counter = bytes.readUInt16BE(8) & (counterMax >> 1)
    } else if (++counter > counterMax) {
      lastMs++ // more than 2,048 in a millisecond: borrow from the next
      counter = 0
    }
    return text(lastMs, counter, bytes)
  }
}

function text(ms: number, counter: number, random: Buffer): string {
  const time = ms.toString(16).padStart(12, '0')
  const variant = ((random.readUInt16BE(0) & 0x3fff) | 0x8000).toString(16)
  const order = (0x7000 | counter).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${order}-${variant}-${random.toString('hex', 2, 8)}`
}
