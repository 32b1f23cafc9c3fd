import type { DataKey } from './data-key.ts'
import type { Keyring } from './keyring.ts'

interface Entry {
  readonly keyring: Keyring
  readonly versions: readonly DataKey[]
}

/**
 * Patients' unwrapped keys of all practices, the least recently used dropped beyond `entriesMax`. Holds only keys whose
 * rows are committed. An entry counts only for the keyring it was loaded under: a rotation or a destroyed key starts
 * a new one.
 */
export class KeyCache {
  readonly #entries = new Map<string, Entry>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get(keyring: Keyring, subject: string): readonly DataKey[] | undefined {
    const id = `${keyring.practice}/${subject}`
    const entry = this.#entries.get(id)
    if (!entry || entry.keyring !== keyring) return undefined
    this.#entries.delete(id)
    this.#entries.set(id, entry) // a Map keeps the order of insertion: now the youngest
    return entry.versions
  }

  set(keyring: Keyring, subject: string, versions: readonly DataKey[]): void {
    const id = `${keyring.practice}/${subject}`
    this.#entries.delete(id)
    this.#entries.set(id, { keyring, versions })
    if (this.#entries.size <= this.#entriesMax) return
    const [oldest] = this.#entries.keys()
    // Dropped, not wiped: a batch that is under way may hold it.
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Wipes every key, also for batches under way. */
  wipe(): void {
    for (const { versions } of this.#entries.values()) for (const key of versions) key.wipe()
    this.#entries.clear()
  }
}
