import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { openEnvelope, readLabel, sealEnvelope } from './envelope.ts'
import type { Kek, KekPurpose } from './kek.ts'
import { nonceSource } from './nonce-source.ts'

/*
 * A key file is one line of text, so that it can be copied to a safe by hand:
 *   aegis-kek 1 <purpose> <32 bytes in base64url> <first 8 hex digits of SHA-256 over all before the last space>
 */
const linePattern = /^(aegis-kek 1 (phi|credentials) ([A-Za-z0-9_-]{43})) ([0-9a-f]{8})\n$/
const keyBytes = 32
/** Longer than any key file; a bigger file is not one. */
const fileBytesMax = 256
const groupAndOthers = 0o077

/** Where the key of this purpose lies. */
export function keyFilePath(directory: string, purpose: KekPurpose): string {
  return join(directory, `${purpose}.kek`)
}

/**
 * Creates a key file (0600, never over an existing one, on disk before this returns) and says whether it did: false
 * when another process was first. A crash in between leaves no half-written key file. `sealing.kek-unreadable` when
 * nothing can be written there.
 */
export async function createKeyFile(
  directory: string,
  purpose: KekPurpose,
  random: Pick<Random, 'bytes' | 'uuid'>,
): Promise<boolean> {
  try {
    return await writeKeyFile(directory, purpose, random)
  } catch (error) {
    throw new AegisError('sealing.kek-unreadable', { file: keyFilePath(directory, purpose), reason: codeOf(error) })
  }
}

async function writeKeyFile(
  directory: string,
  purpose: KekPurpose,
  random: Pick<Random, 'bytes' | 'uuid'>,
): Promise<boolean> {
  const path = keyFilePath(directory, purpose)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const key = random.bytes(keyBytes)
  const draft = `${path}.${random.uuid()}.new`
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await file.writeFile(keyLine(purpose, key))
    await file.sync()
  } finally {
    await file.close()
    key.fill(0)
  }
  try {
    await link(draft, path) // unlike rename, fails when the file is there already
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(draft)
  }
  await syncDirectory(directory)
  return true
}

/**
 * Reads a key file. Undefined when there is none; `sealing.kek-exposed` when others may read or replace it;
 * `sealing.kek-damaged` when it is not what `createKeyFile` wrote.
 */
export async function readKeyFile(directory: string, purpose: KekPurpose, random: Random): Promise<Kek | undefined> {
  const path = keyFilePath(directory, purpose)
  const text = await readPrivateText(path)
  if (text === undefined) return undefined
  const [, covered = '', found, encoded = '', checksum] = linePattern.exec(text) ?? []
  if (found !== purpose || checksum !== checksumOf(covered)) {
    throw new AegisError('sealing.kek-damaged', { file: path })
  }
  return new FileKek(purpose, Buffer.from(encoded, 'base64url'), random)
}

function keyLine(purpose: KekPurpose, key: Buffer): string {
  const covered = `aegis-kek 1 ${purpose} ${key.toString('base64url')}`
  return `${covered} ${checksumOf(covered)}\n`
}

function checksumOf(covered: string): string {
  return createHash('sha256').update(covered).digest('hex').slice(0, 8)
}

async function readPrivateText(path: string): Promise<string | undefined> {
  try {
    await refuseExposed(path)
    // Not through a link: whoever could place one could place another key.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(fileBytesMax), 0, fileBytesMax, 0)
      const text = buffer.toString('latin1', 0, bytesRead)
      buffer.fill(0)
      return text
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    if (error instanceof AegisError) throw error
    throw new AegisError('sealing.kek-unreadable', { file: path, reason: codeOf(error) })
  }
}

async function refuseExposed(path: string): Promise<void> {
  const stat = await lstat(path)
  const us = process.getuid?.() ?? stat.uid
  if (!stat.isFile() || stat.mode & groupAndOthers || (stat.uid !== us && stat.uid !== 0)) {
    throw new AegisError('sealing.kek-exposed', { file: path })
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}

class FileKek implements Kek {
  readonly id: string
  readonly fingerprint: string
  #key: KeyObject | undefined
  readonly #nextNonce: () => Buffer

  constructor(purpose: KekPurpose, key: Buffer, random: Random) {
    this.#key = createSecretKey(key)
    this.#nextNonce = nonceSource(random)
    // Bound to the purpose: the two files cannot take each other's place.
    this.fingerprint = createHmac('sha256', key).update(`aegis kek fingerprint 1 ${purpose}`).digest('hex').slice(0, 32)
    key.fill(0)
    this.id = `file-${purpose}-${this.fingerprint.slice(0, 8)}`
  }

  async wrap(plainKey: Buffer, aad: Buffer): Promise<Buffer> {
    const label = { kind: 'kek', version: 1 } as const
    return sealEnvelope({ key: this.#opened(), label, nonce: this.#nextNonce(), aad }, plainKey)
  }

  async unwrap(wrapped: Buffer, aad: Buffer): Promise<Buffer> {
    const key = this.#opened()
    const plain = readLabel(wrapped).kind === 'kek' ? openEnvelope({ key, aad }, wrapped) : undefined
    if (!plain) throw new AegisError('sealing.unreadable', { key: this.id })
    return plain
  }

  close(): void {
    this.#key = undefined
  }

  #opened(): KeyObject {
    if (!this.#key) throw new AegisError('sealing.closed')
    return this.#key
  }
}
