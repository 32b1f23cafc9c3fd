/** A practice that is read at the pace chosen for each feed: nothing is lost, no feed is read too soon or left alone. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { nothingSeen } from '../pacing/change-rate.ts'
import { hourOfWeek, hoursOfWeek, zoneDefault } from '../pacing/hour-of-week.ts'
import { nextDrain } from '../pacing/next-drain.ts'
import { defaultPacingSettings } from '../pacing/pacing-settings.ts'
import { type Plan, planFor } from '../pacing/plan.ts'
import { priorityRules } from '../quota/priorities.ts'
import type { FeedName } from './feed-name.ts'
import { hintFeed } from './hint-feed.ts'
import { syncNow } from './operate-sync.ts'
import { planFacts } from './plan-facts.ts'
import { addPractices, ensureScheduled } from './schedule.sql.ts'
import { defaultSyncSettings } from './sync-settings.ts'

const minute = 60_000
const latestMs = 20 * minute
const pacing = { ...defaultPacingSettings, latestMs, latestMsOf: { providers: 40 * minute } }
const polled: readonly FeedName[] = ['providers', 'patients', 'appointments']

const planOf = (mirrored: MirroredPractice, more: Partial<Plan> = {}): Plan => ({
  price: 1_000,
  stretch: 1,
  feeds: 3,
  endsAt: mirrored.simulator.clock.now() + 12 * 3_600_000,
  profiles: new Map(),
  ...more,
})

/** Steps every feed when it asked for that, for some hours; counts drains by feed and measures what is between them. */
async function live(mirrored: MirroredPractice, ms: number): Promise<Map<FeedName, number[]>> {
  const { clock } = mirrored.simulator
  const end = clock.now() + ms
  const due = new Map<FeedName, number>()
  const drains = new Map<FeedName, number[]>(polled.map((feed) => [feed, []]))
  while (clock.now() < end) {
    for (const feed of mirrored.feeds)
      if ((due.get(feed) ?? 0) <= clock.now()) due.set(feed, await mirrored.stepFeed(feed))
    for (const { feed, drain_started_at: at } of await mirrored.states()) {
      const seen = drains.get(feed)
      if (at !== null && seen && seen.at(-1) !== at) seen.push(at)
    }
    await mirrored.advance(Math.max(1_000, Math.min(end, ...due.values()) - clock.now()))
  }
  return drains
}

const gapsOf = (drains: readonly number[] = []) => drains.slice(1).map((at, index) => at - (drains[index] ?? 0))

test('feeds are read by how they change, within their bounds, and the mirror equals the truth', async (t) => {
  const mirrored = await mirroredPractice(t, {
    settings: { pacing },
    simulator: { day: { ratePerHour: 60 }, seed: 11 },
  })
  await mirrored.bringUp()
  const plan = planOf(mirrored, { price: 600_000 })
  mirrored.deps = { ...mirrored.deps, plan: () => plan }
  const drains = await live(mirrored, 3 * 3_600_000)
  for (const feed of polled) {
    const gaps = gapsOf(drains.get(feed))
    const most = feed === 'providers' ? 40 * minute : latestMs
    assert.ok(gaps.length > 3, `${feed}: ${gaps.length} drains`)
    assert.ok(Math.min(...gaps) >= minute, `${feed}: ${Math.min(...gaps)} ms`)
    // Steps are a second apart at least.
    assert.ok(Math.max(...gaps) <= most + 2_000, `${feed}: ${Math.max(...gaps)} ms`)
  }
  const counts = polled.map((feed) => drains.get(feed)?.length ?? 0)
  assert.ok((counts[2] ?? 0) > 2 * (counts[0] ?? 0), counts.join(', '))
  mirrored.simulator.days.pause()
  await mirrored.advance(2 * latestMs)
  await mirrored.step()
  assert.deepEqual(await mirrored.differences(), [])
})

for (const [what, ask] of [
  ['a hint', (mirrored: MirroredPractice) => hintFeed(mirrored.deps, { practice, feed: 'providers' })],
  ['somebody who wants it now', (mirrored: MirroredPractice) => syncNow(mirrored.deps, practice, 'providers')],
] as const) {
  test(`${what} has a feed read at once that was not due for long, but for its minute`, async (t) => {
    const mirrored = await mirroredPractice(t, { settings: { pacing } })
    await mirrored.bringUp()
    const rare = Array.from<number>({ length: 168 }).fill(0.01)
    const plan = planOf(mirrored, { profiles: new Map([['providers', rare]]) })
    mirrored.deps = { ...mirrored.deps, plan: () => plan }
    await mirrored.advance(2 * minute)
    await mirrored.stepFeed('providers')
    await mirrored.advance(5_000)
    const drainedAt = async () =>
      (await mirrored.states()).find(({ feed }) => feed === 'providers')?.drain_started_at ?? 0
    const before = await drainedAt()
    const due = await mirrored.stepFeed('providers')
    assert.ok(due > before + 3 * minute, `${due - before} ms`)
    if (what !== 'a hint') await mirrored.deps.db.control((tx) => addPractices(tx, [practice], 'local'))
    await ask(mirrored)
    const askedAt = mirrored.simulator.clock.now()
    const again = await mirrored.stepFeed('providers')
    if ((await drainedAt()) === before) {
      await mirrored.advance(again - mirrored.simulator.clock.now())
      await mirrored.stepFeed('providers')
    }
    const drained = await drainedAt()
    assert.ok(
      drained >= before + minute && drained <= Math.max(before + minute, askedAt + 2_000),
      `${drained - before} ms`,
    )
  })
}

test('an outage takes no more calls than reading the feeds would: what is read rarely is tried rarely', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { pacing } })
  await mirrored.bringUp()
  const rare = Array.from<number>({ length: hoursOfWeek }).fill(0.01)
  const profiles = new Map(polled.map((feed) => [feed, rare]))
  const plan = planOf(mirrored, { price: 600_000, profiles })
  mirrored.deps = { ...mirrored.deps, plan: () => plan }
  let sent = 0
  mirrored.fetch = async () => {
    sent += 1
    return new Response('{}', { status: 503, headers: { 'content-type': 'application/json' } })
  }
  const hours = 4
  await live(mirrored, hours * 3_600_000)
  // Growing steps at first, then one try in five minutes at most; a step has a call or two.
  assert.ok(sent <= polled.length * (12 + hours * 12 * 2), `${sent} calls`)
  assert.ok(sent >= polled.length * hours * 4, `${sent} calls`)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.advance(5 * minute)
  await mirrored.run(2)
  assert.ok((await mirrored.states()).every(({ failures }) => failures === 0))
})

test('what a plan rests on: calls for feeds, and what drains and changes cost', async (t) => {
  const { deps } = await mirroredPractice(t)
  const settings = defaultSyncSettings
  const usage = { perDayLimit: 1_000, leftToday: 600, resumesAt: 5 }
  await deps.db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], ['departments', 'patients', 'providers'])
  })
  const facts = await planFacts({ ...deps, settings }, usage)
  assert.equal(facts.calls, (600 - 1_000 * priorityRules.feeds.dayFloorShare) * 0.9)
  assert.deepEqual([facts.endsAt, facts.feeds], [5, 2], 'departments are not polled')
  // Two looks at the subscription in 15 minutes, in two hours at most.
  assert.deepEqual(
    [minute, 8 * minute, 60 * minute, 600 * minute].map((ms) => Math.round(100 * facts.callsPerDrain(ms))),
    [113, 113, 200, 300],
  )
  assert.deepEqual(['patients', 'appointments', 'providers', 'nothing'].map(facts.callsPerChange), [1, 0, 3, 0])
})

/** Sunday 19:00 in New York: a day of calls begins with a night and ends with one. */
const midnightGmt = Date.UTC(2026, 2, 2)
const isOpen = (hour: number) => hour >= 24 + 8 && hour < 24 + 18
/** A feed that changes while its practice is open, and one that hardly ever does. */
const believed = {
  daily: Array.from({ length: hoursOfWeek }, (_, hour) => (isOpen(hour) ? 5 : 0.2)),
  rare: Array.from<number>({ length: hoursOfWeek }).fill(0.003),
}
const everyMs = (plan: { price: number }, feed: keyof typeof believed, from: number) => {
  const belief = { zone: zoneDefault, seen: nothingSeen, profile: believed[feed] }
  return nextDrain(belief, { from, price: plan.price, leastMs: minute, mostMs: 60 * minute }).at - from
}

test('of 500,000 calls few practices are read every minute, more of them while they are open, and none less than before', async (t) => {
  const { deps } = await mirroredPractice(t)
  const usage = { perDayLimit: 500_000, leftToday: 500_000, resumesAt: midnightGmt + 24 * 60 * minute }
  const facts = await planFacts({ ...deps, settings: defaultSyncSettings }, usage)
  const profiles = new Map(Object.entries(believed))
  for (const feeds of [1, 30, 240, 300, 360]) {
    const sizes = ['daily', 'rare'].map((feed) => ({ feed, zone: zoneDefault, step: 0, feeds: feeds / 2 }))
    const plan = planFor({ sizes, profiles }, { ...facts, now: midnightGmt, feeds })
    assert.equal(plan.stretch, 1)
    for (let from = midnightGmt; from < usage.resumesAt; from += 20 * minute) {
      const [daily, rare] = [everyMs(plan, 'daily', from), everyMs(plan, 'rare', from)]
      if (feeds <= 240) assert.deepEqual([daily, rare], [minute, minute], `${feeds} feeds`)
      else if (isOpen(hourOfWeek(zoneDefault, from))) assert.equal(daily, minute, `${feeds} feeds`)
    }
  }
})
