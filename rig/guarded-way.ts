import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AthenaPractice } from '@aegis/client'
import type { Simulator } from '@aegis/simulator'
import { createAudit } from '../packages/server/src/audit/audit.ts'
import { type Clock, sleepOn } from '../packages/server/src/clock/clock.ts'
import type { Random } from '../packages/server/src/clock/random.ts'
import type { Reading } from '../packages/server/src/clock/remote-clock.ts'
import { egressRule } from '../packages/server/src/egress/egress-rule.ts'
import { createKeyServer, type KeyServer } from '../packages/server/src/key-server/key-server.ts'
import { Secret } from '../packages/server/src/key-server/secret.ts'
import { defaultRangeLimits } from '../packages/server/src/policy/intensive-calls.ts'
import type { OffHours } from '../packages/server/src/policy/off-hours.ts'
import { createPolicy } from '../packages/server/src/policy/policy.ts'
import type { QuotaLimits } from '../packages/server/src/quota/quota-limits.ts'
import { createQuota, type Quota } from '../packages/server/src/quota/quota.ts'
import type { Kek } from '../packages/server/src/sealing/kek.ts'
import { openKek } from '../packages/server/src/sealing/open-kek.ts'
import type { SyncDeps } from '../packages/server/src/sync/sync-deps.ts'
import { connectionsOver } from '../packages/server/src/upstream/connections.ts'
import { createUpstream, type Upstream } from '../packages/server/src/upstream/upstream.ts'
import { wrapFetch } from '../packages/server/src/upstream/wrap-fetch.ts'
import type { RunContext } from './run-context.ts'

/** What athenahealth allows, and what the operator does, in one life. */
export interface GuardedRules {
  readonly perSecond: number
  /** Of one practice; none if absent. */
  readonly perPracticePerSecond?: number
  readonly perDay: number
  readonly tokensPerMinute: number
  readonly offHours: OffHours
  /** Large calls a day outside of the off-hours: of the first load for its days, and of new snapshots while there are gaps. */
  readonly onboardingCalls: number
  readonly gapCalls: number
}

/** For so many days from its first such call on, the first load may call outside of the off-hours. */
export const onboardingDays = 2

export interface GuardedGround extends Pick<SyncDeps, 'db' | 'clock' | 'sealing' | 'log'> {
  readonly random: Random
  readonly simulator: Simulator
  readonly fetch: Simulator['fetch']
  readonly rules: GuardedRules
}

/** One process's parts that are asked directly, and not through a call. */
export interface GuardedProcess {
  readonly upstream: Upstream
  readonly api: AthenaPractice
  readonly quota: Quota
  readonly keyServer: KeyServer
  end(): void
}

/**
 * The way to athenahealth as the program has it: policy, audit log, quota, one token for all. What a process holds of it in
 * memory goes when the process ends: `restart`.
 */
export class GuardedWay implements Upstream {
  readonly #ground: GuardedGround
  readonly #kek: Kek
  readonly #holder: string
  #process: GuardedProcess | undefined

  private constructor(ground: GuardedGround, kek: Kek, holder: string) {
    this.#ground = ground
    this.#kek = kek
    this.#holder = holder
  }

  static async open(context: RunContext, ground: GuardedGround): Promise<GuardedWay> {
    const [way] = await GuardedWay.several(context, ground, ['rig'])
    if (!way) throw new Error('there is a way for each name')
    return way
  }

  /** The ways of several processes of one installation, by the names that the quota knows them by. */
  static async several(
    context: RunContext,
    ground: GuardedGround,
    holders: readonly string[],
  ): Promise<readonly GuardedWay[]> {
    const directory = mkdtempSync(join(tmpdir(), 'aegis-guarded-'))
    context.after(() => rmSync(directory, { recursive: true }))
    const kek = await openKek(ground, { directory, purpose: 'credentials' })
    const ways = holders.map((holder) => new GuardedWay(ground, kek, holder))
    context.after(() => {
      for (const way of ways) way.#process?.end()
    })
    return ways
  }

  /** The process has ended, or is the first: another one begins with what the database holds. */
  async restart(): Promise<void> {
    this.#process?.end()
    this.#process = await startProcess(this.#ground, this.#kek, this.#holder)
  }

  practice(): AthenaPractice {
    return this.process.api
  }

  get process(): GuardedProcess {
    if (!this.#process) throw new Error('no process was started')
    return this.#process
  }

  theirTime = (): Reading | undefined => this.#process?.upstream.theirTime()
  hear = (practice: number): Promise<void> => this.process.upstream.hear(practice)
  certainSkewMs = (): number => this.#process?.upstream.certainSkewMs() ?? 0
}

const practice = 195900
const hour = 3_600_000
/** Limits of real time, of which a call takes here what the machine gives it. */
const unlimited = { headersMs: hour, totalMs: hour, slowHeadersMs: hour, slowTotalMs: hour }
export const guardedCredential = { environment: 'local', clientId: 'demo-client' } as const

async function startProcess(ground: GuardedGround, kek: Kek, holder: string): Promise<GuardedProcess> {
  const { sealing, random, log, simulator, rules } = ground
  const { clock, db, fetch, end } = mortal(ground)
  const audit = createAudit({ db, sealing, clock, random })
  const quota = createQuota({ db, clock, log, holder }, limitsOf(rules))
  const { offHours, onboardingCalls, gapCalls } = rules
  const policy = createPolicy(
    { db, clock, log, holder },
    { ...defaultRangeLimits, offHours, onboarding: { days: onboardingDays, calls: onboardingCalls }, gapCalls },
  )
  const place = { environment: 'local', baseUrl: simulator.url } as const
  const wayOut = wrapFetch({
    permit: { policy, quota, audit, clock, app: 'local/demo-client' },
    connections: connectionsOver(fetch),
    rule: egressRule(place),
    clock,
    log,
    timeouts: unlimited,
    // One seed, one life: how much else the machine has to do must not cost a permission.
    machine: clock,
  })
  const keyServer = createKeyServer(
    { db, kek, audit, clock, random, log, fetch: wayOut.fetch },
    { requestsPerMinute: { local: rules.tokensPerMinute } },
  )
  const material = Secret.fromBytes(Buffer.from('demo-secret'))
  await keyServer.offerCredential(guardedCredential, { material, origin: 'configuration' })
  const tokenSource = keyServer.tokenSource({ ...place, credential: guardedCredential })
  const upstream = createUpstream({ wayOut, tokenSource, clock, random }, place)
  return { upstream, api: upstream.practice(practice), quota, keyServer, end }
}

function limitsOf({ perSecond, perPracticePerSecond, perDay, tokensPerMinute }: GuardedRules): QuotaLimits {
  const ofPractice = perPracticePerSecond === undefined ? {} : { perPracticePerSecond }
  return { perSecond, ...ofPractice, perDay, tokensPerMinute, dayBlock: 5 }
}

/** What a process has of the world ends with it: no timer of a dead one fires, and no statement and no request leaves. */
function mortal({ clock, db, fetch }: GuardedGround): Pick<GuardedGround, 'clock' | 'db' | 'fetch'> & { end(): void } {
  let isAlive = true
  const whileAlive = <T>(work: () => Promise<T>): Promise<T> => (isAlive ? work() : new Promise(() => undefined))
  const timer: Clock['timer'] = (ms, fire) => clock.timer(ms, () => (isAlive ? fire() : undefined))
  return {
    clock: {
      now: () => clock.now(),
      steady: () => clock.steady(),
      timer,
      sleep: (ms, signal) => sleepOn({ timer }, ms, signal),
    },
    db: {
      practice: (practice, work) => whileAlive(() => db.practice(practice, work)),
      control: (work) => whileAlive(() => db.control(work)),
      audit: (work) => whileAlive(() => db.audit(work)),
    },
    fetch: (url, init) => whileAlive(() => fetch(url, init)),
    end() {
      isAlive = false
    },
  }
}
