import type { Simulator } from '@aegis/simulator'
import { sql } from '../packages/server/src/db/db.ts'
import { lastModifiedAt } from '../packages/server/src/records/last-modified.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { kindOfFeed } from '../packages/server/src/sync/feed-table.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { kindRules, oracleId, type WireRecord } from '../packages/server/testing/oracle.ts'

/** Every version that athenahealth ever had of the records of some kinds, by when it was modified. */
export class TrueVersions {
  readonly #times = new Map<string, Set<number>>()
  readonly #feeds: readonly FeedName[]
  readonly #truth: Simulator['truth']
  /** Who may have been merged into another one and be themselves again. */
  readonly #everMerged: ReadonlySet<string>

  /** From now on; whatever is there now counts too. */
  constructor(
    { truth }: Pick<Simulator, 'truth'>,
    feeds: readonly FeedName[],
    everMerged: ReadonlySet<string> = new Set(),
  ) {
    this.#everMerged = everMerged
    this.#feeds = feeds
    this.#truth = truth
    for (const feed of feeds) {
      for (const record of truth.records(practice, kindRules[feed].truth, 'alone')) this.#add(feed, record)
    }
    const feedOf = new Map(feeds.map((feed) => [kindRules[feed].truth as string, feed]))
    truth.follow(practice, ({ kind, record }) => {
      const feed = feedOf.get(kind)
      if (feed && record) this.#add(feed, record)
    })
  }

  has(feed: FeedName, id: string, at: number): boolean {
    return this.#times.get(`${feed} ${id}`)?.has(at) ?? false
  }

  /** Whether a version is one of the patient's whose chart is shown in the place of a merged patient's, asked for by its old id. */
  #hadSurvivor(feed: FeedName, body: WireRecord, at: number): boolean {
    if (!kindRules[feed].withinPatient) return false
    const patients = [...this.#truth.records(practice, 'patients', 'alone')].map(({ patientid }) => String(patientid))
    const patient = String(body.patientid)
    if (patients.includes(patient) && !this.#everMerged.has(patient)) return false
    return patients.some((patientid) => this.has(feed, oracleId(feed, { ...body, patientid }), at))
  }

  #add(feed: FeedName, record: WireRecord): void {
    const name = `${feed} ${oracleId(feed, record)}`
    const times = this.#times.get(name) ?? new Set()
    this.#times.set(name, times)
    for (const field of ['lastmodified', 'lastmodifieddatetime']) {
      const at = lastModifiedAt(record[field])
      if (at !== undefined) times.add(at)
    }
  }

  /** Of the mirror's history of changes: how many versions it names, and those that athenahealth never had. */
  async unknownIn(mirrored: MirroredPractice): Promise<{ checked: number; wrong: string[] }> {
    const wrong: string[] = []
    let checked = 0
    for (const feed of this.#feeds) {
      const kind = kindOfFeed(feed)
      const rows = await mirrored.deps.db.practice(practice, (tx) => tx.rows<VersionRow>(versionsSql, [practice, kind]))
      if (rows.length === 0) continue
      const held = new Map((await mirrored.opened(kind)).map(({ key, body }) => [key, body]))
      for (const { key, at } of rows) {
        const body = held.get(key)
        const id = body ? oracleId(feed, body) : key
        checked += 1
        if (!this.has(feed, id, at) && !(body && this.#hadSurvivor(feed, body, at)))
          wrong.push(`${feed} ${id} at ${new Date(at).toISOString()}`)
      }
    }
    return { checked, wrong }
  }
}

interface VersionRow {
  readonly key: string
  readonly at: number
}

const versionsSql = sql(
  'rig.versions_of_kind',
  `select distinct key, last_modified_at as at from aegis.change
   where practice_id = $1 and kind = $2 and last_modified_at is not null`,
)
