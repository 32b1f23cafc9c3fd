import type { Practice, PracticeEvent } from '../practice/practice.ts'

/** A write that reached a practice, whatever became of its answer; nothing in it identifies a patient but ids. */
export interface WriteEntry {
  /** Counts every write from 1. */
  readonly number: number
  /** Virtual epoch ms. */
  readonly at: number
  readonly app: string
  readonly practice: number
  readonly method: string
  /** Route template. */
  readonly route: string
  /** What the practice answered; the caller may have got something else, or nothing. */
  readonly status: number
  /** The caller's `X-Request-Id`. */
  readonly intent: string | undefined
  /** Every `ref:…` in its fields: where a caller marks a record it makes, so that it can find it again. */
  readonly tags: readonly string[]
  /** What it changed, in order; empty for a write without effect. */
  readonly changed: readonly Pick<PracticeEvent, 'feed' | 'name' | 'id'>[]
}

export interface WritePage {
  readonly writes: readonly WriteEntry[]
  /** Give it as `since` to go on from here. */
  readonly next: number
  /** Writes after `since` that have already been forgotten. */
  readonly forgotten: number
}

/** `ref:` and 8 to 64 letters, digits, `_` or `-`, urlencoded or not. */
const tagPattern = /\bref(?::|%3A)([\w-]{8,64})/gi

/** A longer one is no name of an intent. */
const intentLengthMax = 200

/** A caller's request id, where it can be one. */
export function intentOf(requestId: string | undefined): string | undefined {
  return requestId !== undefined && requestId.length <= intentLengthMax ? requestId : undefined
}

/** The last writes in a ring of fixed size. */
export class WriteLog {
  readonly #ring: WriteEntry[] = []
  readonly #size: number
  #count = 0
  #changed: Pick<PracticeEvent, 'feed' | 'name' | 'id'>[] | undefined

  constructor(size: number) {
    this.#size = size
  }

  /** Every change of the practice counts from now on. */
  follow(practice: Practice): void {
    practice.onEvent(({ feed, name, id }) => this.#changed?.push({ feed, name, id }))
  }

  /** What changes from now on is this write's, until it is added. */
  begin(): void {
    this.#changed = []
  }

  /** Adds the write that was begun. `query` and `form` are as sent; only their tags are kept. */
  add(write: Omit<WriteEntry, 'number' | 'tags' | 'changed'> & { query: string; form: string }): void {
    const { query, form, ...rest } = write
    const tags = [...query.matchAll(tagPattern), ...form.matchAll(tagPattern)].map(([, tag = '']) => tag)
    const changed = this.#changed ?? []
    this.#changed = undefined
    this.#count += 1
    this.#ring[(this.#count - 1) % this.#size] = { number: this.#count, ...rest, tags, changed }
  }

  /** Writes with a number above `since`, oldest first, at most `limit`. */
  page({ since = 0, limit = 1000 }: { since?: number; limit?: number } = {}): WritePage {
    const from = Math.max(since, this.#count - this.#size, 0)
    const to = Math.min(this.#count, from + limit)
    const writes: WriteEntry[] = []
    for (let number = from + 1; number <= to; number += 1) {
      const entry = this.#ring[(number - 1) % this.#size]
      if (entry !== undefined) writes.push(entry)
    }
    return { writes, next: Math.max(to, since), forgotten: Math.max(0, from - since) }
  }
}
