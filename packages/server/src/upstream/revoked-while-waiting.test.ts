/** A credential is revoked while many calls of two processes wait for the quota; athenahealth counts what arrives. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startSimulator } from '@aegis/simulator'
import { keyServers, until } from '../../testing/key-servers.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { heldBack, said } from '../../testing/way-out.ts'
import { type Clock, systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { egressRule } from '../egress/egress-rule.ts'
import { socketOpener } from '../egress/open-socket.ts'
import { Secret } from '../key-server/secret.ts'
import { defaultRangeLimits } from '../policy/intensive-calls.ts'
import { createPolicy } from '../policy/policy.ts'
import { createQuota } from '../quota/quota.ts'
import { createConnections } from './connections.ts'
import { createUpstream } from './upstream.ts'
import { wrapFetch } from './wrap-fetch.ts'

const { database, newAudit, newServer } = await keyServers()
const credential = { environment: 'local', clientId: 'clinic' } as const
const limits = { perSecond: 1_000, perDay: 10_000, tokensPerMinute: 5 }

/** Processes of an app with two secrets, whose calls get their permissions when the gate opens. */
async function installation(t: TestContext) {
  const { db } = database
  const simulator = await startSimulator({
    practices: [{ id: 1, patients: 5 }],
    limits: { ...limits, perSecond: 100_000 },
    apps: [{ clientId: 'clinic', secret: 'one' }],
  })
  t.after(() => simulator.stop())
  simulator.apps.change('clinic', { addSecret: 'two' })
  const audit = newAudit(db, systemClock)
  t.after(() => audit.stop())
  const place = { environment: 'local', baseUrl: simulator.url } as const
  const rule = egressRule(place)
  const gate = { waiting: 0, opened: Promise.resolve() }
  const permitted = () => {
    gate.waiting += 1
    return gate.opened
  }
  const start = (holder: string, clock: Clock) => {
    const server = newServer({ clock, log: silentLog, fetch: simulator.fetch })
    const quota = createQuota({ db, clock: systemClock, log: silentLog, holder }, limits)
    const config = { ...defaultRangeLimits, offHours: 'always', onboarding: { days: 0, calls: 0 } } as const
    const policy = createPolicy({ db, clock: systemClock, log: silentLog, holder }, config)
    const connections = createConnections({ ...rule, openSocket: socketOpener(rule, { connectMs: 3_000 }) })
    const permit = { policy, quota: heldBack(quota, permitted), audit, clock: systemClock, app: 'local/clinic' }
    const wayOut = wrapFetch({ permit, connections, rule, clock: systemClock, log: silentLog })
    t.after(async () => {
      await Promise.all([server.stop(), quota.stop()])
      await wayOut.close()
    })
    const tokenSource = server.tokenSource({ ...place, credential })
    const upstream = createUpstream({ wayOut, tokenSource, clock: systemClock, random: systemRandom }, place)
    return { server, practice: upstream.practice(1) }
  }
  return { simulator, gate, start }
}

test('nothing leaves with a token of a revoked credential five seconds later, however long it has waited', async (t) => {
  const { simulator, gate, start } = await installation(t)
  let laterMs = 0
  const processes = [
    start('a', systemClock),
    start('b', { ...systemClock, steady: () => systemClock.steady() + laterMs }),
  ]
  const [{ server } = assert.fail()] = processes
  for (const secret of ['one', 'two']) {
    await server.offerCredential(credential, {
      material: Secret.fromBytes(Buffer.from(secret)),
      origin: 'configuration',
    })
  }
  const call = ({ practice }: (typeof processes)[number]) =>
    practice.patients.get('1', {}, said({ priority: 'interactive', waitMs: 60_000 }))
  await Promise.all(processes.map(call))
  let open = () => {}
  gate.opened = new Promise((resolve) => {
    open = resolve
  })
  gate.waiting = 0
  const calls = processes.flatMap((each) => Array.from({ length: 40 }, () => call(each)))
  await until(async () => gate.waiting === calls.length)

  const desk = server.desk(credential)
  const used = (await desk.list()).find(({ usedAt }) => usedAt !== undefined)?.number ?? assert.fail()
  await desk.revoke({ number: used, actor: { kind: 'operator', id: 'ann' } })
  simulator.truth.revokeTokens()
  laterMs += 5_000
  open()
  const answers = await Promise.all(calls)

  const { byStatus, byRoute } = simulator.truth.requests().totals
  assert.deepEqual(byStatus, { 200: 2 + 80 + 2 }, 'with two requests of tokens; none is refused')
  assert.equal(byRoute['POST /oauth2/v1/token'], 2)
  assert.deepEqual(new Set(answers.map(({ meta }) => meta.attempts)), new Set([1]))
})
