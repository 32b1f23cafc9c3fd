/** The process ends at every point between two durable steps, and goes on as another one. */
import test from 'node:test'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, liveThrough } from '../../testing/practice-life.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const minute = 60_000

/** Every point between two durable steps of sync, in the order in which a life passes them. */
const points = [
  'sync.before-step',
  'sync.snapshot-page',
  'sync.after-snapshot-store',
  'sync.before-applied',
  'sync.before-snapshot-finished',
  'sync.intent-open',
  'sync.after-consume',
  'sync.before-intent-closed',
  'sync.after-store',
  'sync.after-apply',
  'sync.after-replay',
  'sync.before-replay-closed',
  'sync.after-refetch',
]

/** Stands for the end of the process: the one failure that nothing in sync records, mends or goes on after. */
const killed = () => new AegisError('db.unavailable', { reason: 'killed' })

for (const point of points) {
  test(`nothing is lost when the process ends at ${point}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    let hits = 0
    const remove = setFailpointHook((name) => {
      if (name === point && (hits += 1) % 7 === 3) throw killed()
    })
    t.after(remove)
    for (let round = 0; round < 14; round += 1) {
      if (round === 6 || round === 8) liveThrough(mirrored)
      if (round === 7) breakDrain(mirrored, () => new Response('', { status: 504 }))
      await mirrored.step().catch((error) => {
        if (!isAegisError(error, 'db.unavailable')) throw error
      })
      await mirrored.advance(minute + 1_000)
    }
    remove()
    await mirrored.run(3)
    await assertEqualsTruth(mirrored)
  })
}

for (const point of ['sync.after-consume', 'sync.before-intent-closed']) {
  test(`nothing is lost of a page that was taken and not stored, because the process ended at ${point}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    liveThrough(mirrored)
    await mirrored.advance(minute + 1_000)
    const remove = setFailpointHook((name) => {
      if (name === point) throw killed()
    })
    t.after(remove)
    for (const feed of mirrored.feeds) {
      await mirrored.stepFeed(feed).catch((error: unknown) => {
        if (!isAegisError(error, 'db.unavailable')) throw error
      })
    }
    remove()
    await mirrored.run(3)
    await assertEqualsTruth(mirrored)
  })
}
