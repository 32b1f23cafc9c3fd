import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { DataKey, sealingVersion, usesPerCharge } from './data-key.ts'
import { placeAad } from './envelope.ts'
import { IndexKeys } from './index-keys.ts'
import type { Kek } from './kek.ts'
import * as table from './sealing.sql.ts'

export interface KeyringDeps {
  readonly db: Db
  readonly kek: Kek
  readonly clock: Clock
  readonly random: Random
}

/** How old a process's knowledge of which keys exist may be. */
export const epochCheckMs = 10_000
/** A new version seals from this much later: long enough for every process to have loaded it (see `epochCheckMs`). */
const settleMs = 60_000
const keyBytes = 32

/** An instant by both clocks of this process. */
export interface Moment {
  readonly now: number
  readonly steady: number
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), steady: clock.steady() }
}

/**
 * Whether so much has passed since, by either clock: one may be set back, the other stands while the machine sleeps. A
 * clock that shows less than it did says nothing, so it counts as passed.
 */
export function hasPassed(clock: Clock, ms: number, since: Moment): boolean {
  const passed = clock.now() - since.now
  return passed < 0 || Math.max(passed, clock.steady() - since.steady) >= ms
}

/** A practice's own keys, unwrapped. */
export interface Keyring {
  readonly practice: number
  /** Changes with every rotation and destruction of one of the practice's keys. */
  readonly epoch: string
  readonly versions: readonly DataKey[]
  readonly index: IndexKeys
  /** When the epoch was last compared with the database's. */
  checkedAt: Moment
  /** Keys of the practice and its patients with uses that are due to be written down. */
  readonly due: Set<DataKey>
}

/** The version that seals now. */
export function sealingKey(keyring: Keyring, nowMs: number): DataKey {
  const key = sealingVersion(keyring.versions, nowMs)
  if (!key) throw new AegisError('sealing.key-missing', { practice: keyring.practice })
  return key
}

/**
 * Loads the practice's keys, through `tx` if one is open. If there are none yet, the first ones are made in a transaction
 * of their own: a key must be committed before anything is sealed with it. `sealing.key-missing` when they were
 * destroyed, `sealing.kek-wrong` when another key wraps them.
 */
export async function loadKeyring(deps: KeyringDeps, tx: Tx | undefined, practice: number): Promise<Keyring> {
  const checkedAt = momentOf(deps.clock)
  const found = tx ? await heldKeys(tx, practice) : await deps.db.practice(practice, (own) => heldKeys(own, practice))
  const { state, rows } = found ?? (await deps.db.practice(practice, (own) => createFirstKeys(deps, own, practice)))
  const versions: DataKey[] = []
  let index: IndexKeys | undefined
  for (const row of rows) {
    const key = await unwrap(deps, practice, row)
    if (row.kind === 'practice') versions.push(dataKey(deps, row, key))
    else index = new IndexKeys(key)
  }
  if (!index || !versions.length) throw new AegisError('sealing.key-missing', { practice })
  return { practice, epoch: state.epoch, versions, index, checkedAt, due: new Set() }
}

/** Adds a version to the practice's key if the newest has sealed `usesAtMost` values or more. */
export async function renewPracticeKey(deps: KeyringDeps, practice: number, usesAtMost: number): Promise<void> {
  await deps.db.practice(practice, async (tx) => {
    await table.lockedKeyring(tx, practice)
    const newest = (await table.practiceKeys(tx, practice)).findLast((row) => row.kind === 'practice')
    if (!newest || Number(newest.uses) < usesAtMost) return // another process did it
    const sealsFrom = deps.clock.now() + settleMs
    await addKey(deps, tx, { practice, kind: 'practice', version: newest.version + 1, sealsFrom })
    await table.advanceEpoch(tx, practice)
  })
}

interface HeldKeys {
  readonly state: table.KeyringRow
  readonly rows: table.PracticeKeyRow[]
}

async function heldKeys(tx: Tx, practice: number): Promise<HeldKeys | undefined> {
  const state = await table.keyringOf(tx, practice)
  if (!state) return undefined
  if (state.destroyed) throw new AegisError('sealing.key-missing', { practice })
  const rows = await table.practiceKeys(tx, practice)
  return rows.length ? { state, rows } : undefined
}

async function createFirstKeys(deps: KeyringDeps, tx: Tx, practice: number): Promise<HeldKeys> {
  await table.lockedKeyring(tx, practice)
  const first = await heldKeys(tx, practice)
  if (first) return first // another process was faster
  for (const kind of ['practice', 'index'] as const)
    await addKey(deps, tx, { practice, kind, version: 1, sealsFrom: 0 })
  const made = await heldKeys(tx, practice)
  if (!made) throw new AegisError('sealing.key-missing', { practice })
  return made
}

async function addKey(
  deps: KeyringDeps,
  tx: Tx,
  key: { practice: number; kind: 'practice' | 'index'; version: number; sealsFrom: number },
): Promise<void> {
  const plain = deps.random.bytes(keyBytes)
  const wrapped = await deps.kek.wrap(plain, wrapAad(key.practice, key))
  plain.fill(0)
  const { practice, kind, version } = key
  await table.createPracticeKey(tx, {
    practice,
    kind,
    version,
    wrapped_key: wrapped,
    kek_id: deps.kek.id,
    seals_from: key.sealsFrom,
  })
}

function unwrap(deps: KeyringDeps, practice: number, row: table.PracticeKeyRow): Promise<Buffer> {
  if (row.kek_id !== deps.kek.id) {
    throw new AegisError('sealing.kek-wrong', { practice, sealedWith: row.kek_id, given: deps.kek.id })
  }
  return deps.kek.unwrap(row.wrapped_key, wrapAad(practice, row))
}

function wrapAad(practice: number, key: { kind: string; version: number }): Buffer {
  const row = [key.kind, String(key.version)]
  return placeAad({ practice, table: 'aegis.data_key', column: 'wrapped_key', row })
}

function dataKey(deps: KeyringDeps, row: table.PracticeKeyRow, key: Buffer): DataKey {
  return new DataKey(key, {
    label: { kind: 'practice', version: row.version },
    subject: null,
    sealsFrom: row.seals_from,
    uses: Number(row.uses),
    chargeAfter: firstCharge(deps.random),
  })
}

/** Uses until a newly loaded key's first portion is due: see `usesPerCharge`. */
export function firstCharge(random: Pick<Random, 'fraction'>): number {
  return 1 + Math.floor(random.fraction() * usesPerCharge)
}
