/*
 * Benchmark `planner`: how long changes wait where the day's calls do not do for reading every feed each minute. 2,000 feeds,
 * 500,000 calls a day, three weeks of simulated practices of many sizes, each from a seed drawn now: neither code nor constants
 * have seen their days. Polls are chosen by the code that chooses them in an installation (`pacing/`), which begins knowing
 * nothing. Baseline: the same calls spread evenly, on the same changes. Bar: mean wait of a change <= 0.6 times the baseline's, the
 * weeks of learning included; no feed read twice within a minute, none left alone for more than an hour, no day above its calls.
 * `--seed N` repeats a run, `--feeds N` and `--days N` make it smaller, `--save` keeps the table.
 */
import { randomInt } from 'node:crypto'
import { flag, publish, type Row } from './mirror/report.ts'
import { pollAsPlanned, pollUniformly, type PollWorld, type Waits } from './planner/live-polls.ts'
import { type FeedTrace, recordDays } from './planner/record-days.ts'
import { feedNames } from '../packages/simulator/src/practice/practice.ts'
import { SeededRandom } from '../packages/simulator/src/practice/seeded-random.ts'

const bar = { ratio: 0.6 }
const seed = flag('seed', randomInt(1, 2 ** 31))
const feedsWanted = flag('feeds', 2_000)
const days = flag('days', 21)
const callsPerDay = Math.round(500_000 * (feedsWanted / 2_000))
const [leastMs, mostMs] = [60_000, 3_600_000]
/** Sunday evening in New York. */
const startAt = Date.UTC(2026, 2, 1, 23)

const core = ['providers', 'patients', 'appointments']
/** What every installation reads, and everything that the simulator tells of. */
const worlds: Readonly<Record<string, readonly string[]>> = {
  'providers, patients, appointments': ['providers', 'patients', 'appointments'],
  'all twelve feeds': [...feedNames],
}

function main(): number {
  const random = new SeededRandom(seed, 0)
  const sizes = Array.from({ length: Math.ceil(feedsWanted / 3) }, () => drawSize(random))
  const recorded: FeedTrace[][] = []
  for (const [index, patients] of sizes.entries()) {
    const feeds = index < Math.ceil(feedsWanted / feedNames.length) ? feedNames : core
    recorded.push(recordDays({ id: 100_000 + index, seed, patients, startAt, days }, feeds))
    if (index % 50 === 49) process.stderr.write(`${index + 1} of ${sizes.length} practices lived through\n`)
  }
  const results = Object.entries(worlds).map(([name, feeds]) => {
    const traces = recorded
      .flat()
      .filter(({ feed }) => feeds.includes(feed))
      .slice(0, feedsWanted)
    const practices = new Set(traces.map(({ practice }) => practice)).size
    return judge({ name, practices, world: { traces, startAt, days, callsPerDay, leastMs, mostMs } })
  })
  const passed = results.every((result) => result.passed)
  publish('planner', `planner: ${feedsWanted} feeds, ${callsPerDay} calls a day, ${days} days, seed ${seed}`, [
    ...results.flatMap(({ title, rows }) => [title, rows]),
    passed ? 'at or above its bar' : 'BELOW ITS BAR',
  ])
  return passed ? 0 : 1
}

/** Patients of a practice: half of them have more than 2,000, one in six more than 5,400. A guess: nobody publishes it. */
function drawSize(random: SeededRandom): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction())
  return Math.round(Math.max(100, Math.min(50_000, 2_000 * Math.exp(normal))))
}

function judge({ name, practices, world }: { name: string; practices: number; world: PollWorld }) {
  const even = pollUniformly(world)
  const { waits, planMs, plans } = pollAsPlanned(world)
  const ratio = waits.mean(0, days + 1) / even.mean(0, days + 1)
  const mostCalls = Math.max(...waits.calls)
  const isBounded = waits.shortestGapMs >= leastMs && waits.longestGapMs <= mostMs
  const passed = ratio <= bar.ratio && isBounded && mostCalls <= callsPerDay
  const sum = even.changes.reduce((total, count) => total + (count ?? 0), 0)
  const rows: Row[] = [
    ['changes', String(sum)],
    ['mean wait: spread evenly (baseline)', seconds(even.mean(0, days + 1))],
    ['mean wait: as planned', seconds(waits.mean(0, days + 1))],
    ['ratio', ratio.toFixed(3), `<= ${bar.ratio}`],
    ...weekRows(even, waits),
    ['p95: evenly / as planned', `${seconds(even.at(0.95))} / ${seconds(waits.at(0.95))}`],
    ['p99: evenly / as planned', `${seconds(even.at(0.99))} / ${seconds(waits.at(0.99))}`],
    ['least between two readings', seconds(waits.shortestGapMs), `>= ${leastMs / 1_000} s`],
    ['most between two readings', seconds(waits.longestGapMs), `<= ${mostMs / 1_000} s`],
    ['most calls of a day', String(mostCalls), `<= ${callsPerDay}`],
    ['a plan, CPU', `${(planMs / plans).toFixed(1)} ms`],
  ]
  return { title: `${name}, ${practices} practices:`, rows, passed }
}

function weekRows(even: Waits, waits: Waits): Row[] {
  const weeks = Array.from({ length: Math.ceil(days / 7) }, (_, week) => week)
  return weeks.map((week) => {
    const of = (one: Waits) => one.mean(7 * week, 7 * week + 7)
    return [`  week ${week + 1}`, (of(waits) / of(even)).toFixed(3)]
  })
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

// At the end: what stands above is there only now.
process.exitCode = main()
