/** A feed whose page ends the process that reads it, again and again, and those that are read beside it. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { leaseGoesOn } from '../../testing/feed-lease.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { takeOverLeases } from '../leases/take-over-leases.ts'
import { syncNow } from './operate-sync.ts'
import { addPractices, claimDue, ensureScheduled, heldOff } from './schedule.sql.ts'
import { runAdvanceFeed } from './schedule.ts'

const leaseTtlMs = 30_000
const killer = { practice, feed: 'patients' } as const

async function scheduled(t: Parameters<typeof mirroredPractice>[0]): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(60_000)
  await mirrored.deps.db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], ['patients'])
    await leaseGoesOn(tx, killer)
  })
  return mirrored
}

const never = () => assert.fail('not of a job')

/** The way out of the process that works: what a dead one's client repeats is not the next one's. */
const wayOut = new AsyncLocalStorage<AthenaFetch>()

/** Works on patients in a process of its own. With `dies` it ends at the first call, and never comes back. */
async function work(mirrored: MirroredPractice, dies = false): Promise<number> {
  await mirrored.deps.db.control((tx) => claimDue(tx, { most: 10, holdSeconds: 3_600 }))
  const instance = `process at ${mirrored.deps.clock.now()}`
  let [calls, isDead] = [0, false]
  const dead = Promise.withResolvers<void>()
  mirrored.fetch = (...sent) => (wayOut.getStore() ?? assert.fail('of no process'))(...sent)
  const fetch: AthenaFetch = async (url, init, call) => {
    if (isDead) throw new TypeError('it is dead')
    if (call.kind === 'token') return mirrored.toSimulator(url, init, call)
    calls += 1
    if (!dies) return mirrored.toSimulator(url, init, call)
    isDead = true
    dead.resolve()
    throw new TypeError('it is dead')
  }
  const timers = new Set<{ cancel(): void }>()
  const timer: MirroredPractice['deps']['clock']['timer'] = (ms, fire) => {
    const set = mirrored.deps.clock.timer(ms, fire)
    timers.add(set)
    return set
  }
  // Nothing that it wants to write arrives any more.
  const unlessDead = <T>(write: () => Promise<T>) => (isDead ? new Promise<T>(() => undefined) : write())
  const { db } = mirrored.deps
  const ofProcess: typeof db = {
    ...db,
    practice: (id, inside) => unlessDead(() => db.practice(id, inside)),
    control: (inside) => unlessDead(() => db.control(inside)),
  }
  const sync = { ...mirrored.deps, db: ofProcess, clock: { ...mirrored.deps.clock, timer } }
  const schedule = { sync, instance, leaseTtlMs, dayUsage: never, keepForFeeds: never }
  const run = () => runAdvanceFeed(schedule, killer, new AbortController().signal)
  await Promise.race([wayOut.run(fetch, run), dead.promise])
  for (const set of timers) set.cancel()
  // The next process of this home: what the dead one held is free.
  if (dies) await takeOverLeases(mirrored.deps, { instance: 'the next one' })
  await mirrored.advance(61_000)
  return calls
}

const names = async ({ deps }: MirroredPractice) => (await deps.db.control((tx) => heldOff(tx))).map(({ feed }) => feed)

test('a feed that ends process after process is held off and tried again within the hour', async (t) => {
  const mirrored = await scheduled(t)
  let deaths = 0
  for (let works = 0; works < 30 && (await names(mirrored)).length === 0; works += 1)
    deaths += await work(mirrored, true)
  // The first leaves a read in doubt, for which the next work only waits, and that is survived. Then four in a row, and the one
  // before which it is held off.
  assert.equal(deaths, 6)
  assert.equal(await work(mirrored, true), 0)
  await mirrored.advance(3_600_000)
  assert.equal(await work(mirrored, true), 1, 'it is tried once')
  assert.equal(await work(mirrored, true), 0, 'and held off again')
  await syncNow(mirrored.deps, practice, 'patients')
  assert.ok((await work(mirrored)) > 0, 'an operator may have it tried at once')
  assert.deepEqual(await names(mirrored), [])
})

test('deaths are counted from the last work that was survived, also where it failed', async (t) => {
  const mirrored = await scheduled(t)
  let deaths = 0
  for (let round = 0; round < 8; round += 1) {
    for (let death = 0; death < 2; death += 1) deaths += await work(mirrored, true)
    const { deps } = mirrored
    mirrored.onStatement(() => {
      throw new Error('a defect')
    })
    await assert.rejects(work(mirrored))
    mirrored.deps = deps
  }
  assert.ok(deaths > 10, `${deaths} processes ended`)
  assert.ok(!mirrored.log.events().includes('sync.held-off'))
})
