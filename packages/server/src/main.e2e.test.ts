/** A whole installation: embedded PostgreSQL, the simulator over sockets, started and stopped as a user would. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SimulatorOptions, startSimulator } from '@aegis/simulator'
import type { RunningAegis } from './aegis.ts'
import { loadConfig } from './config.ts'
import type { AegisConfig } from './config/aegis-config.ts'
import { type AegisError, isAegisError } from './errors/aegis-error.ts'
import { startAegis } from './main.ts'

type TestContext = { after(work: () => Promise<void> | void): void }

const practice = 195900
/** A Tuesday, 10:00 Eastern. */
const startAt = Date.UTC(2026, 2, 3, 15)
const apps = [{ clientId: 'clinic-app', secret: 'a-secret-of-the-clinic-app', practices: [practice] }]

type World = Awaited<ReturnType<typeof world>>

async function world(t: TestContext, options: SimulatorOptions = {}) {
  const practices = [practice, 195901].map((id) => ({ id, patients: 60, restrictions: 'filtered' as const }))
  const simulator = await startSimulator({
    seed: 7,
    practices,
    apps,
    limits: 'production',
    speed: 30,
    startAt,
    activationLagMs: 30_000,
    day: true,
    ...options,
  })
  const directory = mkdtempSync(join(tmpdir(), 'aegis-e2e-'))
  const running: RunningAegis[] = []
  t.after(async () => {
    for (const aegis of running.toReversed()) await aegis.stop()
    await simulator.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return { simulator, directory, running }
}

/** The configuration as a file would give it, with a home of the name given. */
function configured(
  at: Pick<World, 'simulator' | 'directory'>,
  changes: {
    home?: string
    practices?: number[]
    secret?: string
    baseUrl?: string
    clock?: 'system' | 'simulator'
    limits?: { perDay: number }
  } = {},
): AegisConfig {
  const {
    home = 'home',
    practices = [practice],
    secret = apps[0]?.secret,
    baseUrl = at.simulator.url,
    clock = 'simulator',
    limits = {},
  } = changes
  const secretFile = join(at.directory, `${home}.secret`)
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 })
  const file = join(at.directory, `${home}.yaml`)
  writeFileSync(
    file,
    JSON.stringify({
      environment: 'local',
      clock,
      practices,
      home: join(at.directory, home),
      http: { port: 0 },
      limits,
      athena: { clientId: 'clinic-app', secretFile, baseUrl },
      policy: { offHours: 'always' },
      sync: { settle: '30s', activationCheck: '10s' },
    }),
  )
  return loadConfig({ env: {}, cwd: at.directory, argvOverrides: { configFile: file } }).config
}

async function start(at: World, config: AegisConfig): Promise<RunningAegis> {
  const aegis = await startAegis(config, { simulatorUrl: at.simulator.url })
  at.running.push(aegis)
  return aegis
}

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  for (let looked = 0; looked < 300; looked += 1) {
    if (await reached()) return
    await sleep(100)
  }
  assert.fail(`not reached: ${what}`)
}

const allLive = async (aegis: RunningAegis) =>
  (await aegis.status()).practices[0]?.feeds.every((feed) => feed.state === 'live') ?? false

test('a practice is mirrored, and a restart asks only for what is new', async (t) => {
  const at = await world(t)
  const config = configured(at)
  const first = await start(at, config)
  await until('live', () => allLive(first))
  assert.deepEqual((await first.status()).alarms, [])
  const metrics = await first.metrics()
  for (const line of [
    /^aegis_feed_lag_seconds\{practice="195900",feed="patients"\} \d/m,
    /^aegis_token_left_seconds \d/m,
  ])
    assert.match(metrics, line)
  await first.stop()
  const { next: since } = at.simulator.truth.requests()
  const second = await start(at, configured(at))
  const checkpoint = async () =>
    (await second.status()).practices[0]?.feeds.find((feed) => feed.feed === 'appointments')?.lagMs
  await until('a drain', async () => ((await checkpoint()) ?? Number.POSITIVE_INFINITY) < 60_000)
  const routes = at.simulator.truth.requests({ since }).requests.map((request) => request.route)
  assert.ok(routes.filter((route) => route?.endsWith('/practiceinfo')).length <= 1, 'it is asked what time it is there')
  const notChanges = routes.filter((route) => !route?.includes('/changed') && !route?.endsWith('/practiceinfo'))
  const byId = notChanges.filter((route) => route?.endsWith('}'))
  assert.deepEqual(
    notChanges.filter((route) => !byId.includes(route)),
    [],
    'no list is read again',
  )
  // A change of the last moment may have been left in doubt by the stop, and is asked for by its id.
  assert.ok(byId.length <= 2, byId.join())
  for (let times = 0; times < 20; times++) assert.equal((await fetch(`${second.url}/aegis/v1/status`)).status, 401)
  assert.ok((await second.status()).alarms.some(({ code }) => code === 'audit.many-refusals'))
  assert.match(await second.metrics(), /^aegis_refused_requests_total\{code="http.unauthorized"\} 20$/m)
})

test('where calls are scarce bulk work leaves to feeds what they need until midnight', async (t) => {
  const at = await world(t)
  const aegis = await start(at, configured(at, { limits: { perDay: 500 } }))
  await until('calls are kept', async () => (await aegis.quota()).day.keptForFeeds > 0)
  const { day } = await aegis.quota()
  // Three feeds, once an hour until midnight GMT, with their looks at subscriptions and what changes lead to.
  assert.ok(day.keptForFeeds >= 30 && day.keptForFeeds <= 340, String(day.keptForFeeds))
})

test('what waits because the calls of the day are used up goes on within minutes of a higher limit, and never at a lower one', async (t) => {
  const at = await world(t)
  const { truth, clock } = at.simulator
  const drains = (since: number) =>
    truth.requests({ since }).requests.filter(({ route }) => route?.endsWith('/changed'))
  const first = await start(at, configured(at))
  await until('live', () => allLive(first))
  await first.stop()
  const used = truth.requests().requests.filter(({ route }) => !route?.endsWith('/token')).length
  // What is left is for people alone.
  for (const perDay of [used + 6, used + 4]) {
    const { next: since } = truth.requests()
    const scarce = await start(at, configured(at, { limits: { perDay } }))
    const until_ = clock.now() + 4 * 60_000
    await until('minutes have passed', async () => clock.now() >= until_)
    assert.deepEqual(drains(since), [], `${perDay} calls a day`)
    await scarce.stop()
  }
  const { next: since } = truth.requests()
  const startedAt = clock.now()
  const more = await start(at, configured(at, { limits: { perDay: 3_000 } }))
  const feeds = () => new Set(drains(since).map(({ route }) => route))
  await until('every feed is drained', async () => feeds().size === 3)
  assert.ok(clock.now() - startedAt < 5 * 60_000, `${(clock.now() - startedAt) / 60_000} minutes`)
  await until('all is well', async () => (await more.status()).alarms.length === 0)
})

test('a second deployment on the same app is refused before it takes anything', async (t) => {
  const at = await world(t)
  const first = await start(at, configured(at))
  await until('live', () => allLive(first))
  await until('changes', async () => ((await first.status()).practices[0]?.changesLastMinute ?? 0) > 0)
  const second = await start(at, configured(at, { home: 'other' }))
  const error = await second.ended
  assert.ok(isAegisError(error, 'start.second-deployment'), String(error))
  const consumers = new Set(
    at.simulator.truth
      .pages()
      .pages.filter((page) => page.mode === 'consume')
      .map((page) => page.app),
  )
  assert.equal(consumers.size, 1)
  assert.deepEqual((await first.status()).alarms, [])
})

const refusals: readonly [title: string, code: string, changes: Parameters<typeof configured>[1]][] = [
  ['a wrong secret', 'key-server.credential-refused', { secret: 'not-the-secret' }],
  ['a practice that does not exist', 'start.practice-unknown', { practices: [42] }],
  [
    'a base URL where nothing listens',
    'start.upstream-unreachable',
    { baseUrl: 'http://127.0.0.1:9', clock: 'system' },
  ],
  ['a clock that is off', 'upstream.clock-skew', { clock: 'system' }],
  ['a practice the app has no rights to', 'start.practice-refused', { practices: [195901] }],
]
for (const [title, code, changes] of refusals) {
  test(`${title} is told at the start, with the remedy`, async (t) => {
    const at = await world(t, { day: false })
    await assert.rejects(
      startAegis(configured(at, changes), { simulatorUrl: at.simulator.url }),
      (error: AegisError) => {
        assert.equal(error.code, code)
        assert.match(error.message, /Remedy: /)
        return true
      },
    )
    // What was started is stopped again: the home is free for another try.
    await assert.rejects(startAegis(configured(at, changes), { simulatorUrl: at.simulator.url }), { code })
  })
}
