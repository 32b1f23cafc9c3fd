/**
 * One of the processes that share a limit: many callers, each asking for a permission, sending its request, and again. It
 * is told by which limiter. The benchmark kills it without warning.
 */
import { createRequire } from 'node:module'
import { Agent, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../../packages/server/src/clock/clock.ts'
import { systemRandom } from '../../packages/server/src/clock/random.ts'
import type { AegisConfig } from '../../packages/server/src/config/aegis-config.ts'
import { Secret } from '../../packages/server/src/config/secret.ts'
import { defaultPullSpacingMs } from '../../packages/server/src/policy/intensive-calls.ts'
import { clientConfig, type RuntimeLogins } from '../../packages/server/src/db/database-login.ts'
import { openDb } from '../../packages/server/src/db/open-db.ts'
import { prepareHome } from '../../packages/server/src/ops/home.ts'
import { composeParts } from '../../packages/server/src/start/compose-parts.ts'
import { StopStack } from '../../packages/server/src/start/stop-stack.ts'
import { defaultSyncSettings } from '../../packages/server/src/sync/sync-settings.ts'
import { silentLog } from '../../packages/server/testing/memory-log.ts'
import { answerQuestions, inputOf } from './child.ts'

export type LimiterName = 'aegis' | 'rate-limiter-flexible' | 'bottleneck' | 'p-queue'

export interface LimitedApp {
  readonly clientId: string
  /** For limiters that bring no token of their own. */
  readonly token: string
  readonly perSecond: number
  /** In each process. */
  readonly callers: number
}

export interface WorkerInput {
  readonly limiter: LimiterName
  readonly home: string
  readonly holder: string
  readonly simulatorUrl: string
  readonly logins: RuntimeLogins
  readonly ownerUrl: string
  readonly processes: number
  readonly apps: readonly LimitedApp[]
}

export const practice = 195900
export const secret = 'demo-secret'

/** Makes one call as soon as it may be made. */
type Call = () => Promise<unknown>

const input = await inputOf<WorkerInput>()
const packages = createRequire(join(import.meta.dirname, '..', 'limiters', 'package.json'))
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const url = new URL(input.simulatorUrl)

const limiters: Record<LimiterName, (app: LimitedApp) => Promise<Call>> = {
  aegis: aegisCall,
  'rate-limiter-flexible': flexibleCall,
  bottleneck: bottleneckCall,
  'p-queue': queueCall,
}

const calls: [LimitedApp, Call][] = []
for (const app of input.apps) {
  calls.push([app, await limiters[input.limiter](app)])
}
// It says that it is ready when it answers, and begins then.
answerQuestions(
  {
    start: () => {
      for (const [app, call] of calls) for (let caller = 0; caller < app.callers; caller += 1) void callForEver(call)
    },
  },
  async () => undefined,
)

async function callForEver(call: Call): Promise<never> {
  for (;;) await call().catch(() => systemClock.sleep(100))
}

/** The whole way: policy, quota, audit attempt, the token that all processes share, the call, its audited outcome. */
async function aegisCall({ clientId, perSecond }: LimitedApp): Promise<Call> {
  const { limits, ...config }: AegisConfig = {
    ...configOf(clientId),
    limits: { perSecond, perDay: 1_000_000, tokensPerMinute: 50 },
  }
  const db = await openDb({ logins: input.logins, log: silentLog })
  const ground = {
    config: { ...config, limits },
    seams: {},
    home: prepareHome(input.home),
    homeId: input.holder,
    db,
    clock: systemClock,
    speed: 1,
    machineOffMs: () => 0,
    random: systemRandom,
    log: silentLog,
  }
  const { upstream } = await composeParts(ground, new StopStack())
  const context = { purpose: 'bench.read', priority: 'interactive', waitMs: 600_000 } as const
  return () => upstream.practice(practice).practiceInfo({ context })
}

function configOf(clientId: string): Omit<AegisConfig, 'limits'> {
  const range = { bookedDaysMax: 1, openDaysMax: 1, claimsDaysMax: 1 }
  return {
    environment: 'local',
    demo: false,
    athena: {
      clientId,
      secret: new Secret(secret),
      baseUrl: input.simulatorUrl,
      scope: 'athena/service/Athenanet.MDP.*',
      allowedHosts: [],
    },
    practices: [practice],
    home: input.home,
    http: { host: '127.0.0.1', port: 0 },
    role: 'all',
    keyServer: { services: {} },
    sync: defaultSyncSettings,
    policy: { ...range, offHours: 'always', onboarding: { days: 0, calls: 0 }, pullSpacingMs: defaultPullSpacingMs },
    clock: 'system',
    log: { level: 'error', to: 'file' },
  }
}

/** Counts in PostgreSQL in windows of a second, which is what it offers; who is refused comes again when told. */
async function flexibleCall(app: LimitedApp): Promise<Call> {
  const { RateLimiterPostgres } = packages('rate-limiter-flexible')
  const storeClient = new pg.Pool({ ...clientConfig({ url: input.ownerUrl }), max: 8 })
  const settings = { storeClient, points: app.perSecond, duration: 1, tableName: 'bench_limiter', schemaName: 'public' }
  const limiter = await new Promise<{ consume(key: string): Promise<unknown> }>((resolve, reject) => {
    const made = new RateLimiterPostgres(settings, (error: unknown) =>
      error ? reject(new Error('its table could not be made', { cause: error })) : resolve(made),
    )
  })
  return async () => {
    for (;;) {
      const refused = await limiter.consume(app.clientId).then(
        () => undefined,
        (told: unknown) => told,
      )
      if (refused === undefined) return send(app)
      const waitMs = Number(Reflect.get(Object(refused), 'msBeforeNext'))
      await systemClock.sleep(Number.isFinite(waitMs) ? waitMs + 1 : 100)
    }
  }
}

/** It has no store in PostgreSQL: each process has its part of the limit. */
async function bottleneckCall(app: LimitedApp): Promise<Call> {
  const Bottleneck = packages('bottleneck')
  const limiter = new Bottleneck({ minTime: 1000 / (app.perSecond / input.processes) })
  return async () => {
    await limiter.schedule(async () => undefined)
    await send(app)
  }
}

/** Nor has this; and where the limit has fewer calls than there are processes, each has one. */
async function queueCall(app: LimitedApp): Promise<Call> {
  const { default: PQueue } = await import(packages.resolve('p-queue'))
  const queue = new PQueue({ interval: 1_000, intervalCap: Math.max(1, Math.floor(app.perSecond / input.processes)) })
  return async () => {
    await queue.add(async () => undefined)
    await send(app)
  }
}

function send({ token }: LimitedApp): Promise<void> {
  return new Promise((resolve, reject) => {
    const path = `/v1/${practice}/practiceinfo`
    const headers = { authorization: `Bearer ${token}` }
    const sent = httpRequest({ host: url.hostname, port: url.port, path, agent, headers }, (response) => {
      response.resume()
      response.on('end', resolve)
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
