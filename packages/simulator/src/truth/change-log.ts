import type { Practice, PracticeEvent } from '../practice/practice.ts'

/** A record that changed since a mark. */
export interface ChangedRecord {
  readonly kind: PracticeEvent['feed']
  readonly id: string
  /** Events it went through since, in order. */
  readonly events: readonly string[]
  /** As athenahealth would show it now. */
  readonly record: Record<string, unknown> | undefined
}

export interface ChangesSince {
  readonly changed: readonly ChangedRecord[]
  /** A mark of this moment: give it as `since` to see what changes after it. */
  readonly mark: number
  /** Changes of all practices after `since` that have already been forgotten. */
  readonly forgotten: number
}

/** Changes kept, of all practices together: some days of a busy one. */
const keptMax = 200_000

interface Change extends Pick<PracticeEvent, 'feed' | 'id' | 'name'> {
  readonly practice: Practice
}

/** What changed in the practices, so that two moments can be compared. */
export class ChangeLog {
  readonly #ring: Change[] = []
  #count = 0

  /** Every change of the practice counts from now on. */
  follow(practice: Practice): void {
    practice.onEvent(({ feed, id, name }) => {
      this.#ring[this.#count % keptMax] = { practice, feed, id, name }
      this.#count += 1
    })
  }

  /** Tells `listener` of every record of a practice as it changes, with what its own call shows from then on. */
  onChange(practice: Practice, listener: (changed: Omit<ChangedRecord, 'events'>) => void): void {
    practice.onEvent(({ feed: kind, id }) =>
      listener({ kind, id, record: practice.wireRecord(kind, id, { alone: true }) }),
    )
  }

  /** The records of a practice that changed after the mark, in the order of their first changes. */
  since(practice: Practice, mark = 0): ChangesSince {
    const from = Math.max(mark, this.#count - keptMax, 0)
    const events = new Map<string, { kind: PracticeEvent['feed']; id: string; names: string[] }>()
    for (let index = from; index < this.#count; index += 1) {
      const change = this.#ring[index % keptMax]
      if (change?.practice !== practice) continue
      const { feed: kind, id, name } = change
      const known = events.get(`${kind} ${id}`) ?? { kind, id, names: [] }
      known.names.push(name)
      events.set(`${kind} ${id}`, known)
    }
    const changed = [...events.values()].map(({ kind, id, names }) => ({
      kind,
      id,
      events: names,
      record: practice.wireRecord(kind, id),
    }))
    return { changed, mark: this.#count, forgotten: Math.max(0, from - mark) }
  }
}
