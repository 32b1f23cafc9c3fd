import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'

/** The embedded cluster's logins. */
export const clusterLogins = ['aegis_owner', 'aegis_app', 'aegis_control', 'aegis_audit'] as const
export type ClusterPasswords = Readonly<Record<(typeof clusterLogins)[number], string>>

/** 192 bits each, in characters that need no quoting anywhere. */
const passwordBytes = 24

/** The passwords kept in `file`; undefined when there is no such file. */
export function readPasswords(file: string): ClusterPasswords | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new AegisError('db.data-directory', { path: file, reason: 'its passwords cannot be read' })
  }
  const passwords: unknown = parse(text)
  return isComplete(passwords) ? passwords : undefined
}

/** Makes new passwords and stores them durably in `file`, readable by its owner only. */
export function makePasswords(file: string, random: Random): ClusterPasswords {
  const one = () => random.bytes(passwordBytes).toString('base64url')
  const passwords = { aegis_owner: one(), aegis_app: one(), aegis_control: one(), aegis_audit: one() }
  const unfinished = `${file}.unfinished`
  const handle = openSync(unfinished, 'w', 0o600)
  try {
    writeSync(handle, JSON.stringify(passwords))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(unfinished, file)
  return passwords
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isComplete(value: unknown): value is ClusterPasswords {
  if (typeof value !== 'object' || value === null) return false
  const entries = new Map<string, unknown>(Object.entries(value))
  return clusterLogins.every((name) => typeof entries.get(name) === 'string')
}
