/** A record that changed and waits to be read, or was read. */
export interface Message {
  readonly id: string
  /** Time of the first change since the record was last handed out, epoch ms. */
  readonly at: number
  /** Department of the latest change. */
  readonly departmentId: string | undefined
}

interface Processed extends Message {
  readonly processedAt: number
}

/**
 * What one app has not read yet of one feed, and what it has. A record waits once however often it changed, in the
 * order of its first change. Messages that were read can be asked for again until the retention has passed; those that
 * were not wait for ever, unless a retention of theirs is given.
 */
export class Mailbox {
  readonly #retentionMs: number
  readonly #unreadRetentionMs: number
  readonly #waiting = new Map<string, Message>()
  #processed: Processed[] = []

  constructor(retentionMs: number, unreadRetentionMs = Infinity) {
    this.#retentionMs = retentionMs
    this.#unreadRetentionMs = unreadRetentionMs
  }

  /** Number of records that wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Notes a change of a record; changes come in the order of their times. */
  add(message: Message): void {
    const known = this.#waiting.get(message.id)
    this.#waiting.set(message.id, known === undefined ? message : { ...message, at: known.at })
  }

  /** What waits of a record. */
  find(id: string): Message | undefined {
    return this.#waiting.get(id)
  }

  /** What waits, in order. */
  waiting(): Iterable<Message> {
    return this.#waiting.values()
  }

  /** Lets go of what has waited for too long at `now`. */
  letGo(now: number): void {
    for (const { id, at } of this.#waiting.values()) {
      if (at >= now - this.#unreadRetentionMs) return
      this.#waiting.delete(id)
    }
  }

  /** Marks messages as processed at `now`: they no longer wait. */
  process(messages: readonly Message[], now: number): void {
    for (const message of messages) {
      this.#waiting.delete(message.id)
      this.#processed.push({ ...message, processedAt: now })
    }
    this.#forget(now)
  }

  /** What was processed from `from` to `until` (both included) and is still kept, each record once, by time of change. */
  replay({ from, until, now }: { from: number; until: number; now: number }): readonly Message[] {
    this.#forget(now)
    const found = new Map<string, Message>()
    for (let index = this.#firstAt(from); index < this.#processed.length; index += 1) {
      const message = this.#processed[index]
      if (message === undefined || message.processedAt > until) break
      found.set(message.id, message)
    }
    return [...found.values()].sort((left, right) => left.at - right.at)
  }

  /** Forgets what was processed until `time`, though it could still be asked for; true when there was anything. */
  forgetUntil(time: number): boolean {
    const kept = this.#firstAt(time + 1)
    this.#processed = this.#processed.slice(kept)
    return kept > 0
  }

  /** Forgets everything: the subscription ended. */
  clear(): void {
    this.#waiting.clear()
    this.#processed = []
  }

  #forget(now: number): void {
    const kept = this.#firstAt(now - this.#retentionMs)
    // Dropping in large pieces keeps reading cheap while a busy feed goes on.
    if (kept > 0 && (kept >= 1000 || kept === this.#processed.length)) this.#processed = this.#processed.slice(kept)
    else if (kept > 0) this.#processed.splice(0, kept)
  }

  /** Index of the first message processed at `time` or later. */
  #firstAt(time: number): number {
    let low = 0
    let high = this.#processed.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#processed[middle]?.processedAt ?? Infinity) < time) low = middle + 1
      else high = middle
    }
    return low
  }
}
