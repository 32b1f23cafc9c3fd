/** Records whose reads by id take long and fail, so many that some are always due. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { wishForHeld } from '../records/record-name.ts'
import { wantResnapshot } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { noteWishes } from './note-wishes.ts'

const key = { practice, feed: 'patients' } as const

test('a gap is closed while reads by id take all the time between two drains', async (t) => {
  // More than are asked for in three turns: of those that have failed none is due again so soon.
  const mirrored = await mirroredPractice(t, { patients: 90 })
  await mirrored.bringUp()
  const held = await mirrored.opened('patient')
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    await noteWishes(tx, keys, {
      practice,
      wishes: held.flatMap(({ body }) => wishForHeld('patient', keys, body) ?? []),
    })
    await openGap(tx, key, { cause: 'unreadable', from: null })
    await wantResnapshot(tx, key)
  })
  mirrored.fetch = async (url, init, call) => {
    if (call.route !== '/patients/{patientid}') return mirrored.toSimulator(url, init, call)
    await mirrored.advance(61_000)
    return Response.json({ error: 'An error occurred.' }, { status: 500 })
  }
  for (let jobs = 0; jobs < 3; jobs += 1) await mirrored.stepFeed('patients')
  assert.equal((await mirrored.trouble()).inDoubt, held.length)
  assert.deepEqual(await mirrored.gaps(), [])
})
