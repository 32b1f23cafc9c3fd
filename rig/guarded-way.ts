import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AthenaPractice } from '@aegis/client'
import type { Simulator } from '@aegis/simulator'
import { createAudit } from '../packages/server/src/audit/audit.ts'
import { type Clock, sleepOn, systemClock } from '../packages/server/src/clock/clock.ts'
import type { Random } from '../packages/server/src/clock/random.ts'
import { egressRule } from '../packages/server/src/egress/egress-rule.ts'
import { createKeyServer } from '../packages/server/src/key-server/key-server.ts'
import { Secret } from '../packages/server/src/key-server/secret.ts'
import { defaultRangeLimits } from '../packages/server/src/policy/intensive-calls.ts'
import type { OffHours } from '../packages/server/src/policy/off-hours.ts'
import { createPolicy } from '../packages/server/src/policy/policy.ts'
import type { QuotaLimits } from '../packages/server/src/quota/quota-limits.ts'
import { createQuota } from '../packages/server/src/quota/quota.ts'
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
  readonly perDay: number
  readonly tokensPerMinute: number
  readonly offHours: OffHours
  /** Large calls a day outside of the off-hours: of the first load, and of new snapshots after gaps. */
  readonly onboardingCalls: number
  readonly gapCalls: number
}

export interface GuardedGround extends Pick<SyncDeps, 'db' | 'clock' | 'sealing' | 'log'> {
  readonly random: Random
  readonly simulator: Simulator
  readonly fetch: Simulator['fetch']
  readonly rules: GuardedRules
}

/**
 * The way to athenahealth as the program has it: policy, audit log, quota, one token for all. What a process holds of it in
 * memory goes when the process ends: `restart`.
 */
export class GuardedWay implements Upstream {
  readonly #ground: GuardedGround
  readonly #kek: Kek
  #process: { upstream: Upstream; api: AthenaPractice; end(): void } | undefined

  private constructor(ground: GuardedGround, kek: Kek) {
    this.#ground = ground
    this.#kek = kek
  }

  static async open(context: RunContext, ground: GuardedGround): Promise<GuardedWay> {
    const directory = mkdtempSync(join(tmpdir(), 'aegis-guarded-'))
    context.after(() => rmSync(directory, { recursive: true }))
    const way = new GuardedWay(ground, await openKek(ground, { directory, purpose: 'credentials' }))
    context.after(() => way.#process?.end())
    return way
  }

  /** The process has ended, or is the first: another one begins with what the database holds. */
  async restart(): Promise<void> {
    this.#process?.end()
    this.#process = await startProcess(this.#ground, this.#kek)
  }

  practice(): AthenaPractice {
    if (!this.#process) throw new Error('no process was started')
    return this.#process.api
  }

  skewMs = (): number => this.#process?.upstream.skewMs() ?? 0
  certainSkewMs = (): number => this.#process?.upstream.certainSkewMs() ?? 0
}

const practice = 195900
const credential = { environment: 'local', clientId: 'demo-client' } as const

async function startProcess(ground: GuardedGround, kek: Kek) {
  const { db, sealing, random, log, simulator, rules } = ground
  const { clock, end } = mortal(ground.clock)
  const audit = createAudit({ db, sealing, clock: { ...systemClock, now: () => clock.now() }, random })
  const quota = createQuota({ db, clock, log, holder: 'rig' }, limitsOf(rules))
  const { offHours, onboardingCalls, gapCalls } = rules
  const policy = createPolicy(
    { db, clock, log, holder: 'rig' },
    { ...defaultRangeLimits, offHours, onboarding: { days: 2, calls: onboardingCalls }, gapCalls },
  )
  const place = { environment: 'local', baseUrl: simulator.url } as const
  const wayOut = wrapFetch({
    permit: { policy, quota, audit, clock, app: 'local/demo-client' },
    connections: connectionsOver(ground.fetch),
    rule: egressRule(place),
    clock,
    log,
  })
  const keyServer = createKeyServer(
    { db, kek, audit, clock, random, log, fetch: wayOut.fetch },
    { requestsPerMinute: { local: rules.tokensPerMinute } },
  )
  const material = Secret.fromBytes(Buffer.from('demo-secret'))
  await keyServer.offerCredential(credential, { material, origin: 'configuration' })
  const tokenSource = keyServer.tokenSource({ ...place, credential })
  const upstream = createUpstream({ wayOut, tokenSource, clock, random }, place)
  return { upstream, api: upstream.practice(practice), end }
}

function limitsOf({ perSecond, perDay, tokensPerMinute }: GuardedRules): QuotaLimits {
  return { perSecond, perDay, tokensPerMinute, dayBlock: 5 }
}

/** A clock whose timers end with the process: nothing that a dead one had in mind happens later. */
function mortal(clock: Clock): { clock: Clock; end(): void } {
  let isAlive = true
  const timer: Clock['timer'] = (ms, fire) => clock.timer(ms, () => (isAlive ? fire() : undefined))
  return {
    clock: {
      now: () => clock.now(),
      steady: () => clock.steady(),
      timer,
      sleep: (ms, signal) => sleepOn({ timer }, ms, signal),
    },
    end() {
      isAlive = false
    },
  }
}
