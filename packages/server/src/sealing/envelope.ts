import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { AegisError } from '../errors/aegis-error.ts'

/*
 * The envelope, byte by byte. What is stored under it outlives any version of this code: a change here is a migration.
 *
 *   0        format      1
 *   1        algorithm   1 = AES-256-GCM (96-bit random nonce, 128-bit tag)
 *   2        key kind    see kindBytes
 *   3..6     key version unsigned, big-endian
 *   7..18    nonce
 *   19..n-17 ciphertext  as long as the plaintext
 *   n-16..   tag
 *
 * Authenticated beside the ciphertext: bytes 0..6, then the place the value belongs to (see `placeAad`).
 */
const format = 1
const aes256Gcm = 1
const kindBytes = { kek: 1, practice: 2, patient: 3, single: 4 } as const
const prefixBytes = 7
export const nonceBytes = 12
const tagBytes = 16
const headerBytes = prefixBytes + nonceBytes
/** How much longer a sealed value is than its plaintext. */
export const overheadBytes = headerBytes + tagBytes

/**
 * Which kind of key sealed a value: a key-encryption key, a practice's, a patient's, or one made for that single value
 * and stored wrapped beside it.
 */
export type KeyKind = keyof typeof kindBytes

/** What the envelope says about the key that opens it. */
export interface KeyLabel {
  readonly kind: KeyKind
  /** 1 to 2^32 - 1, rising with each rotation. */
  readonly version: number
}

/** Where a sealed value belongs. The value opens only with the same place: it cannot be moved. */
export interface Place {
  readonly practice: number
  /** Schema and table, e.g. `aegis.record`. */
  readonly table: string
  readonly column: string
  /** The row's key. Give a key of several columns as a list: joined text would be ambiguous. */
  readonly row: string | readonly string[]
  /** The patient whose key seals it, if it is not the practice's. */
  readonly patient?: string
}

/** The place as bytes to authenticate: every part with its length before it, so that no two places give the same bytes. */
export function placeAad(place: Place): Buffer {
  const rows = typeof place.row === 'string' ? [place.row] : place.row
  const parts = [place.table, place.column, place.patient ?? '', ...rows]
  let size = 4
  for (const part of parts) size += 4 + Buffer.byteLength(part)
  const aad = Buffer.allocUnsafe(size)
  let at = aad.writeUInt32BE(place.practice, 0)
  for (const part of parts) {
    const length = aad.write(part, at + 4)
    aad.writeUInt32BE(length, at)
    at += 4 + length
  }
  return aad
}

/** Seals `plain` under `key` (256 bits). The nonce must never be used twice with one key. */
export function sealEnvelope(
  { key, label, nonce, aad }: { key: KeyObject; label: KeyLabel; nonce: Buffer; aad: Buffer },
  plain: Uint8Array,
): Buffer {
  const sealed = Buffer.allocUnsafe(overheadBytes + plain.length)
  sealed[0] = format
  sealed[1] = aes256Gcm
  sealed[2] = kindBytes[label.kind]
  sealed.writeUInt32BE(label.version, 3)
  sealed.set(nonce, prefixBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.concat([sealed.subarray(0, prefixBytes), aad]))
  sealed.set(cipher.update(plain), headerBytes)
  cipher.final()
  sealed.set(cipher.getAuthTag(), headerBytes + plain.length)
  return sealed
}

/**
 * Which key opens `sealed`. Not authenticated yet: a forged label only makes the opening fail.
 * `sealing.format-unknown` when this is no envelope that this version of Aegis can read.
 */
export function readLabel(sealed: Uint8Array): KeyLabel {
  const kind = kindsByByte.get(sealed[2] ?? 0)
  if (sealed.length < overheadBytes || sealed[0] !== format || sealed[1] !== aes256Gcm || !kind) {
    throw new AegisError('sealing.format-unknown', { bytes: sealed.length })
  }
  const version = new DataView(sealed.buffer, sealed.byteOffset).getUint32(3)
  return { kind, version }
}

const kindsByByte = new Map<number, KeyKind>([
  [kindBytes.kek, 'kek'],
  [kindBytes.practice, 'practice'],
  [kindBytes.patient, 'patient'],
  [kindBytes.single, 'single'],
])

/** Opens what `sealEnvelope` made; undefined when the key, the place or any byte is not the one it was sealed with. */
export function openEnvelope({ key, aad }: { key: KeyObject; aad: Buffer }, sealed: Uint8Array): Buffer | undefined {
  const nonce = sealed.subarray(prefixBytes, headerBytes)
  const end = sealed.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.concat([sealed.subarray(0, prefixBytes), aad]))
  decipher.setAuthTag(sealed.subarray(end))
  const plain = decipher.update(sealed.subarray(headerBytes, end))
  try {
    decipher.final()
  } catch {
    plain.fill(0) // not authenticated: it must not even stay in memory
    return undefined
  }
  return plain
}
