/** Claims that are older than those a snapshot reads, where changes may have been missed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import type { WireRecord } from '../../testing/oracle.ts'
import { passDays } from '../../testing/reconciled-practice.ts'
import { coreFeeds } from './feed-name.ts'
import { wantResnapshot } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { windowsOfMonths } from './goes-on-with-old-claims.ts'
import { noPage, quarantine } from './quarantine.ts'

const key = { practice, feed: 'claims' } as const
const hour = 3_600_000

/**
 * A practice that holds claims older than a month, of which no list reaches further back from now on; two of the old ones have
 * changed, and the feed has not told it. Of these, `created` is what athenahealth says first of when they were created.
 */
async function withOldClaims(
  t: Parameters<typeof mirroredPractice>[0],
  created: readonly string[] = [],
): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, {
    patients: 12,
    settings: { feeds: [...coreFeeds, 'claims'], rereadDays: 1 },
  })
  const claims = [...mirrored.simulator.truth.records(practice, 'claims')]
  const old = claims.filter(({ claimcreateddate: at }) => String(at) < '02/04/2026')
  const [voided, updated] = old
  assert.ok(voided && updated && old.length > created.length)
  const told = new Map(created.map((at, index) => [String(old[index]?.claimid), at]))
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/claims') return response
    const body = (await response.json()) as { claims: WireRecord[] } // the simulator's
    const all = body.claims.map((one) => ({
      ...one,
      claimcreateddate: told.get(String(one.claimid)) ?? one.claimcreateddate,
    }))
    return Response.json({ ...body, claims: all })
  }
  await mirrored.bringUp()
  mirrored.deps = { ...mirrored.deps, settings: { ...mirrored.deps.settings, claimsMonthsBack: 1 } }
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    return call.consuming && call.route === '/claims/changed' ? Response.json({ claims: [], totalcount: 0 }) : response
  }
  mirrored.change({ kind: 'voidclaim', claim: voided.claimid })
  mirrored.change({ kind: 'setclaimstatus', claim: updated.claimid, payer: 'patient', status: 'HOLD' })
  await mirrored.run(2)
  mirrored.fetch = mirrored.toSimulator
  assert.deepEqual((await ofClaims(mirrored)).length > 1, true)
  return mirrored
}

async function ofClaims(mirrored: MirroredPractice) {
  return (await mirrored.differences()).filter(({ kind }) => kind === 'claims')
}

test('a gap is closed when old claims that are held were read too', async (t) => {
  const mirrored = await withOldClaims(t)
  await mirrored.deps.db.practice(practice, async (tx) => {
    await openGap(tx, key, { cause: 'unreadable', from: null })
    await wantResnapshot(tx, key)
  })
  await mirrored.advance(1_000)
  await mirrored.run(6)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await ofClaims(mirrored), [])
})

test('a gap is closed also where days on which claims were created cannot be read: these are asked for by id', async (t) => {
  const mirrored = await withOldClaims(t, ['00/00/0000', '', '2026-02-30'])
  await mirrored.deps.db.practice(practice, async (tx) => {
    await openGap(tx, key, { cause: 'unreadable', from: null })
    await wantResnapshot(tx, key)
  })
  await mirrored.advance(1_000)
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await ofClaims(mirrored), [])
})

test('a change that no replay could read is set aside until a check has read old claims that are held', async (t) => {
  const mirrored = await withOldClaims(t)
  const until = mirrored.deps.clock.now()
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const record = { list: 'replay', since: until - hour, until, offset: 0 }
    await quarantine(tx, keys, { held: { ...key, fence: '0' }, page: noPage, record, reason: 'unreadable' })
  })
  await passDays(mirrored, 6)
  await mirrored.run(6)
  assert.equal((await mirrored.trouble()).quarantined, 0)
  assert.deepEqual(await ofClaims(mirrored), [])
})

for (const [months, lists] of [
  [[], []],
  [['2024-02'], ['2024-02-01 2024-02-29']],
  [
    ['2025-01', '2024-11', '2024-12', '2025-02'],
    ['2024-11-01 2025-01-31', '2025-02-01 2025-02-28'],
  ],
  [
    ['2024-05', '2024-03', '2023-03'],
    ['2023-03-01 2023-03-31', '2024-03-01 2024-03-31', '2024-05-01 2024-05-31'],
  ],
] as const)
  test(`old claims of ${months.join(', ') || 'no month'} are read in ${lists.length} lists of three months at most`, () => {
    const windows = windowsOfMonths(months, 3)
    assert.deepEqual(
      windows.map((one) => [one.list, 'from' in one && `${one.from} ${one.to}`]),
      lists.map((days) => ['claims', days]),
    )
  })

test('old claims of neighbouring months are asked for together', async (t) => {
  const mirrored = await withOldClaims(t, ['12/15/2025', '01/15/2026'])
  const asked: (string | null)[] = []
  mirrored.fetch = (url, init, call) => {
    if (call.route === '/claims') asked.push(new URL(url).searchParams.get('createdstartdate'))
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.deps.db.practice(practice, async (tx) => {
    await openGap(tx, key, { cause: 'unreadable', from: null })
    await wantResnapshot(tx, key)
  })
  await mirrored.advance(1_000)
  await mirrored.run(6)
  assert.deepEqual([...new Set(asked)], ['02/04/2026', '12/01/2025'])
  assert.deepEqual(await mirrored.gaps(), [])
})
