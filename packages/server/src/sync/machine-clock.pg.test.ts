/** The clock of the whole machine is set, the process's and the database's: athenahealth's is not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, liveThrough } from '../../testing/practice-life.ts'
import { boundSyncTimes } from './many-practices.sql.ts'

const minute = 60_000
const hour = 60 * minute

/** Answers tell what time it is at athenahealth. */
function tellTime(mirrored: MirroredPractice): void {
  const theirTime = () => {
    const now = mirrored.simulator.clock.now()
    return { earliest: now - 1_000, latest: now }
  }
  mirrored.deps = { ...mirrored.deps, upstream: { ...mirrored.deps.upstream, theirTime } }
}

/** Sets the machine's clock; where that is back, it is noticed within seconds. */
async function setMachine(mirrored: MirroredPractice, aheadMs: number): Promise<void> {
  await mirrored.setMachineAhead(aheadMs)
  await mirrored.deps.db.practice(0, (tx) => boundSyncTimes(tx, [practice]))
}

const settings: readonly [title: string, whenTaken: number, whenMended: number][] = [
  ['is an hour ahead', hour, hour],
  ['is an hour behind', -hour, -hour],
  ['was an hour ahead', hour, 0],
  ['was an hour behind', -hour, 0],
  ['is set back an hour after it', 0, -hour],
]
for (const [title, whenTaken, whenMended] of settings) {
  test(`what a lost answer took is read again where the clock of the machine ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    tellTime(mirrored)
    await mirrored.advance(minute)
    await setMachine(mirrored, whenTaken)
    await mirrored.run(1)
    liveThrough(mirrored)
    await mirrored.advance(minute + 1_000)
    let broken = 0
    breakDrain(mirrored, () => {
      broken += 1
      return new Response('', { status: 504 })
    })
    await mirrored.step('appointments')
    assert.equal(broken, 1)
    mirrored.fetch = mirrored.toSimulator
    await setMachine(mirrored, whenMended)
    await mirrored.run(4)
    assert.ok(!mirrored.log.events().includes('sync.gap'), 'nothing had to be given up')
    await assertEqualsTruth(mirrored)
  })
}

test('before anything is taken it is known what time it is at athenahealth', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  let isHeard = false
  let early = 0
  const hear = async () => {
    isHeard = true
  }
  mirrored.deps = { ...mirrored.deps, upstream: { ...mirrored.deps.upstream, hear } }
  mirrored.fetch = (url, init, call) => {
    if (call.consuming && !isHeard) early += 1
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(2)
  assert.deepEqual([isHeard, early], [true, 0])
})
