import { repeatEvery } from '../clock/repeat-every.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { JournalEntry } from './journal-entry.ts'
import type { JournalFile } from './journal-file.ts'
import type { WorldDigest } from './world-digest.ts'

export interface JournalDeps {
  readonly file: JournalFile
  readonly clock: VirtualClock
  readonly digest: WorldDigest
}

/** How far the time in the file runs ahead, ms of real time: by so much at most a kill moves the world forward. */
const leadMs = 1000

/**
 * Writes down what comes to the world from outside, and how far time has come. An entry is kept before its answer leaves.
 * Time is written down in advance: whatever anybody saw lies before it. So a world that goes on from its journal has
 * forgotten nothing and never goes back, also after the process was killed.
 */
export class Journal {
  readonly #deps: JournalDeps
  #until = -Infinity
  #cover: { stop(): void } | undefined

  constructor(deps: JournalDeps) {
    this.#deps = deps
  }

  /** Begins to write down what happens; until then and after `close`, `note` and `cover` do nothing. */
  open(onError: (error: unknown) => void): void {
    this.#cover = repeatEvery(leadMs, () => {
      try {
        this.cover()
      } catch (error) {
        onError(error)
      }
    })
    this.cover()
  }

  /** Keeps what happens at this moment, for which time must stand still. Throws when it cannot be kept. */
  note(entry: JournalEntry): void {
    if (this.#cover) this.#deps.file.append(this.#deps.clock.exactNow(), JSON.stringify(entry))
  }

  /** Makes sure that the file has a time that is not before now; to be called before anybody is shown anything. */
  cover(): void {
    if (!this.#cover) return
    const { clock } = this.#deps
    const farthest = clock.exactNow() + clock.speed * leadMs
    if (clock.exactNow() > this.#until || this.#until > farthest) this.#mark(farthest)
  }

  /** Keeps the exact time and closes the file. A second call does nothing more. */
  close(): void {
    if (!this.#cover) return
    this.#cover.stop()
    this.#cover = undefined
    try {
      this.#mark(-Infinity)
    } finally {
      this.#deps.file.close()
    }
  }

  #mark(farthest: number): void {
    const { file, clock, digest } = this.#deps
    clock.still((at) => {
      const until = Math.max(at, farthest)
      file.mark({ at, until, digest: digest.value })
      this.#until = until
    })
  }
}
