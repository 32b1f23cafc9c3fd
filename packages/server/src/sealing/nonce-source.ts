import type { Random } from '../clock/random.ts'
import { nonceBytes } from './envelope.ts'

/** One call of the system's generator for this many nonces: per nonce it would cost as much as the encryption. */
const noncesPerBlock = 256

/** Hands out random 96-bit nonces, each once. */
export function nonceSource(random: Pick<Random, 'bytes'>): () => Buffer {
  let block: Buffer = Buffer.alloc(0)
  let at = 0
  return () => {
    if (at >= block.length) {
      block = random.bytes(nonceBytes * noncesPerBlock)
      at = 0
    }
    at += nonceBytes
    return block.subarray(at - nonceBytes, at)
  }
}
