/*
 * Benchmark `calls`: what it costs to keep one practice of 100,000 patients and about 2,000 appointments a day fresh for a week
 * of its time, counted from when everything is mirrored: every call of sync, re-readings and looks at subscriptions among them.
 * Staleness is each change's age when the mirror holds what was asked for after it; what is not there in the end is the stalest.
 * Baseline: full pulls of booked appointments (-1 to +30 days) and of patients (5,000 a page) often enough for the same
 * staleness. One full pull is made on the same simulator and its calls counted; how often it would be needed is computed:
 * what is pulled every T is 0.95 T old at most in 95 % of cases, if a pull takes no time at all (a gift to the baseline).
 * Bar: staleness p95 <= 90 s, >= 10 times fewer calls. Time is the simulator's, which stands still while there is nothing to
 * do. `--days N`, `--patients N` make it shorter; `--worth SECONDS` is `sync.callWorth` (30 unless given; Aegis comes with 0,
 * which reads each feed every minute while calls are plenty); `--save` keeps the table.
 */
import { createAthenaClient } from '@aegis/client'
import type { Simulator } from '@aegis/simulator'
import { currentPlan, planEveryMs } from '../packages/server/src/pacing/plan.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'
import { planFacts } from '../packages/server/src/sync/plan-facts.ts'
import { defaultSyncSettings } from '../packages/server/src/sync/sync-settings.ts'
import { Freshness } from '../packages/server/testing/freshness.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import { withRunContext } from '../rig/run-context.ts'
import { flag, mb, publish } from './mirror/report.ts'

const perDayLimit = 500_000
const [patients, days] = [flag('patients', 100_000), flag('days', 7)]
/** `sync.callWorth`, seconds. */
const worthMs = 1_000 * flag('worth', 30)
const bar = { stalenessMs: 90_000, times: 10 }
const minute = 60_000
const day = 24 * 60 * minute
/** Sunday evening in New York: the week begins at rest. */
const startAt = Date.UTC(2026, 2, 1, 23)

async function main(context: Parameters<typeof mirroredPractice>[0]): Promise<number> {
  const mirrored = await mirroredPractice(context, {
    patients,
    startAt,
    settings: { ...defaultSyncSettings, pacing: { ...defaultSyncSettings.pacing, callWorthMs: worthMs } },
    simulator: { seed: 11, startAt, day: true, requestLogSize: 1_000, activationLagMs: minute },
  })
  const { simulator } = mirrored
  const schedule = new Schedule(mirrored)
  await schedule.liveUntil(startAt + 2 * 60 * minute)
  const firstLoad = callsOf(simulator)
  const freshness = await Freshness.of(mirrored)
  const from = simulator.clock.now()
  await schedule.liveUntil(from + days * day, (feed) => freshness.stepped(feed))
  const calls = callsOf(simulator) - firstLoad
  const byRoute = simulator.truth.requests({ limit: 1 }).totals.byRoute
  simulator.days.pause()
  const pull = await fullPull(simulator)
  return report({ calls, firstLoad, byRoute, freshness, pull })
}

const callsOf = (simulator: Simulator): number => simulator.truth.requests({ limit: 1 }).totals.requests

/** When each feed is looked at next, as the schedule of an installation has it. */
class Schedule {
  readonly #mirrored: MirroredPractice
  readonly #due = new Map<FeedName, number>()
  #plannedAt = Number.NEGATIVE_INFINITY

  constructor(mirrored: MirroredPractice) {
    this.#mirrored = mirrored
  }

  async liveUntil(end: number, stepped?: (feed: FeedName) => Promise<void>): Promise<void> {
    const { clock } = this.#mirrored.simulator
    while (clock.now() < end) {
      await this.#plan()
      for (const feed of this.#mirrored.feeds) {
        if ((this.#due.get(feed) ?? 0) > clock.now()) continue
        this.#due.set(feed, await this.#mirrored.stepFeed(feed))
        await stepped?.(feed)
      }
      const next = Math.min(end, ...this.#due.values())
      if (next > clock.now()) await this.#mirrored.advance(next - clock.now())
    }
  }

  /** Feeds are read by how they change, as in an installation that has calls in plenty: what is learned shows within the hour. */
  async #plan(): Promise<void> {
    const { deps, simulator } = this.#mirrored
    const now = simulator.clock.now()
    if (now - this.#plannedAt < planEveryMs) return
    this.#plannedAt = now
    const usage = { perDayLimit, leftToday: perDayLimit, resumesAt: now + day }
    const plan = await currentPlan(deps, () => planFacts(deps, usage))
    this.#mirrored.deps = { ...deps, plan: () => plan }
  }
}

/** One full pull by the client, and what it took. */
async function fullPull(simulator: Simulator): Promise<{ calls: number; records: number }> {
  const athena = createAthenaClient({
    environment: 'local',
    baseUrl: simulator.url,
    fetch: (url, init) => simulator.fetch(url, init),
    credential: { clientId: 'demo-client', secret: 'demo-secret' },
  })
  const api = athena.practice(practice)
  const departments: string[] = []
  for await (const { departmentid } of api.departments.list()) departments.push(departmentid)
  const listed = callsOf(simulator)
  let records = 0
  for (const departmentid of departments) {
    for await (const page of api.patients.list({ departmentid, limit: 5_000 }).pages()) records += page.items.length
  }
  const date = (offset: number) => new Date(simulator.clock.now() + offset * day).toISOString().slice(0, 10)
  const range = { startdate: date(-1), enddate: date(30), showcancelled: true, limit: 5_000 }
  for await (const page of api.appointments.booked(range).pages()) records += page.items.length
  // Neither the token nor the list of departments, which would not be asked for each time.
  return { calls: callsOf(simulator) - listed, records }
}

function report(result: {
  calls: number
  firstLoad: number
  byRoute: Readonly<Record<string, number>>
  freshness: Freshness
  pull: { calls: number; records: number }
}): number {
  const { calls, firstLoad, freshness, pull } = result
  const p95 = freshness.at(0.95)
  const pulls = (days * day) / (p95 / 0.95)
  const baseline = Math.ceil(pulls) * pull.calls
  const times = baseline / calls
  const passed = p95 <= bar.stalenessMs && times >= bar.times
  const routes = Object.entries(result.byRoute).toSorted(([, one], [, other]) => other - one)
  publish(
    worthMs === 30_000 ? 'calls' : `calls-worth-${worthMs / 1_000}`,
    `calls: ${patients} patients, ${days} days of the practice's time, sync.callWorth ${worthMs / 1_000} s`,
    [
      [
        ['calls', String(calls)],
        ['  a day', (calls / days).toFixed(0)],
        ['changes told by the feeds', String(freshness.changes)],
        ['  not in the mirror at the end', String(freshness.waiting)],
        ['staleness p50 / p95', `${freshness.at(0.5) / 1000} / ${p95 / 1000} s`, `<= ${bar.stalenessMs / 1000} s`],
        ['baseline: one full pull', `${pull.calls} calls`],
        ['  records in it', String(pull.records)],
        ['  pulls for the same staleness', pulls.toFixed(0)],
        ['  calls, computed', String(baseline)],
        ['times fewer', times.toFixed(1), `>= ${bar.times}`],
        ['before: first load, both readings', `${firstLoad} calls`],
        ['memory of this process', mb(process.memoryUsage().rss)],
      ],
      'calls by route, first load included:',
      routes
        .slice(0, 8)
        .map(([route, count]) => [`  ${route.replace('/v1/{practiceid}', '')}`, String(count)] as const),
      passed ? 'at or above its bar' : 'BELOW ITS BAR',
    ],
  )
  return passed ? 0 : 1
}

// At the end: the classes above are there only now.
process.exitCode = await withRunContext(main)
