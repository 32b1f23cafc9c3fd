/** What is learned of feeds and what a call is worth, as every process finds it in the database. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { feedPace } from './feed-pace.ts'
import { chosenPaces, noteHint, noteWanted, setZone } from './pacing.sql.ts'
import { defaultPacingSettings } from './pacing-settings.ts'
import { currentPlan, type Plan, planEveryMs, type PlanFacts } from './plan.ts'

const minute = 60_000
const database = await scratchDatabase()
/** Monday 09:00 in New York. */
const now = Date.UTC(2026, 0, 5, 14)
const time = await lockstep(database, now)
const { db, owner } = database
const settings = defaultPacingSettings
const plentyPlan: Plan = { price: 1_000, stretch: 1, feeds: 1, endsAt: now + 36_000_000, profiles: new Map() }
const rulesWith = (plan: Partial<Plan>) => ({ plan: { ...plentyPlan, ...plan }, settings, leastMs: minute })
const rules = rulesWith({})
let practices = 1

const paceOf = (key: { practice: number; feed: string }, with_ = rules) => db.control((tx) => feedPace(tx, key, with_))

/** Drains a feed every `everyMs` as one process after the other would. */
async function drainOften(key: { practice: number; feed: string }, drains: number, changes: number): Promise<number> {
  let before = time.clock.now()
  for (let count = 0; count < drains; count += 1) {
    await time.advance(5 * minute)
    const pace = await paceOf(key)
    pace.drained({ before, startedAt: time.clock.now(), changes })
    await db.control((tx) => pace.save(tx))
    before = time.clock.now()
  }
  return before
}

test('what one process learned of a feed, the next one goes by', async () => {
  const [busy, quiet] = [practices++, practices++].map((practice) => ({ practice, feed: 'patients' }))
  assert.ok(busy && quiet)
  await drainOften(busy, 12, 10)
  const from = await drainOften(quiet, 12, 0)
  const every = async (key: typeof busy) => (await paceOf(key, rulesWith({ price: 1e6 }))).next(from).at - from
  const [often, seldom] = [await every(busy), await every(quiet)]
  assert.ok(seldom > 3 * often, `${often} and ${seldom} ms`)
  const chosen = await db.control((tx) => chosenPaces(tx, busy.practice))
  assert.equal(chosen.length, 1)
  assert.ok((chosen[0]?.every_ms ?? 0) >= minute && (chosen[0]?.wait_ms ?? 0) > 0)
})

test('a hint makes a quiet feed due, at once and still not within its minute', async () => {
  const key = { practice: practices++, feed: 'providers' }
  const from = await drainOften(key, 12, 0)
  assert.ok((await paceOf(key)).next(from).at > from + 2 * minute)
  await time.advance(5_000)
  assert.equal(await db.control((tx) => noteHint(tx, key)), true)
  assert.equal((await paceOf(key)).next(from).at, from + minute)
  await time.advance(70_000)
  assert.equal(await db.control((tx) => noteHint(tx, key)), false, 'who is due anyway is not woken again')
})

test('a hint that nothing comes of is looked into once more, not for ever', async () => {
  const key = { practice: practices++, feed: 'providers' }
  let before = await drainOften(key, 12, 0)
  await time.advance(5_000)
  await db.control((tx) => noteHint(tx, key))
  const waits: number[] = []
  for (let drain = 0; drain < 3; drain += 1) {
    const pace = await paceOf(key)
    const { at } = pace.next(before)
    waits.push(at - before)
    await time.advance(at - time.clock.now())
    pace.drained({ before, startedAt: at, changes: 0 })
    await db.control((tx) => pace.save(tx))
    before = at
  }
  const [first = 0, second = 0, third = 0] = waits
  assert.ok(first === minute && second <= minute + 2_000 && third > 2 * minute, waits.join(', '))
})

test('hints that go on coming do not put off what the first of them asked for', async () => {
  const key = { practice: practices++, feed: 'providers' }
  const from = await drainOften(key, 12, 0)
  // A change is worth a call when it has waited for ten minutes.
  const scarce = rulesWith({ price: 10 * minute })
  await time.advance(2 * minute)
  await db.control((tx) => noteHint(tx, key))
  const due = (await paceOf(key, scarce)).next(from).at
  assert.ok(due > from + 10 * minute && due <= from + 12 * minute, `${due - from} ms`)
  for (let hint = 0; hint < 8; hint += 1) {
    await time.advance(minute)
    await db.control((tx) => noteHint(tx, key))
    assert.equal((await paceOf(key, scarce)).next(from).at, due)
  }
  const pace = await paceOf(key, scarce)
  await time.advance(minute)
  const startedAt = time.clock.now()
  pace.drained({ before: from, startedAt, changes: 1 })
  await time.advance(1_000)
  await db.control((tx) => noteHint(tx, key))
  const hintedAt = time.clock.now()
  assert.equal(await db.control((tx) => pace.save(tx)), true)
  const next = (await paceOf(key, scarce)).next(startedAt).at
  assert.ok(next > startedAt + 9 * minute && next <= hintedAt + 10 * minute, `${next - startedAt} ms`)
})

test('changes that hints announce do not make a feed be read more often without one', async () => {
  const [told, untold] = [practices++, practices++].map((practice) => ({ practice, feed: 'patients' }))
  assert.ok(told && untold)
  for (let count = 0; count < 20; count += 1) {
    const before = time.clock.now()
    await time.advance(minute)
    await db.control((tx) => noteHint(tx, told))
    await time.advance(minute)
    for (const key of [told, untold]) {
      const pace = await paceOf(key)
      pace.drained({ before, startedAt: time.clock.now(), changes: 3 })
      await db.control((tx) => pace.save(tx))
    }
  }
  const from = time.clock.now()
  const every = async (key: typeof told) => (await paceOf(key, rulesWith({ price: 1e6 }))).next(from).at - from
  assert.ok((await every(told)) > 3 * (await every(untold)))
})

test('a hint or a wish that comes while a feed is drained is not lost', async () => {
  for (const come of ['hint', 'wish'] as const) {
    const key = { practice: practices++, feed: 'patients' }
    const before = await drainOften(key, 1, 0)
    await db.control((tx) => noteHint(tx, key))
    await time.advance(minute)
    const pace = await paceOf(key)
    pace.drained({ before, startedAt: time.clock.now(), changes: 1 })
    await time.advance(1_000)
    await db.control((tx) =>
      (come === 'hint' ? noteHint(tx, key) : noteWanted(tx, key.practice, [key.feed])).then(() => undefined),
    )
    assert.equal(await db.control((tx) => pace.save(tx)), true, come)
    assert.equal((await paceOf(key)).next(before + minute).at, before + 2 * minute)
  }
})

test('where the bounds are stretched, a feed still does not wait past the new day of calls', async () => {
  const key = { practice: practices++, feed: 'patients' }
  const from = time.clock.now()
  const scarce = { price: Number.POSITIVE_INFINITY, stretch: 240, endsAt: from + 5 * 3_600_000 }
  assert.equal((await paceOf(key, rulesWith(scarce))).next(from).at, scarce.endsAt)
  assert.equal((await paceOf(key, rulesWith({ ...scarce, stretch: 2 }))).next(from).at, from + 2 * settings.latestMs)
  assert.equal((await paceOf(key, rulesWith({ ...scarce, endsAt: from - 1 }))).next(from).at, from + settings.latestMs)
})

test('hours of the week are those of the practice', async () => {
  const profile = Array.from({ length: 168 }, (_, hour) => (hour === 24 + 8 ? 600 : 0.01))
  const profiles = new Map([['patients', profile]])
  const every = async (zone: string) => {
    const key = { practice: practices++, feed: 'patients' }
    await db.control((tx) => setZone(tx, key.practice, zone))
    // Monday 08:00 in Chicago.
    return (await paceOf(key, rulesWith({ profiles, price: 1e6 }))).next(now).at - now
  }
  assert.equal(await every('America/Chicago'), Math.ceil(Math.sqrt((2e6 * 3_600_000) / 600)))
  assert.equal(await every('America/Los_Angeles'), settings.latestMs)
})

const facts = (more: Partial<PlanFacts> = {}): PlanFacts => ({
  now: time.clock.now(),
  endsAt: time.clock.now() + 8 * 3_600_000,
  calls: 1_000,
  feeds: 100,
  leastMs: minute,
  settings,
  callsPerDrain: () => 1,
  callsPerChange: () => 0,
  ...more,
})

test('one of all processes plans, the others go by it, until it is a minute old or the clock was set back', async () => {
  const asked: number[] = []
  const ask = (calls: number) =>
    currentPlan({ db }, async () => {
      asked.push(calls)
      return facts({ calls })
    })
  const plans = await Promise.all([ask(1_000), ask(1_000), ask(1_000)])
  assert.deepEqual(asked, [1_000])
  const first = plans.reduce((dearest, plan) => (plan.price > dearest.price ? plan : dearest))
  assert.ok(first.price > settings.callWorthMs)
  // Whoever planned knows what feeds need: 100 of them, once an hour for eight hours.
  assert.deepEqual(
    plans
      .map(({ needed }) => needed)
      .filter((needed) => needed !== undefined)
      .map(Math.round),
    [800],
  )
  assert.equal((await ask(10)).price, first.price)
  assert.deepEqual(asked, [1_000])
  await time.advance(planEveryMs)
  const dearer = await ask(900)
  assert.deepEqual(asked, [1_000, 900])
  assert.ok(dearer.price > first.price)
  await time.setDatabaseClock(-3_600_000)
  await ask(1_000)
  assert.deepEqual(asked, [1_000, 900, 1_000])
  await time.setDatabaseClock(3_600_000)
})

test('calls that do not do for the bounds stretch them, and the price of nothing left is kept as such', async () => {
  await time.advance(2 * planEveryMs)
  const plan = await currentPlan({ db }, () => Promise.resolve(facts({ calls: -5 })))
  assert.deepEqual([plan.price, plan.stretch], [Number.POSITIVE_INFINITY, 240])
})

test('a profile that cannot be made is not tried every minute: what feeds need is told meanwhile', async () => {
  await time.advance(3_600_000)
  await owner.rows('alter table control.pacing_profile add constraint none check (false) not valid')
  const plan = () => currentPlan({ db }, () => Promise.resolve(facts()))
  await assert.rejects(plan())
  await time.advance(planEveryMs)
  assert.ok(((await plan()).needed ?? 0) > 0)
  await owner.rows('alter table control.pacing_profile drop constraint none')
})

test('the profile of a feed is what was seen in all practices, made once an hour', async () => {
  await time.advance(3_600_000)
  const { profiles } = await currentPlan({ db }, () => Promise.resolve(facts()))
  assert.equal(profiles.get('patients')?.length, 168)
  assert.ok((profiles.get('patients')?.[33] ?? 0) > (profiles.get('providers')?.[33] ?? 0))
})
