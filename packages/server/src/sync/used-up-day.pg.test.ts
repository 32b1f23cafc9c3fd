/** The calls of a day are used up, and then there are more of them, or fewer, before the day is over. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { addPractices, claimDue, ensureScheduled, wakeForCalls } from './schedule.sql.ts'

const hour = 3_600_000

/** A day of `used` calls that is used up for some of the work until it is raised; counts what is asked for all the same. */
class UsedUp {
  readonly #way: MirroredPractice['fetch']
  readonly #forPurpose: RegExp
  readonly #until: number
  /** How many calls a day there are; 100 are used. */
  limit = 100
  asked = 0
  refused = 0

  constructor(mirrored: MirroredPractice, forPurpose: RegExp) {
    this.#forPurpose = forPurpose
    this.#until = mirrored.deps.clock.now() + 9 * hour
    this.#way = mirrored.fetch
    mirrored.fetch = (url, init, call) => this.#fetch(url, init, call)
    mirrored.deps = { ...mirrored.deps, dayLimit: () => this.limit }
  }

  readonly #fetch: MirroredPractice['fetch'] = async (url, init, call) => {
    const { purpose }: { purpose?: string } = { ...(call.context as object | undefined) }
    if (!this.#forPurpose.test(String(purpose))) return this.#way(url, init, call)
    this.asked += 1
    if (this.limit > 100) return this.#way(url, init, call)
    this.refused += 1
    throw new AegisError('quota.day-exhausted', { until: this.#until, limit: this.limit })
  }
}

/** What is put off, by what makes it wanted. */
const works: readonly [what: string, purpose: RegExp, want: (mirrored: MirroredPractice) => Promise<void> | void][] = [
  ['the drains of a feed', /^sync\.drain|^sync\.subscription/, () => undefined],
  ['a snapshot', /^sync\.snapshot/, (mirrored) => mirrored.wantSnapshot('patients')],
  ['records asked for by id', /^sync\.refetch/, losePatients],
  ['a check of the mirror', /^sync\.reconcile/, (mirrored) => mirrored.advance(18 * hour)],
]
for (const [what, purpose, want] of works) {
  test(`a day that is used up puts off ${what} until midnight GMT, and a higher limit ends that at once`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    await want(mirrored)
    const day = new UsedUp(mirrored, purpose)
    await mirrored.run(3)
    const { refused } = day
    assert.ok(refused > 0, 'it was asked for')
    // As many, or fewer: nothing happens.
    for (const limit of [100, 50]) {
      day.limit = limit
      await mirrored.run(3)
      assert.equal(day.asked, refused)
    }
    day.limit = 200
    await mirrored.step()
    assert.ok(day.asked > refused, 'at once')
    await mirrored.run(20)
    const states = await mirrored.states()
    assert.deepEqual(
      states.map((state) => [state.calls_limit, state.failure_code]),
      states.map(() => [null, null]),
    )
    await assertEqualsTruth(mirrored)
  })
}

test('a look for a second reader that a used-up day put off is taken with the next drain after a higher limit', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.advance(hour)
  const day = new UsedUp(mirrored, /^sync\.replay/)
  await mirrored.run(3)
  const { refused } = day
  assert.ok(refused > 0, 'it was asked for')
  await mirrored.run(3)
  assert.equal(day.asked, refused)
  day.limit = 200
  await mirrored.run(2)
  assert.ok(day.asked > refused)
})

test('what waits because a process knew of fewer calls, and is read rarely for want of more, waits for the fewer', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const { db } = mirrored.deps
  const wake = (limit: number) => db.control((tx) => wakeForCalls(tx, limit))
  const work = async (what: string) => {
    await db.control((tx) => claimDue(tx, { most: 10, holdSeconds: 3_600 }))
    await mirrored.advance(1_000)
    await mirrored.stepFeed('patients')
    assert.deepEqual(await db.control((tx) => claimDue(tx, { most: 10, holdSeconds: 3_600 })), [], what)
  }
  await db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], ['patients'])
  })
  await work('nothing is short')
  assert.equal(await wake(1_000), 0)
  const day = new UsedUp(mirrored, /^sync\.snapshot/)
  const pace = { feeds: 1, stretch: 2, until: mirrored.deps.clock.now() + hour }
  mirrored.deps = { ...mirrored.deps, dayLimit: () => 200, pace: () => pace }
  await work('drains are rare')
  assert.deepEqual([await wake(200), await wake(201)], [0, 1])
  await mirrored.wantSnapshot('patients')
  await work('a snapshot is put off too')
  assert.ok(day.refused > 0)
  assert.deepEqual([await wake(100), await wake(101)], [0, 1])
})

/** Loses a page of patients on its way, so that they are to be asked for by id. */
function losePatients(mirrored: MirroredPractice): void {
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Larch' } })
  let lost = false
  mirrored.fetch = async (url, init, call) => {
    const answer = await mirrored.toSimulator(url, init, call)
    if (lost || call.route !== '/patients/changed' || !call.consuming) return answer
    lost = true
    return new Response('', { status: 504 })
  }
}
