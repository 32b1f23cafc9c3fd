/** The process ends, or something fails that nobody foresaw, at every point of a call that consumes what it reads. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { said, waysOut } from '../../testing/way-out.ts'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const { db, owner, sealing, setUp } = await waysOut()

/** In the order of a call, with the requests that athenahealth has seen by then. */
const points = [
  { point: 'audit.after-attempt', sent: 0 },
  { point: 'upstream.permitted', sent: 0 },
  { point: 'upstream.before-send', sent: 0 },
  { point: 'upstream.after-headers', sent: 1 },
  { point: 'audit.before-outcome', sent: 1 },
]

/** The log of a process of which nothing is heard any more once it is dead. */
function mortalAudit() {
  const state = { isDead: false }
  const alive = <T>(work: () => Promise<T>): Promise<T> => (state.isDead ? Promise.reject(dead()) : work())
  const through: Db = {
    practice: (practice, work) => alive(() => db.practice(practice, work)),
    control: (work) => alive(() => db.control(work)),
    audit: (work) => alive(() => db.audit(work)),
  }
  return { state, audit: createAudit({ db: through, sealing, clock: systemClock, random: systemRandom }) }
}

const dead = () => new AegisError('db.unavailable', { reason: 'killed' })

interface Met {
  readonly point: string
  readonly cause: () => Error
}

/** How often each point was met by one drain, which ended at one of them; the log is told of the rest by the next process. */
async function drainOnce(t: TestContext, { point, cause }: Met) {
  const { state, audit } = mortalAudit()
  const { server, id, practice, quota, usedToday } = await setUp(t, { audit })
  let met = 0
  const remove = setFailpointHook((name) => {
    if (name !== point) return
    met += 1
    const error = cause()
    state.isDead = error instanceof AegisError
    throw error
  })
  t.after(remove)
  await assert.rejects(practice.feed('patients').drainPage({ limit: 10 }, said()))
  remove()
  await audit.stop()
  await quota.stop()
  const next = createAudit({ db, sealing, clock: systemClock, random: systemRandom })
  await next.closeOrphans([])
  assert.equal(await next.closeOrphans([]), 0)
  await next.stop()
  const rows = await owner.rows<{ outcome: string }>(
    'select outcome from audit.entry where practice_id = $1 order by id',
    [id],
  )
  return { met, sent: server.requests.length, used: await usedToday(), entries: rows.map(({ outcome }) => outcome) }
}

for (const { point, sent } of points) {
  for (const [what, cause] of [
    ['the process ends', dead],
    ['something fails', () => new Error('a failure that nobody foresaw')],
  ] as const) {
    test(`a call is made once at most, counted, and closed as unknown, when ${what} at ${point}`, async (t) => {
      const found = await drainOnce(t, { point, cause })
      assert.deepEqual(
        { ...found, used: found.used >= sent },
        { met: 1, sent, used: true, entries: ['attempt', 'unknown'] },
      )
    })
  }
}
