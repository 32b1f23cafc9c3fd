import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Text shorter than this stays as it is: to set up a compressor takes longer than it saves. */
const packedFromBytes = 16_384

/** The first four bytes of what zstd writes (RFC 8878, section 3.1.1). No text of JSON begins so. */
const zstdMagic = 0xfd2fb528

/** Level 1: athenahealth's pages repeat the names of their fields, and shrink by nine tenths at any level. */
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** A page's text as it is sealed: pages of any length are packed, a single record is not. */
export function packText(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.length < packedFromBytes ? bytes : zstdCompressSync(bytes, level)
}

/** The text again, whether it was packed or not. Only of what was sealed by us: nothing bounds how long it becomes. */
export function unpackText(bytes: Buffer): string {
  const isPacked = bytes.length >= 4 && bytes.readUInt32LE(0) === zstdMagic
  return (isPacked ? zstdDecompressSync(bytes) : bytes).toString('utf8')
}
