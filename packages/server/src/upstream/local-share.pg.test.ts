/** What leaves through the whole gate, with its audit entry, while the shared limit cannot be asked. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { said } from '../../testing/way-out.ts'
import { createAudit } from '../audit/audit.ts'
import { systemRandom } from '../clock/random.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { defaultRangeLimits } from '../policy/intensive-calls.ts'
import { createPolicy } from '../policy/policy.ts'
import { createQuota } from '../quota/quota.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { permit, type PermitDeps, type PermitRequest } from './permit.ts'

const app = 'local/app'
const asked: PermitRequest = {
  call: {
    method: 'GET',
    route: '/providers',
    practice: 1,
    attempt: 1,
    kind: 'api',
    consuming: false,
    intensive: false,
    idempotent: true,
    requestId: 'r-1',
  },
  url: new URL('https://athena.example/v1/1/providers'),
  context: said().context,
  signal: new AbortController().signal,
}

/** A process of three callers, each of which asks again as soon as it was served, and a second after it was refused. */
async function busyProcess(context: TestContext) {
  const database = await scratchDatabase(context)
  const time = await lockstep(database)
  const { db, clock } = time
  const holder = { db, clock, log: silentLog, holder: 'alone' }
  const rules = { ...defaultRangeLimits, offHours: 'always', onboarding: { days: 0, calls: 0 } } as const
  const quota = createQuota(holder, { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 })
  const audit = createAudit({ db, sealing: noSealing, clock, random: systemRandom })
  const deps: PermitDeps = { policy: createPolicy(holder, rules), quota, audit, clock, app }
  const sentAt: number[] = []
  const refusals = new Set<string>()
  let ended = false
  const busy = async () => {
    while (!ended) {
      try {
        const { settle } = await permit(deps, asked)
        sentAt.push(clock.now())
        await settle({ outcome: 'success' })
      } catch (error) {
        refusals.add(isAegisError(error) ? error.code : String(error))
        await clock.sleep(1_000)
      }
    }
  }
  const callers = [0, 1, 2].map(busy)
  /** Takes rights of the tables from a role for a minute: how many calls left meanwhile, when the first, and why others did not. */
  const without = async (tables: string, role: string) => {
    await time.advance(4_000)
    await database.owner.rows(`revoke all on ${tables} from ${role}`)
    const since = clock.now()
    refusals.clear()
    await time.advance(60_000)
    // What was booked before may still be used.
    const sent = sentAt.filter((at) => at > since + 1_000).map((at) => at - since)
    await database.owner.rows(`grant all on ${tables} to ${role}`)
    return { sent, refusals: [...refusals] }
  }
  const end = async () => {
    ended = true
    await time.run(Promise.all(callers))
    await time.run(quota.stop())
    await audit.stop()
    const entries = await database.owner.rows<{ outcome: string; count: number }>(
      "select outcome, count(*)::integer as count from audit.entry where type = 'upstream' group by outcome",
    )
    return Object.fromEntries(entries.map(({ outcome, count }) => [outcome, count]))
  }
  return { without, end, sentAt }
}

test('where the log can be written and the shared limit not be asked, a small share leaves: some, and never all', async (context) => {
  const { without, end, sentAt } = await busyProcess(context)
  const { sent, refusals } = await without('control.quota_app', 'aegis_control')
  assert.deepEqual(refusals, [])
  assert.ok((sent[0] ?? 0) >= 20_000, `the first after ${sent[0]} ms: the others have to count it out`)
  assert.ok(sent.length >= 25 && sent.length <= 37, `${sent.length} calls in a minute`)
  assert.ok(
    sent.every((at, i) => at - (sent[i - 1] ?? 0) >= 1_000),
    'no two in a second',
  )
  const entries = await end()
  assert.deepEqual([entries['success'], entries['attempt']], [sentAt.length, sentAt.length], 'each has its entry')
})

test('where the log cannot be written nothing leaves, whoever could be asked for the limit', async (context) => {
  const { without, end, sentAt } = await busyProcess(context)
  const { sent, refusals } = await without('audit.entry', 'aegis_audit')
  assert.deepEqual([sent, refusals], [[], ['audit.unavailable']])
  await end()
  assert.ok(sentAt.length > 10)
})
