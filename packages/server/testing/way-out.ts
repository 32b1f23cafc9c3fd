import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { accessToken, type TokenSource } from '@aegis/client'
import { type Audit, createAudit } from '../src/audit/audit.ts'
import { systemClock } from '../src/clock/clock.ts'
import { systemRandom } from '../src/clock/random.ts'
import { egressRule } from '../src/egress/egress-rule.ts'
import { socketOpener } from '../src/egress/open-socket.ts'
import { defaultRangeLimits } from '../src/policy/intensive-calls.ts'
import { createPolicy, type PolicyConfig } from '../src/policy/policy.ts'
import { createQuota, type Quota } from '../src/quota/quota.ts'
import { openKek } from '../src/sealing/open-kek.ts'
import { createSealing } from '../src/sealing/sealing.ts'
import type { CallContext } from '../src/upstream/call-context.ts'
import { createConnections } from '../src/upstream/connections.ts'
import type { PermitDeps } from '../src/upstream/permit.ts'
import { createUpstream } from '../src/upstream/upstream.ts'
import { type SendTimeouts, wrapFetch } from '../src/upstream/wrap-fetch.ts'
import { athenaServer } from './athena-server.ts'
import { memoryLog, silentLog } from './memory-log.ts'
import { scratchDatabase } from './scratch-database.ts'

export interface WayOutOptions {
  readonly audit?: Audit
  readonly policy?: Partial<PolicyConfig>
  readonly timeouts?: Partial<SendTimeouts>
  readonly perDay?: number
  /** Default: one token for ever. */
  readonly tokenSource?: TokenSource
  /** Each permission is handed on when this resolves. */
  readonly permitted?: () => Promise<void>
}

/** Ways out to servers on real ports, over one database. */
export async function waysOut() {
  const home = mkdtempSync(join(tmpdir(), 'aegis-way-out-'))
  after(() => rmSync(home, { recursive: true, force: true }))
  const { db, owner } = await scratchDatabase()
  const kek = await openKek({ db, random: systemRandom }, { directory: home, purpose: 'phi' })
  const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
  const realAudit = createAudit({ db, sealing, clock: systemClock, random: systemRandom })
  after(() => realAudit.stop())

  let practices = 100

  /** The whole way out against a server on a real port; each test has a practice and an app of its own. */
  async function setUp(t: TestContext, options: WayOutOptions = {}) {
    const server = await athenaServer(t)
    const id = practices++
    const app = `local/app-${id}`
    await owner.rows('insert into control.quota_app (app, next_at, minute_at) values ($1, now(), now())', [app])
    const log = memoryLog()
    const limits = { perSecond: 1_000, perDay: options.perDay ?? 50_000, tokensPerMinute: 5 }
    const quota = createQuota({ db, clock: systemClock, log: silentLog, holder: 'test' }, limits)
    const config = { ...defaultRangeLimits, offHours: 'always', onboarding: { days: 0, calls: 0 } } as const
    const rule = egressRule({ environment: 'local', baseUrl: server.url })
    const wayOut = wrapFetch({
      permit: {
        policy: createPolicy({ db, clock: systemClock, log, holder: 'test' }, { ...config, ...options.policy }),
        quota: options.permitted ? heldBack(quota, options.permitted) : quota,
        audit: options.audit ?? realAudit,
        clock: systemClock,
        app,
      },
      connections: createConnections({ ...rule, openSocket: socketOpener(rule, { connectMs: 1_000 }) }),
      rule,
      clock: systemClock,
      log,
      timeouts: options.timeouts ?? {},
    })
    const tokenSource = options.tokenSource ?? { get: async () => accessToken('token', 1, Number.POSITIVE_INFINITY) }
    const upstream = createUpstream(
      { wayOut, tokenSource, clock: systemClock, random: systemRandom },
      { environment: 'local', baseUrl: server.url },
    )
    t.after(async () => {
      await quota.stop()
      await wayOut.close()
    })
    const usedToday = async () => (await quota.usage(app)).usedToday
    return { server, id, upstream, practice: upstream.practice(id), quota, app, log, wayOut, rule, usedToday }
  }
  return { db, owner, sealing, realAudit, setUp }
}

/** A quota whose permissions come when `permitted` resolves. */
export function heldBack(quota: Quota, permitted: () => Promise<void>): PermitDeps['quota'] {
  return {
    check: (asked) => quota.check(asked),
    unused: (permission) => quota.unused(permission),
    observe: (seen) => quota.observe(seen),
    throttled: (app, told) => quota.throttled(app, told),
    async permission(request) {
      await permitted()
      return quota.permission(request)
    },
  }
}

/** What every call says of itself. */
export const said = (context: Partial<CallContext> = {}) => ({
  context: { purpose: 'sync.refetch', priority: 'feeds', ...context } satisfies CallContext,
})
