/**
 * One simulated practice and its mirror, stepped by hand: no job queue and no waiting, the simulator's clock stands still
 * until `advance`. What may fail on the way (fetch, failpoints) is the test's to break.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AthenaFetch, createAthenaClient } from '@aegis/client'
import { type Simulator, type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { type Clock, sleepOn, systemClock } from '../src/clock/clock.ts'
import { type Random, systemRandom } from '../src/clock/random.ts'
import { type Db, sql, type Statement } from '../src/db/db.ts'
import { slaveSqlClock } from '../src/db/sql-clock.sql.ts'
import { openRecord } from '../src/records/open-record.ts'
import type { Kind } from '../src/records/record-kind.ts'
import { sealedOfKind } from '../src/records/records.sql.ts'
import { openKek } from '../src/sealing/open-kek.ts'
import type { Pseudonym } from '../src/sealing/practice-keys.ts'
import { createSealing } from '../src/sealing/sealing.ts'
import { advancePaced } from '../src/sync/advance-paced.ts'
import { isLimitable } from '../src/sync/feed-departments.ts'
import type { FeedName } from '../src/sync/feed-name.ts'
import { readFeeds, wantResnapshot } from '../src/sync/feed-state.sql.ts'
import { kindOfFeed } from '../src/sync/feed-table.ts'
import { countTrouble, openGaps } from '../src/sync/gap.sql.ts'
import { addFeeds, limitFeeds } from '../src/sync/many-practices.sql.ts'
import { ReadAhead } from '../src/sync/read-ahead.ts'
import type { SyncDeps } from '../src/sync/sync-deps.ts'
import { defaultSyncSettings, type SyncSettings } from '../src/sync/sync-settings.ts'
import { memoryLog } from './memory-log.ts'
import {
  compareKind,
  type Difference,
  isPromised,
  kindRules,
  type MirrorRecord,
  oracleId,
  oracleKinds,
  type WireRecord,
} from './oracle.ts'
import { type ScratchDatabase, scratchDatabase } from './scratch-database.ts'

type TestContext = { after(work: () => Promise<void>): void }

export interface MirroredPracticeOptions {
  readonly patients?: number
  readonly settings?: Partial<SyncSettings>
  /** Virtual start, epoch ms. */
  readonly startAt?: number
  /** Anything else of the simulator. */
  readonly simulator?: SimulatorOptions
  /** Keys, jitter and all other chance; the machine's if absent. */
  readonly random?: Random
  /** Holds no rows; one of the test's own if absent. */
  readonly database?: Pick<ScratchDatabase, 'db'>
  /** Whether time-outs of the client are the simulator's too; the machine's if absent. */
  readonly virtualTimers?: boolean
}

export const practice = 195900
/** A Monday morning, 10:00 Eastern. */
const monday = Date.UTC(2026, 2, 2, 15)
const minute = 60_000

/** Starts a simulator, a database and what sync needs; all of it goes at the end of the test. */
export async function mirroredPractice(
  test: TestContext,
  options: MirroredPracticeOptions = {},
): Promise<MirroredPractice> {
  const simulator = await startSimulator({
    seed: 7,
    practices: [{ id: practice, patients: options.patients ?? 20, restrictions: 'filtered' }],
    limits: 'off',
    speed: 0,
    startAt: options.startAt ?? monday,
    activationLagMs: minute,
    ...options.simulator,
  })
  test.after(() => simulator.stop())
  const { db } = options.database ?? (await scratchDatabase(test))
  const directory = mkdtempSync(join(tmpdir(), 'aegis-mirrored-'))
  test.after(async () => rmSync(directory, { recursive: true }))
  const { random = systemRandom, settings = {} } = options
  const kek = await openKek({ db, random }, { directory, purpose: 'phi' })
  const clock = clockOf(simulator, options.virtualTimers ?? false)
  const sealing = createSealing({ db, kek, clock, random })
  const mirrored = new MirroredPractice(simulator, { db, clock, sealing, settings, random })
  await mirrored.advance(0)
  await db.practice(0, (tx) => addFeeds(tx, [practice], mirrored.feeds))
  await mirrored.limitTo(settings.departments?.[practice] ?? null)
  return mirrored
}

function clockOf({ clock }: Simulator, virtualTimers: boolean): Clock {
  const now = () => clock.now()
  if (!virtualTimers) return { ...systemClock, now, steady: now }
  const timer: Clock['timer'] = (ms, fire) => clock.timer(ms, fire)
  return { now, steady: now, timer, sleep: (ms, signal) => sleepOn({ timer }, ms, signal) }
}

export class MirroredPractice {
  readonly simulator: Simulator
  deps: SyncDeps
  readonly log = memoryLog()
  /** What stands between the client and the simulator; a test may replace it. */
  fetch: AthenaFetch
  #fence = 1
  #databaseAheadMs = 0
  /** What moves with the simulator's clock, whatever becomes of the process. */
  readonly #db: Db

  constructor(
    simulator: Simulator,
    {
      random,
      ...parts
    }: Pick<SyncDeps, 'clock' | 'sealing'> & { db: Db; settings: Partial<SyncSettings>; random: Random },
  ) {
    this.simulator = simulator
    this.#db = parts.db
    this.fetch = this.toSimulator
    const client = createAthenaClient({
      environment: 'local',
      baseUrl: simulator.url,
      fetch: (url, init, call) => this.fetch(url, init, call),
      clock: parts.clock,
      random: () => random.fraction(),
      credential: { clientId: 'demo-client', secret: 'demo-secret' },
      retry: { baseMs: 1 },
    })
    const small = { settleMs: minute, snapshotPageSize: 50, bookedDaysAhead: 13, slotDaysAhead: 7 }
    const settings = { ...defaultSyncSettings, ...small, ...parts.settings }
    const api = client.practice(practice)
    // No answer tells the time: windows go by the database's clock alone.
    const upstream = {
      practice: () => api,
      theirTime: () => undefined,
      certainSkewMs: () => 0,
      hear: async () => undefined,
    }
    const clock = { ...parts.clock, now: () => parts.clock.now() + this.#databaseAheadMs }
    this.deps = { ...parts, clock, settings, upstream, log: this.log, ahead: new ReadAhead() }
  }

  /** Calls `before` ahead of every statement of a practice's transaction; what it throws is the statement's failure. */
  onStatement(before: (statement: Statement) => void): void {
    const { db } = this.deps
    const watched: Db['practice'] = (id, work) =>
      db.practice(id, (tx) =>
        work({
          rows: async (statement, values) => {
            before(statement)
            return tx.rows(statement, values)
          },
        }),
      )
    this.deps = { ...this.deps, db: { ...db, practice: watched, control: (work) => db.control(work) } }
  }

  /** The way to the simulator with nothing in between. */
  readonly toSimulator: AthenaFetch = (url, init) => this.simulator.fetch(url, init)

  /** Moves the clock of simulator, server and database on together. */
  async advance(ms: number): Promise<void> {
    // The database first: what a timer wakes must not meet a time before its own.
    const nowMs = this.simulator.clock.now() + ms + this.#databaseAheadMs
    // Slow enough to stand still; the table accepts no speed of 0.
    await this.#db.control((tx) => slaveSqlClock(tx, { nowMs, speed: 1e-9 }))
    if (ms > 0) this.simulator.clock.advance(ms)
  }

  /** Sets the clocks of the machine: the database's, and this process's. Only the simulator's is right. */
  async setMachineAhead(ms: number): Promise<void> {
    this.#databaseAheadMs = ms
    await this.advance(0)
  }

  /** Takes every feed, or one, as far as it can go now, as the holder of a new lease. */
  async step(only?: FeedName): Promise<void> {
    for (const feed of only ? [only] : this.feeds) await this.stepFeed(feed)
  }

  /** Takes one feed as far as it can go now; returns when it is due again, epoch ms. */
  stepFeed(feed: FeedName): Promise<number> {
    const fence = String(this.#fence++)
    return advancePaced(this.deps, { practice, feed, fence }, new AbortController().signal)
  }

  /** Steps minute by minute; long enough for every pause and every poll. */
  async run(minutes: number): Promise<void> {
    for (let passed = 0; passed < minutes; passed += 1) {
      await this.step()
      await this.advance(minute + 1_000)
    }
    await this.step()
  }

  /** Until every feed is live. */
  async bringUp(): Promise<void> {
    await this.run(5)
  }

  /** What is mirrored. */
  get feeds(): readonly FeedName[] {
    return this.deps.settings.feeds
  }

  /** Lets these departments be mirrored from now on, as a start with another configuration does; null: all. */
  async limitTo(departments: readonly string[] | null): Promise<void> {
    const limits = departments === null ? {} : { [practice]: departments }
    const feeds = this.feeds.filter(isLimitable)
    await this.deps.db.practice(0, (tx) => limitFeeds(tx, [practice], { feeds, limits }))
  }

  states() {
    return this.deps.db.practice(practice, (tx) => readFeeds(tx, practice))
  }

  /** Leases taken from now on have fences of at least this. */
  fenceFrom(fence: number): void {
    this.#fence = fence
  }

  /** Asks for a new snapshot of a feed. */
  wantSnapshot(feed: FeedName): Promise<void> {
    return this.deps.db.practice(practice, (tx) => wantResnapshot(tx, { practice, feed }))
  }

  trouble() {
    return this.deps.db.practice(practice, (tx) => countTrouble(tx, practice))
  }

  /** What readings of lists remember of the page before. */
  async anchors(): Promise<string[]> {
    const all = sql('test.anchors', `select jsonb_array_elements_text(anchors) as anchor from aegis.snapshot_run`)
    const rows = await this.deps.db.practice(practice, (tx) => tx.rows<{ anchor: string }>(all))
    return rows.map(({ anchor }) => anchor)
  }

  /** Appointments whose instant of start is not known. */
  async rowsWithoutStart(): Promise<string[]> {
    const without = sql(
      'test.without_start',
      `select key from aegis.record where kind = 'appointment' and clear ->> 'startsAt' is null`,
    )
    const rows = await this.deps.db.practice(practice, (tx) => tx.rows<{ key: string }>(without))
    return rows.map(({ key }) => key)
  }

  gaps() {
    return this.deps.db.practice(practice, (tx) => openGaps(tx, practice))
  }

  change(change: unknown): unknown {
    return this.simulator.truth.change(practice, change)
  }

  /** Everything in which the mirror differs from the simulator's truth, of all that is mirrored, or of some departments. */
  async differences(only?: readonly string[]): Promise<Difference[]> {
    const { truth, clock } = this.simulator
    const { bookedDaysBack, bookedDaysAhead, claimsMonthsBack, feeds } = this.deps.settings
    const patients = [...truth.records(practice, 'patients')]
    const isWithin = withinDepartments(patients, only)
    const present = patients.filter((patient) => patient.status !== 'deleted' && isWithin('patients', patient))
    const presentPatients = new Set(present.map(({ patientid }) => String(patientid)))
    const promised = { now: clock.now(), bookedDaysBack, bookedDaysAhead, claimsMonthsBack, presentPatients }
    const hides = truth.hides(practice)
    const all: Difference[] = []
    for (const kind of oracleKinds.filter((one) => feeds.includes(one))) {
      const mirror = (await this.opened(kindOfFeed(kind))).filter(({ body }) => isWithin(kind, body))
      const held = new Set(mirror.map((record) => oracleId(kind, record.body)))
      const inScope = (record: WireRecord) => held.has(oracleId(kind, record)) || isPromised(kind, record, promised)
      const records = [...truth.records(practice, kindRules[kind].truth, 'alone')].filter((one) => isWithin(kind, one))
      // Who may come when is not hidden with the rest.
      const isHidden = ({ patientid }: WireRecord) => kind !== 'appointments' && hides(String(patientid))
      all.push(...compareKind({ kind, truth: records, mirror, inScope, isHidden }))
    }
    return all
  }

  /** The mirror's records of a kind, opened. */
  opened(kind: Kind): Promise<MirrorRecord[]> {
    return this.deps.db.practice(practice, async (tx) => {
      const keys = await this.deps.sealing.practice(tx, practice)
      const rows = await sealedOfKind(tx, { practice, kind })
      await keys.loadPatients(tx, [...new Set(rows.flatMap((row) => (row.patient ? [row.patient as Pseudonym] : [])))])
      return rows.map((row) => ({
        key: row.key,
        state: row.state as MirrorRecord['state'],
        body: openRecord(keys, kind, row),
      }))
    })
  }
}

/** Whether a record of a kind that can be limited belongs to one of the departments; an entry of a chart, its patient. */
function withinDepartments(patients: readonly WireRecord[], only: readonly string[] | undefined) {
  const registered = new Map(patients.map(({ patientid, departmentid }) => [String(patientid), departmentid]))
  return (kind: FeedName, { departmentid, patientid }: WireRecord) =>
    only === undefined || !isLimitable(kind) || only.includes(String(departmentid ?? registered.get(String(patientid))))
}
