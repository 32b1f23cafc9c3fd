/** `npm run rig`: see rig/README.md. Ends non-zero when anything was lost, and prints the command that repeats it. */
import { type DrillName, drillNames, isDrill } from './drills/drills.ts'
import { pagedFrom } from './draw-life.ts'
import { oddFrom } from './draw-oddities.ts'
import { failpointJobs } from './failpoint-jobs.ts'
import type { Fault } from './fault-run.ts'
import { faultNames, type FaultTier, faultTier, isFault } from './fault-tier.ts'
import type { Job } from './job.ts'
import { killTier } from './kill-tier.ts'
import { LifeReport } from './life-report.ts'
import { flag, parseOptions, text } from './parse-options.ts'
import { coreRegressionSeeds, drillRegressionSeeds, regressionSeeds } from './regression-seeds.ts'
import { replicaTier } from './replica-tier.ts'
import { inWorkers, type Jobs } from './in-workers.ts'

const { values } = parseOptions('rig', {
  options: {
    tier: text('short', 'everything in short, as .ci/run has it and as without any option'),
    seeds: text('N', 'so many seeded lives'),
    'first-seed': { ...text('S', 'the first seed of lives or drills; 1 if absent'), default: '1' },
    'asked-alone': flag('seeded lives: without those that failed once, which come first otherwise'),
    core: flag('seeded lives, replicas and faults: mirror the core alone'),
    twice: flag('seeded lives: each is lived twice, and must make the same calls'),
    'until-wrong': flag('lives: end with the first that goes wrong'),
    failpoints: flag('the failpoint life, disturbed at every passing of every point in every way'),
    part: text('K/N', 'of --failpoints: each N-th life, from the K-th on; a long run in parts'),
    failpoint: text('WHERE', 'the failpoint life, disturbed there: kill:17'),
    kills: text('N', 'so many kills of real processes, or faults of --faults'),
    replicas: text('N', 'so many processes on one database'),
    pauses: text('N', 'of replicas: so many pauses, kills and stops'),
    lease: text('SECONDS', 'of replicas: how long a lease lasts; 3 if absent'),
    pause: text('SECONDS', 'of replicas: how long a pause lasts at least; a second more than the lease if absent'),
    faults: text('NAME', `real processes whose surroundings fail: ${faultNames.join(', ')}`),
    drills: text('NAME', `calls and tokens, in virtual time: ${drillNames.join(', ')}`),
    count: text('N', 'so many drills; 100 if absent'),
    seed: text('S', 'the first seed of kills, replicas or faults; 1 if absent'),
    patients: text('N', 'of kills, replicas or faults: patients of the practice'),
  },
})

/** Of the short tier, as `.ci/run` has it, and of a run without any option. */
const short = {
  /** Those of which each meets all that is drawn, and those of which each meets less of it, in this order. */
  fullSeeds: 204,
  seeds: 56,
  /** Of these two kinds, so many lives at least; no further one begins this long after the tier has begun, on however slow a machine. */
  seedsMin: 20,
  seedsUntilMs: 15 * 60_000,
  kills: 30,
  pauses: 3,
  drills: { throttled: 8, outages: 2, tokens: 4, rushes: 4, floods: 4, 'quota-year': 1, calendar: 16 },
  /** So many in each run, of which every further one has the next seed: of graceful, one process for everything and then several. */
  faults: {
    // Of these two each kind once.
    postgres: [4],
    disk: [3],
    clock: [1],
    partition: [2],
    graceful: [2, 2],
    'crash-loop': [12],
  } satisfies Record<Fault, number[]>,
}

const numbers = [
  'seeds',
  'first-seed',
  'kills',
  'replicas',
  'pauses',
  'lease',
  'pause',
  'count',
  'seed',
  'patients',
] as const

async function run(): Promise<boolean> {
  const { tier, failpoint } = values
  // Before anything runs: one of a later part would be found out after half an hour.
  for (const option of numbers) numberOf(option, values[option], 0)
  if (tier !== undefined && tier !== 'short') {
    process.stderr.write(`rig: no tier "${tier}"; there is --tier short. rig/README.md tells of the long runs.\n`)
    return false
  }
  if (values.faults !== undefined) return namedFaults(values.faults)
  if (values.drills !== undefined) return namedDrills(values.drills)
  return failpoint === undefined ? runParts() : lives('failpoint', [{ kind: 'failpoint', what: failpoint }])
}

async function runParts(): Promise<boolean> {
  const { failpoints } = values
  const isNamed = failpoints || isOneNamed()
  const parts = [
    failpoints || !isNamed ? failpointLives(!failpoints) : undefined,
    isNamed ? seedLives(numberOf('seeds', values.seeds, 0)) : failedOnce,
    kills(numberOf('kills', values.kills, isNamed ? 0 : short.kills)),
    isNamed ? namedReplicas() : replicas,
    ...(isNamed ? [] : [...shortDrills, ...shortFaults, shortLives]),
  ]
  let sound = true
  // One after the other: each takes the whole machine.
  for (const part of parts) if (part && !(await part())) sound = false
  return sound
}

type Part = () => Promise<boolean>

function isOneNamed(): boolean {
  return [values.seeds, values.kills, values.replicas].some((value) => value !== undefined)
}

function namedReplicas(): Part | undefined {
  return values.replicas === undefined ? undefined : replicas
}

function failpointLives(isShort: boolean): Part {
  const part = partOf(values.part)
  return async () => lives('failpoints', (await failpointJobs(isShort)).filter(part))
}

/** Whether a job is of the part that was asked for, such as `3/40`; without one each is. */
function partOf(text: string | undefined): (job: Job, index: number) => boolean {
  if (text === undefined) return () => true
  const [, one, all] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (one === undefined || all === undefined || one < 1 || one > all) {
    process.stderr.write(`rig: --part takes which of how many, such as 3/40, not "${text}"\n`)
    process.exit(2)
  }
  return (_, index) => index % all === one - 1
}

function seedLives(count: number): Part | undefined {
  return count === 0 ? undefined : () => lives('seeds', seedJobs(count))
}

/** The first seed whose life meets all that is drawn at all. */
const fullFrom = oddFrom - 1 + pagedFrom

const failedOnce: Part = () => lives('seeds that failed once', regressionJobs())

/** The last part: each other one has an end that does not depend on the machine. */
const shortLives: Part = () => {
  const { fullSeeds, seeds, seedsMin, seedsUntilMs } = short
  const known = new Set<number>(regressionSeeds)
  const others = [...seedsFrom(fullFrom, fullSeeds), ...seedsFrom(1, seeds)].filter((seed) => !known.has(seed))
  const jobs = others.map((seed): Job => ({ kind: 'seed', what: String(seed) }))
  return lives('seeds', inTime([...jobs.slice(0, livedTwice), ...jobs], { least: seedsMin, untilMs: seedsUntilMs }))
}

function kills(count: number): Part | undefined {
  const [patients, seed] = [numberOf('patients', values.patients, 300), numberOf('seed', values.seed, 1)]
  return count === 0 ? undefined : () => killTier({ kills: count, patients, seed })
}

/** What only some machines can do is said and not missed. */
const shortFaults = faultNames.flatMap((fault) =>
  short.faults[fault].map((count, run): Part => {
    const named = faultsOf(fault)
    const part = {
      ...named,
      count,
      seed: named.seed + run,
      patients: 20,
      mirrored: 'core',
      mayBeMissing: true,
    } as const
    return () => faultTier(part)
  }),
)

function namedFaults(fault: string): Promise<boolean> {
  if (isFault(fault)) return faultTier(faultsOf(fault))
  process.stderr.write(`rig: --faults takes ${faultNames.join(', ')}, not "${fault}"\n`)
  process.exit(2)
}

function faultsOf(fault: Fault): FaultTier {
  return {
    fault,
    count: numberOf('kills', values.kills, 12),
    seed: numberOf('seed', values.seed, 1),
    patients: numberOf('patients', values.patients, 40),
    mirrored: values.core ? 'core' : 'all',
    mayBeMissing: false,
  }
}

const shortDrills = drillNames.map(
  (name): Part =>
    () =>
      drillLives(name, short.drills[name]),
)

async function namedDrills(name: string): Promise<boolean> {
  if (isDrill(name)) return drillLives(name, numberOf('count', values.count, 100))
  process.stderr.write(`rig: --drills takes ${drillNames.join(', ')}, not "${name}"\n`)
  process.exit(2)
}

/** Those that failed once come first, for ever; one alone is a repetition. */
function drillLives(name: DrillName, count: number): Promise<boolean> {
  const asked = seedsFrom(numberOf('first-seed', values['first-seed'], 1), count)
  const once = name === 'throttled' && count > 1 ? drillRegressionSeeds.throttled : []
  const jobs = [...new Set([...once, ...asked])].map((seed): Job => ({ kind: 'drill', what: `${name}:${seed}` }))
  return lives(`drill ${name}`, jobs)
}

function replicas(): Promise<boolean> {
  const lease = numberOf('lease', values.lease, 3)
  return replicaTier({
    replicas: numberOf('replicas', values.replicas, 2),
    pauses: numberOf('pauses', values.pauses, short.pauses),
    seed: numberOf('seed', values.seed, 1),
    patients: numberOf('patients', values.patients, 40),
    leaseMs: 1_000 * lease,
    // Past its lease by a little, so that it wakes up as others have just taken over.
    pauseMs: 1_000 * numberOf('pause', values.pause, lease + 1),
    mirrored: values.core ? 'core' : 'all',
  })
}

/** So many of the seeds that were asked for are lived once more at the end: they must make the same calls again. */
const livedTwice = 4

/** Seeds that showed a defect come first, for ever; then those that were asked for. */
function seedJobs(count: number): Job[] {
  const asked = seedsFrom(numberOf('first-seed', values['first-seed'], 1), count)
  const wanted = asked.map((seed): Job => ({ kind: 'seed', what: values.core ? coreLife(seed) : String(seed) }))
  // One seed is a repetition: nothing else is wanted.
  if (count === 1) return wanted.flatMap((job) => (values.twice ? [job, job] : [job]))
  const known = new Set(wanted.map(({ what }) => what))
  const others = values['asked-alone'] ? [] : regressionJobs().filter(({ what }) => !known.has(what))
  return [...others, ...wanted, ...wanted.slice(0, values.twice ? count : livedTwice)]
}

function regressionJobs(): Job[] {
  const what = [...coreRegressionSeeds.map(coreLife), ...regressionSeeds.map(String)]
  return what.map((seed) => ({ kind: 'seed', what: seed }))
}

function coreLife(seed: number): string {
  return `${seed}:core`
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

async function lives(name: string, jobs: Jobs): Promise<boolean> {
  const report = new LifeReport(name, jobs.length)
  await inWorkers(values['until-wrong'] ? untilWrong(jobs, report) : jobs, (done) => report.add(done))
  return report.close()
}

/** Whoever only asks whether a life goes wrong has seen enough with the first that does. */
function untilWrong(jobs: Jobs, report: LifeReport): Jobs {
  const some = function* () {
    for (const job of jobs) if (report.isSound) yield job
  }
  return { length: jobs.length, [Symbol.iterator]: some }
}

/** What does not begin in time is left out, but for so many; the report tells how many were lived. */
function inTime(jobs: readonly Job[], { least, untilMs }: { least: number; untilMs: number }): Jobs {
  const some = function* () {
    for (const [index, job] of jobs.entries()) if (index < least || performance.now() < untilMs) yield job
  }
  return { length: jobs.length, [Symbol.iterator]: some }
}

function numberOf(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) {
    process.stderr.write(`rig: --${option} takes a whole number, not "${text}"\n`)
    process.exit(2)
  }
  return number
}

// Last in the file: everything above is there when it begins.
process.exitCode = (await run()) ? 0 : 1
