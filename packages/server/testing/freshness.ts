/** How fresh a mirror is: the age of each change of its practice when the mirror has it. */
import { sql } from '../src/db/db.ts'
import { recordKinds } from '../src/records/record-kinds.ts'
import { recordKey } from '../src/records/record-name.ts'
import { nextFetchSeq } from '../src/records/records.sql.ts'
import type { FeedName } from '../src/sync/feed-name.ts'
import { kindOfFeed } from '../src/sync/feed-table.ts'
import { type MirroredPractice, practice } from './mirrored-practice.ts'

/** Feeds whose changes are counted; the simulator's kinds have the same names. */
const counted = ['providers', 'patients', 'appointments'] as const
type Counted = (typeof counted)[number]

/** Of these athenahealth tells only who asks for it, and Aegis does not. */
const untold: ReadonlySet<string> = new Set(['UpdateReminderCall', 'UpdateSuggestedOverbooking'])

interface Waiting {
  /** When it happened, epoch ms. */
  readonly at: number
  /** The last request that was made before. */
  readonly after: bigint
}

/**
 * Follows every change of a practice from the moment at which it happens until the mirror holds a body of the record that was asked
 * for after that: neither that its feed was looked at nor that a page was fetched makes a mirror fresh. A change that has not
 * arrived is older than every other one.
 */
export class Freshness {
  readonly #mirrored: MirroredPractice
  readonly #waiting = new Map<Counted, Map<string, Waiting[]>>(counted.map((feed) => [feed, new Map()]))
  /** Changes that arrived, by their age in seconds. */
  readonly #ages = new Map<number, number>()
  #mark: number
  #asked: bigint

  private constructor(mirrored: MirroredPractice, from: { mark: number; asked: bigint }) {
    this.#mirrored = mirrored
    this.#mark = from.mark
    this.#asked = from.asked
    mirrored.simulator.truth.follow(practice, () => this.#note())
  }

  /** Of what changes from now on; between two steps. */
  static async of(mirrored: MirroredPractice): Promise<Freshness> {
    const asked = await mirrored.deps.db.practice(practice, (tx) => nextFetchSeq(tx))
    return new Freshness(mirrored, { mark: mirrored.simulator.truth.changes(practice).mark, asked })
  }

  #note(): void {
    const { truth, clock } = this.#mirrored.simulator
    const { changed, mark } = truth.changes(practice, this.#mark)
    this.#mark = mark
    for (const { kind, id, events } of changed) {
      const waiting = this.#waiting.get(kind as Counted) // absent for all others
      if (!waiting) continue
      const told = events.filter((event) => !untold.has(event))
      const each = told.map(() => ({ at: clock.now(), after: this.#asked }))
      if (each.length > 0) waiting.set(id, [...(waiting.get(id) ?? []), ...each])
    }
  }

  /** To be called after each step, whatever it did: sees which changes of its feed the mirror has by now. */
  async stepped(feed: FeedName): Promise<void> {
    const { deps, simulator } = this.#mirrored
    const waiting = this.#waiting.get(feed as Counted) ?? new Map<string, Waiting[]>() // none of others
    const kind = kindOfFeed(feed)
    await deps.db.practice(practice, async (tx) => {
      this.#asked = await nextFetchSeq(tx)
      if (waiting.size === 0) return
      const keys = await deps.sealing.practice(tx, practice)
      const ids = new Map([...waiting.keys()].map((id) => [recordKey(recordKinds[kind], keys, { id }), id]))
      const rows = await tx.rows<{ key: string; fetch_seq: string }>(held, [
        practice,
        kind,
        JSON.stringify([...ids.keys()]),
      ])
      for (const { key, fetch_seq: from } of rows) {
        const id = ids.get(key) ?? ''
        const [arrived = [], left = []] = splitBy(waiting.get(id) ?? [], ({ after }) => after < BigInt(from))
        for (const { at } of arrived) this.#arrived(simulator.clock.now() - at)
        if (left.length > 0) waiting.set(id, left)
        else waiting.delete(id)
      }
    })
  }

  #arrived(ageMs: number): void {
    const age = Math.ceil(ageMs / 1000)
    this.#ages.set(age, (this.#ages.get(age) ?? 0) + 1)
  }

  /** Changes that have not arrived. */
  get waiting(): number {
    const all = [...this.#waiting.values()].flatMap((records) => [...records.values()])
    return all.reduce((sum, one) => sum + one.length, 0)
  }

  /** All changes, those that wait among them. */
  get changes(): number {
    return [...this.#ages.values()].reduce((sum, count) => sum + count, this.waiting)
  }

  /** The age that so great a share of all changes did not exceed, ms; infinite where not so many arrived. */
  at(share: number): number {
    let left = this.changes * share
    for (const [age, count] of [...this.#ages].toSorted(([one], [other]) => one - other)) {
      left -= count
      if (left <= 0) return age * 1000
    }
    return Number.POSITIVE_INFINITY
  }
}

/** Who was merged lives on as its survivor. Behind row-level security only a plain column is looked up by the whole key. */
const held = sql(
  'test.held_from',
  `select living.wanted as key, r.fetch_seq from (
     select wanted.key as wanted, coalesce(a.survivor_key, wanted.key) as key
     from json_array_elements_text($3::json) as wanted (key)
     left join aegis.alias a on a.practice_id = $1 and a.kind = $2 and a.key = wanted.key offset 0) as living
   cross join lateral (
     select fetch_seq from aegis.record where practice_id = $1 and kind = $2 and key = living.key offset 0) as r`,
)

function splitBy<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))]
}
