import type { Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { usesMax } from './data-key.ts'
import { KeyCache } from './key-cache.ts'
import {
  epochCheckMs,
  hasPassed,
  type Keyring,
  type KeyringDeps,
  loadKeyring,
  momentOf,
  renewPracticeKey,
} from './keyring.ts'
import { nonceSource } from './nonce-source.ts'
import { PracticeKeys } from './practice-keys.ts'
import * as table from './sealing.sql.ts'

/**
 * Patients' keys kept in memory, over all practices: those of a few pages. A page brings its own in one statement; of many kept
 * over many pages most are dropped before they are needed again, and to keep and drop them costs more than to unwrap them.
 */
const patientKeysMax = 1_000

/** Envelope encryption: a key-encryption key wraps a key per practice, which wraps a key per patient. */
export interface Sealing {
  /**
   * The keys of a practice for one batch of work; practice 0 is the installation itself. Needs the database every 10
   * seconds at most, through `tx` if the caller has one open. The very first call for a practice makes its keys and
   * commits them by itself. Calls without `tx` also write down how much keys were used, and renew them in time.
   * `sealing.key-missing` when the practice's keys were destroyed.
   */
  practice(tx: Tx | undefined, practice: number): Promise<PracticeKeys>
  /**
   * Makes the practice's keys if it has none; nothing to do once they are in memory. For whoever works on many practices
   * at once, before it opens transactions: first keys are committed on a connection of their own, and as many
   * transactions as there are connections, each waiting for one more, would wait until one gives up.
   */
  ensureKeys(practice: number): Promise<void>
  /** Wipes every key from memory; what is used afterwards is `sealing.closed`. The key-encryption key stays open. */
  close(): void
}

export interface SealingLimits {
  readonly patientKeysMax?: number
  /** A practice's key gets a new version once it has sealed this many values. */
  readonly usesBeforeRenewal?: number
}

export function createSealing(deps: KeyringDeps, limits: SealingLimits = {}): Sealing {
  return new OpenSealing(deps, limits)
}

class OpenSealing implements Sealing {
  readonly #deps: KeyringDeps
  readonly #cache: KeyCache
  readonly #usesBeforeRenewal: number
  readonly #nextNonce: () => Buffer
  readonly #keyrings = new Map<number, Keyring>()
  readonly #refreshing = new Map<number, Promise<Keyring>>()
  #closed = false

  constructor(deps: KeyringDeps, limits: SealingLimits) {
    this.#deps = deps
    this.#cache = new KeyCache(limits.patientKeysMax ?? patientKeysMax)
    this.#usesBeforeRenewal = limits.usesBeforeRenewal ?? usesMax / 2
    this.#nextNonce = nonceSource(deps.random)
  }

  async practice(tx: Tx | undefined, practice: number): Promise<PracticeKeys> {
    if (this.#closed) throw new AegisError('sealing.closed')
    const held = this.#keyrings.get(practice)
    const fresh = held && !hasPassed(this.#deps.clock, epochCheckMs, held.checkedAt) && (tx || !held.due.size)
    const keyring = fresh ? held : await (tx ? this.#refresh(tx, practice) : this.#refreshOnce(practice))
    const { clock, random } = this.#deps
    return new PracticeKeys({ clock, random, cache: this.#cache, nextNonce: this.#nextNonce }, keyring)
  }

  async ensureKeys(practice: number): Promise<void> {
    if (this.#closed) throw new AegisError('sealing.closed')
    if (!this.#keyrings.has(practice)) await this.#refreshOnce(practice)
  }

  close(): void {
    this.#closed = true
    for (const keyring of this.#keyrings.values()) wipe(keyring)
    this.#keyrings.clear()
    this.#cache.wipe()
  }

  /** One refresh for all who ask meanwhile. Not for those with a transaction: one's failure would be the others'. */
  #refreshOnce(practice: number): Promise<Keyring> {
    const running = this.#refreshing.get(practice)
    if (running) return running
    const refresh = this.#refresh(undefined, practice).finally(() => this.#refreshing.delete(practice))
    this.#refreshing.set(practice, refresh)
    return refresh
  }

  async #refresh(tx: Tx | undefined, practice: number): Promise<Keyring> {
    const held = this.#keyrings.get(practice)
    if (held && (await (tx ? this.#isCurrent(tx, held) : this.#isKept(held)))) return held
    const keyring = await loadKeyring(this.#deps, tx, practice)
    if (this.#closed) {
      wipe(keyring)
      throw new AegisError('sealing.closed')
    }
    this.#keyrings.set(practice, keyring) // the old one is not wiped: batches under way finish with it
    return keyring
  }

  async #isCurrent(tx: Tx, keyring: Keyring): Promise<boolean> {
    const now = momentOf(this.#deps.clock)
    const row = await table.keyringOf(tx, keyring.practice)
    if (row?.epoch !== keyring.epoch || row.destroyed) return false
    keyring.checkedAt = now
    return true
  }

  /** Writes down the uses that are due and renews a key that was used much; false when the keys must be loaded anew. */
  async #isKept(keyring: Keyring): Promise<boolean> {
    const { practice } = keyring
    const due = [...keyring.due].map((key) => ({ key, uses: key.due }))
    const current = await this.#deps.db.practice(practice, async (tx) => {
      const charges = due.map(({ key, uses }) => ({ ...key.label, subject: key.subject, uses }))
      if (due.length) await table.addUses(tx, practice, charges)
      return this.#isCurrent(tx, keyring)
    })
    for (const { key, uses } of due) if (key.charged(uses) === 0) keyring.due.delete(key)
    const newest = keyring.versions.at(-1)
    if (!current || !newest || newest.uses < this.#usesBeforeRenewal) return current
    await renewPracticeKey(this.#deps, practice, this.#usesBeforeRenewal)
    return false
  }
}

function wipe(keyring: Keyring): void {
  for (const key of keyring.versions) key.wipe()
  keyring.index.wipe()
}
