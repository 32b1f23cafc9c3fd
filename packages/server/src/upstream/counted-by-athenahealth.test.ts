import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { CredentialTokenSource } from '@aegis/client'
import { startSimulator } from '@aegis/simulator'
import { silentLog } from '../../testing/memory-log.ts'
import { mostInOneSecond } from '../../testing/most-in-one-second.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { egressRule } from '../egress/egress-rule.ts'
import { socketOpener } from '../egress/open-socket.ts'
import { defaultRangeLimits } from '../policy/intensive-calls.ts'
import { createPolicy } from '../policy/policy.ts'
import { createQuota } from '../quota/quota.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createSealing } from '../sealing/sealing.ts'
import { createConnections } from './connections.ts'
import { createUpstream, type Upstream } from './upstream.ts'
import { wrapFetch } from './wrap-fetch.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-counted-'))
after(() => rmSync(home, { recursive: true, force: true }))

const perSecond = 50
const practices = [1, 2, 3]

/** Two processes, and the other side, with or without a limit per practice. */
async function setUp(t: TestContext, perPracticePerSecond?: number) {
  const ofPractice = perPracticePerSecond === undefined ? {} : { perPractice: { perSecond: perPracticePerSecond } }
  const simulator = await startSimulator({
    practices: practices.map((id) => ({ id, patients: 20 })),
    limits: { perSecond, perDay: 1_000, tokensPerMinute: 50, ...ofPractice },
  })
  t.after(() => simulator.stop())
  const { db } = await scratchDatabase(t)
  const kek = await openKek({ db, random: systemRandom }, { directory: home, purpose: 'phi' })
  const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
  const audit = createAudit({ db, sealing, clock: systemClock, random: systemRandom })
  t.after(() => audit.stop())
  const rule = egressRule({ environment: 'local', baseUrl: simulator.url })

  const instance = (holder: string): Upstream => {
    // A share that leaves room for a machine busy with other tests; the default is tested in quota, where time obeys.
    const limits = { perSecond, perDay: 1_000, tokensPerMinute: 50, usableShare: 0.7 }
    const all = perPracticePerSecond === undefined ? limits : { ...limits, perPracticePerSecond }
    const quota = createQuota({ db, clock: systemClock, log: silentLog, holder }, all)
    const config = { ...defaultRangeLimits, offHours: 'always', onboarding: { days: 0, calls: 0 } } as const
    const permit = {
      policy: createPolicy({ db, clock: systemClock, log: silentLog, holder }, config),
      quota,
      audit,
      clock: systemClock,
      app: 'local/demo',
    }
    const connections = createConnections({ ...rule, openSocket: socketOpener(rule, { connectMs: 3_000 }) })
    const wayOut = wrapFetch({ permit, connections, rule, clock: systemClock, log: silentLog })
    t.after(async () => {
      await quota.stop()
      await wayOut.close()
    })
    const tokenSource = new CredentialTokenSource({
      environment: 'local',
      baseUrl: simulator.url,
      credential: { clientId: 'demo-client', secret: 'demo-secret' },
      fetch: wayOut.fetch,
      clock: systemClock,
      random: () => systemRandom.fraction(),
      hooks: {},
      timeoutMs: 10_000,
    })
    const options = { environment: 'local', baseUrl: simulator.url } as const
    return createUpstream({ wayOut, tokenSource, clock: systemClock, random: systemRandom }, options)
  }
  return { simulator, instances: [instance('a'), instance('b')] }
}

const read = (upstream: Upstream, practice: number) =>
  upstream
    .practice(practice)
    .patients.get('1', {}, { context: { purpose: 'test.read', priority: 'interactive', waitMs: 60_000 } })

test('two processes with many callers: the other side counts no second over the limit and refuses nothing', async (t) => {
  const { simulator, instances } = await setUp(t)
  const calls = instances.flatMap((upstream) => Array.from({ length: 30 }, () => read(upstream, 1)))
  const answers = await Promise.all(calls)
  assert.deepEqual([answers.length, new Set(answers.map(({ meta }) => meta.attempts))], [60, new Set([1])])
  const counted = simulator.truth.windows().apps['demo-client']
  assert.ok(counted && counted.perSecond <= perSecond, `${counted?.perSecond} in a second`)
  assert.deepEqual([counted.perDay, counted.tokensPerMinute], [60, 2])
})

test('with a limit per practice the other side counts no second of a practice over it, and refuses nothing', async (t) => {
  const ofPractice = 4
  const { simulator, instances } = await setUp(t, ofPractice)
  const calls = practices.flatMap((practice) =>
    instances.flatMap((upstream) => Array.from({ length: 5 }, () => read(upstream, practice))),
  )
  const answers = await Promise.all(calls)
  assert.deepEqual(new Set(answers.map(({ meta }) => meta.attempts)), new Set([1]))
  const { requests } = simulator.truth.requests({ since: 0, limit: 1_000 })
  for (const id of practices) {
    const times = requests.filter(({ practice }) => practice === id).map(({ at }) => at)
    const most = mostInOneSecond(times)
    assert.deepEqual([times.length, most <= ofPractice], [10, true], `${most} in a second`)
  }
})
