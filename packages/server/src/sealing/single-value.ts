import { createSecretKey } from 'node:crypto'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { unreadable } from './data-key.ts'
import { nonceBytes, openEnvelope, overheadBytes, type Place, placeAad, readLabel, sealEnvelope } from './envelope.ts'
import type { Kek } from './kek.ts'

/*
 * A value of no practice (a credential, a token): sealed under a key of its own, which is stored with it, wrapped by a
 * key-encryption key. Byte by byte:
 *   0..1  length of the wrapped key, unsigned, big-endian
 *   2..   the wrapped key, as the key-encryption key made it
 *   ..    the envelope
 */
const keyBytes = 32
const label = { kind: 'single', version: 1 } as const

/** Seals one value of any length for its place; practice 0. */
export async function sealSingle(
  { kek, random }: { kek: Kek; random: Pick<Random, 'bytes'> },
  at: Omit<Place, 'practice'>,
  plain: Uint8Array,
): Promise<Buffer> {
  const aad = placeAad({ practice: 0, ...at })
  const keyText = random.bytes(keyBytes)
  const wrapped = await kek.wrap(keyText, aad)
  const key = createSecretKey(keyText)
  keyText.fill(0)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(wrapped.length)
  return Buffer.concat([length, wrapped, sealEnvelope({ key, label, nonce: random.bytes(nonceBytes), aad }, plain)])
}

/** Opens what `sealSingle` made for the same place; otherwise `sealing.unreadable` or `sealing.format-unknown`. */
export async function openSingle(kek: Kek, at: Omit<Place, 'practice'>, sealed: Buffer): Promise<Buffer> {
  const place = { practice: 0, ...at }
  const start = sealed.length < 2 ? 0 : 2 + sealed.readUInt16BE(0)
  if (start === 0 || sealed.length < start + overheadBytes) {
    throw new AegisError('sealing.format-unknown', { bytes: sealed.length })
  }
  const aad = placeAad(place)
  const envelope = sealed.subarray(start)
  if (readLabel(envelope).kind !== label.kind) throw unreadable(place)
  const keyText = await kek.unwrap(sealed.subarray(2, start), aad)
  const plain = openEnvelope({ key: createSecretKey(keyText), aad }, envelope)
  keyText.fill(0)
  if (!plain) throw unreadable(place)
  return plain
}
