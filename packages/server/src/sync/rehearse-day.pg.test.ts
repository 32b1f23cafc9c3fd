/** What is told before the start of how often feeds are read is what an installation then does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { currentPlan, type Plan } from '../pacing/plan.ts'
import { usualPractice } from './estimate-calls.ts'
import { coreFeeds } from './feed-name.ts'
import { planFacts } from './plan-facts.ts'
import { rehearseDay } from './rehearse-day.ts'
import { addPractices, ensureScheduled } from './schedule.sql.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const perDayLimit = 900
/** Tuesday evening in New York, an hour and a half before the day of calls begins. */
const startAt = Date.UTC(2026, 2, 3, 22, 30)
const wednesday = Date.UTC(2026, 2, 4)

/** Readings of feeds since the beginning of the day, by feed, and what they told; calls altogether. */
class Seen {
  calls = 0
  readonly readings = new Map<string, number>()
  readonly changes = new Map<string, number>()

  watch(mirrored: MirroredPractice): void {
    mirrored.fetch = async (url, init, call) => {
      const response = await mirrored.toSimulator(url, init, call)
      this.calls += url.includes('oauth2') ? 0 : 1
      if (!call.consuming) return response
      const text = await response.text()
      const records = Object.values(Object(JSON.parse(text))).find((value) => Array.isArray(value)) ?? []
      const feed = call.route.split('/')[1] ?? ''
      this.readings.set(feed, (this.readings.get(feed) ?? 0) + 1)
      this.changes.set(feed, (this.changes.get(feed) ?? 0) + records.length)
      return new Response(text, response)
    }
  }
}

/** As an installation does: the plan is made anew, and feeds are read when they are due. */
async function live(mirrored: MirroredPractice, until: number, leftToday: () => number): Promise<void> {
  const { clock } = mirrored.simulator
  const due = new Map<string, number>()
  let plan: Plan | undefined
  let planAt = 0
  mirrored.deps = { ...mirrored.deps, plan: () => plan }
  while (clock.now() < until) {
    if (planAt <= clock.now()) {
      const resumesAt = (Math.floor(clock.now() / day) + 1) * day
      const usage = { perDayLimit, leftToday: leftToday(), resumesAt }
      plan = await currentPlan(mirrored.deps, () => planFacts(mirrored.deps, usage))
      planAt = clock.now() + 5 * minute
    }
    for (const feed of mirrored.feeds) {
      if ((due.get(feed) ?? 0) <= clock.now()) due.set(feed, await mirrored.stepFeed(feed))
    }
    await mirrored.advance(Math.max(1_000, Math.min(until, planAt, ...due.values()) - clock.now()))
  }
}

test('a day of a practice whose calls are scarce goes as it was rehearsed', async (context) => {
  const mirrored = await mirroredPractice(context, {
    patients: 20,
    startAt,
    simulator: { seed: 11, startAt, day: { ratePerHour: 12 }, requestLogSize: 1_000 },
  })
  await mirrored.deps.db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], coreFeeds)
  })
  const seen = new Seen()
  await live(mirrored, wednesday, () => perDayLimit)
  seen.watch(mirrored)
  await live(mirrored, wednesday + day, () => perDayLimit - seen.calls)
  const told = (feed: string) => seen.changes.get(feed) ?? 0
  const shape = {
    ...usualPractice,
    patients: 20,
    patientChangesADay: told('patients'),
    providerChangesADay: told('providers'),
    appointmentsADay: told('appointments') / 3,
  }
  const { settings } = mirrored.deps
  const rehearsed = rehearseDay({ settings, shape, practices: 1, perDayLimit, now: wednesday - hour })
  assert.equal(rehearsed.stretch, 1)
  const expected = Object.values(rehearsed.calls).reduce((sum, calls) => sum + calls, 0)
  assert.ok(Math.abs(seen.calls - expected) < 0.05 * expected, `${seen.calls} calls, ${expected} rehearsed`)
  for (const { feed, readings, changes } of rehearsed.feeds) {
    const made = seen.readings.get(feed) ?? 0
    // Of a feed that tells of nothing the installation has not learned yet that it never does.
    const [least, most] = changes > 10 ? [0.8, 1.2] : [0.9, 2]
    assert.ok(made >= least * readings && made <= most * readings, `${feed}: ${made} readings, ${readings} rehearsed`)
  }
})
