/** What a key-encryption key is for. Two keys, so that the host that may open credentials need not open patient data. */
export type KekPurpose = 'phi' | 'credentials'

/**
 * A key-encryption key: wraps other keys, never data. Whatever holds it (a file, a key-management service), the bytes
 * of the key itself do not come out.
 */
export interface Kek {
  /** Names the key in stored rows; safe to show. */
  readonly id: string
  /** Tells two keys apart without saying anything about them; stored in the database at first use. */
  readonly fingerprint: string
  /** Wraps a key of 32 bytes. `aad` must be given again to unwrap. */
  wrap(plainKey: Buffer, aad: Buffer): Promise<Buffer>
  /** `sealing.unreadable` when the bytes, the key or `aad` are not those of `wrap`. */
  unwrap(wrapped: Buffer, aad: Buffer): Promise<Buffer>
  /** Forgets the key. Afterwards every call is `sealing.closed`. */
  close(): void
}
