import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { createAudit } from '../src/audit/audit.ts'
import { type Clock, systemClock } from '../src/clock/clock.ts'
import { systemRandom } from '../src/clock/random.ts'
import type { Db, Tx } from '../src/db/db.ts'
import { slaveSqlClock } from '../src/db/sql-clock.sql.ts'
import { AegisError, isAegisError } from '../src/errors/aegis-error.ts'
import type { ErrorCode } from '../src/errors/error-table.ts'
import type { KeyServerDeps } from '../src/key-server/fetch-token.ts'
import { createKeyServer, type KeyServerOptions } from '../src/key-server/key-server.ts'
import { Secret } from '../src/key-server/secret.ts'
import type { KeptTokenSource } from '../src/key-server/token-keeper.ts'
import { openKek } from '../src/sealing/open-kek.ts'
import { createSealing } from '../src/sealing/sealing.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'
import { memoryLog } from './memory-log.ts'
import { scratchDatabase } from './scratch-database.ts'
import { tokenEndpoint } from './token-endpoint.ts'

export const actor = { kind: 'operator', id: 'test' } as const
export const canarySecret = 'canary-secret-1'

const SETTLED_MS = 5
/** Far more than anything takes that comes at all. */
const TRIES = 2_000

/** For `assert.rejects` and `assert.throws`. */
export const code = (expected: ErrorCode) => (error: unknown) =>
  isAegisError(error, expected) || assert.fail(String(error))

/** Stands until it is moved, but the short waits for another process pass by themselves; not so many that nothing can come of them. */
export function patientClock(): ManualClock {
  const clock = manualClock()
  let waits = { at: clock.now(), count: 0 }
  const sleep: Clock['sleep'] = (ms, signal) => {
    if (ms > 200) return clock.sleep(ms, signal)
    waits = { at: clock.now(), count: waits.at === clock.now() ? waits.count + 1 : 1 }
    return waits.count > TRIES ? Promise.reject(new Error('it waits again and again while time stands')) : settled()
  }
  return {
    ...clock,
    sleep,
    get pending() {
      return clock.pending
    },
  }
}

/**
 * A database and its keys, with any number of athenahealth apps on it: each has an endpoint of its own and is used by any
 * number of processes. Called at the top of a file.
 */
export async function keyServers() {
  const home = mkdtempSync(join(tmpdir(), 'aegis-keys-'))
  after(() => rmSync(home, { recursive: true, force: true }))
  const scratch = await scratchDatabase()
  const random = systemRandom
  const kek = await openKek({ db: scratch.db, random }, { directory: home, purpose: 'credentials' })
  const phiKek = await openKek({ db: scratch.db, random }, { directory: home, purpose: 'phi' })
  let apps = 0

  const newAudit = (db: Db, clock: Clock) => {
    const sealing = createSealing({ db, kek: phiKek, clock, random })
    // It waits for the database, which knows nothing of the test's time.
    return createAudit({ db, sealing, clock: { ...systemClock, now: () => clock.now() }, random })
  }

  /** A process of its own. */
  const newServer = (
    given: Pick<KeyServerDeps, 'clock' | 'fetch' | 'log'> & { db?: Db; options?: KeyServerOptions },
  ) => {
    const { db = scratch.db, clock, fetch, log } = given
    const audit = newAudit(db, clock)
    return createKeyServer({ db, kek, audit, clock, random, log, fetch }, given.options)
  }

  async function newApp(t: TestContext, clock: Clock = patientClock()) {
    const endpoint = await tokenEndpoint(clock)
    t.after(() => endpoint.close())
    const log = memoryLog()
    const credential = { environment: 'local', clientId: `app-${++apps}` } as const
    const newProcess = (options: KeyServerOptions = {}, given: Db = scratch.db) => {
      const db = inTimeOf(clock, given, scratch.db)
      const server = newServer({ db, clock, log, fetch: endpoint.fetch, options })
      t.after(() => server.stop())
      const place = { environment: 'local', baseUrl: endpoint.baseUrl } as const
      const source = (scope?: string) =>
        impatient(server.tokenSource({ credential, ...place, ...(scope ? { scope } : {}) }))
      return { server, source, tokens: source() }
    }
    const give = (secret = canarySecret) =>
      newProcess().server.offerCredential(credential, {
        material: Secret.fromBytes(Buffer.from(`${secret}\n`)),
        origin: 'configuration',
      })
    await give()
    return { endpoint, log, credential, newProcess, give }
  }
  return {
    database: scratch,
    owner: scratch.owner,
    newApp,
    newServer,
    newAudit,
    switchable: () => switchable(scratch.db),
  }
}

/** The database, which knows the test's time in every transaction. */
function inTimeOf(clock: Clock, db: Db, clocked: Db): Db {
  const keepTime = () => clocked.control((tx) => slaveSqlClock(tx, { nowMs: clock.now(), speed: 1e-9 }))
  return {
    practice: <T>(practice: number, work: (tx: Tx) => Promise<T>) => keepTime().then(() => db.practice(practice, work)),
    control: <T>(work: (tx: Tx) => Promise<T>) => keepTime().then(() => db.control(work)),
    audit: <T>(work: (tx: Tx) => Promise<T>) => keepTime().then(() => db.audit(work)),
  }
}

/** The source, which fails a test whose callers get neither a token nor an error. */
function impatient(source: KeptTokenSource): KeptTokenSource {
  return {
    get: (options) => answered(source.get(options)),
    atHand: (oldestMs) => answered(source.atHand(oldestMs)),
    renewed: () => answered(source.renewed()),
  }
}

/** Bounds what hangs, and nothing else: a machine with much else to do may take its time. */
const HANGS_MS = 60_000

/** What `work` gives, unless it hangs. */
function answered<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('no token and no error came')), HANGS_MS)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}

/** A database that is there or not. */
interface Switchable extends Db {
  down: boolean
  /** What it rejects with while it is down. */
  error: Error
}

function switchable(db: Db): Switchable {
  const refuse = () => Promise.reject(link.error)
  const link: Switchable = {
    down: false,
    error: new AegisError('db.unavailable'),
    practice: (practice, work) => (link.down ? refuse() : db.practice(practice, work)),
    control: (work) => (link.down ? refuse() : db.control(work)),
    audit: (work) => (link.down ? refuse() : db.audit(work)),
  }
  return link
}

/** Lets input and output under way come to rest. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS))
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await condition()) return
    await settled()
  }
  assert.fail('it never came to pass')
}
