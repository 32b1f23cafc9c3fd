import type { Simulator } from '@aegis/simulator'
import { sql } from '../packages/server/src/db/db.ts'
import { lastModifiedAt } from '../packages/server/src/records/last-modified.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { kindOfFeed } from '../packages/server/src/sync/feed-table.ts'
import { kindRules, type MirrorRecord, oracleId, type WireRecord } from '../packages/server/testing/oracle.ts'
import type { HeldMirror } from './held-mirror.ts'
import type { Judgement } from './judge-history.ts'

export interface VersionsOf {
  readonly practice: number
  readonly feeds: readonly FeedName[]
  /** Who may have been merged into another one and be themselves again. */
  readonly everMerged?: ReadonlySet<string>
}

/** Every version that athenahealth ever had of the records of some kinds, by when it was modified. */
export class TrueVersions {
  readonly practice: number
  readonly #times = new Map<string, Set<number>>()
  readonly #feeds: readonly FeedName[]
  readonly #truth: Simulator['truth']
  readonly #everMerged: ReadonlySet<string>

  /** From now on; whatever is there now counts too. */
  constructor({ truth }: Pick<Simulator, 'truth'>, { practice, feeds, everMerged = new Set() }: VersionsOf) {
    this.practice = practice
    this.#everMerged = everMerged
    this.#feeds = feeds
    this.#truth = truth
    const feedOf = new Map(feeds.map((feed) => [kindRules[feed].truth as string, feed]))
    truth.follow(practice, ({ kind, record }) => {
      const feed = feedOf.get(kind)
      if (feed && record) this.#add(feed, record)
    })
    // Followed before, since the practice may live on while this is read.
    for (const feed of feeds) {
      for (const record of truth.records(practice, kindRules[feed].truth, 'alone')) this.#add(feed, record)
    }
  }

  has(feed: FeedName, id: string, at: number): boolean {
    return this.#times.get(`${feed} ${id}`)?.has(at) ?? false
  }

  /** Whether a version is one of the patient's whose chart is shown in the place of a merged patient's, asked for by its old id. */
  #hadSurvivor(feed: FeedName, body: WireRecord, at: number): boolean {
    if (!kindRules[feed].withinPatient) return false
    const patients = [...this.#truth.records(this.practice, 'patients', 'alone')].map(({ patientid }) =>
      String(patientid),
    )
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

  /** I2: the mirror's history names no version that the other side never had. `opened` reads its records. */
  async judge(
    { db, practice }: HeldMirror,
    opened: (feed: FeedName) => Promise<readonly MirrorRecord[]>,
  ): Promise<Judgement> {
    const unknown: string[] = []
    let checked = 0
    for (const feed of this.#feeds) {
      const kind = kindOfFeed(feed)
      const rows = await db.practice(practice, (tx) => tx.rows<VersionRow>(versionsSql, [practice, kind]))
      if (rows.length === 0) continue
      const held = new Map((await opened(feed)).map(({ key, body }) => [key, body]))
      for (const { key, at } of rows) {
        const body = held.get(key)
        const id = body ? oracleId(feed, body) : key
        checked += 1
        if (!this.has(feed, id, at) && !(body && this.#hadSurvivor(feed, body, at)))
          unknown.push(`${feed} ${id} at ${new Date(at).toISOString()}`)
      }
    }
    const some = unknown.slice(0, 3).join(', ')
    const wrong = unknown.length > 0 ? [`I2 ${unknown.length} versions that athenahealth never had: ${some}`] : []
    return { checked: { I2: checked }, wrong }
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
