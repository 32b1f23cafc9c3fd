/** A former patient whom athenahealth refuses to show: whether the merge is undone cannot be known. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { coreFeeds } from './feed-name.ts'
import { readPracticePictures } from './read-practice-status.ts'

test('what went back to a former patient who is refused stays as it is, and is told, until the patient can be asked for', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'prescriptions'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const [from, into] = new Set((await mirrored.opened('prescription')).map(({ body }) => body.patientid))
  const ofFrom = (await mirrored.opened('prescription')).filter(({ body }) => body.patientid === from)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(5)
  mirrored.fetch = (url, init, call) =>
    new URL(url).pathname.endsWith(`/patients/${from}`)
      ? Promise.resolve(Response.json({ error: 'not for you' }, { status: 403 }))
      : mirrored.toSimulator(url, init, call)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(4)
  for (let hours = 0; hours < 30; hours += 3) {
    await mirrored.step()
    await mirrored.advance(3 * 3_600_000)
  }
  const keys = new Set(ofFrom.map(({ key }) => key))
  const held = (await mirrored.opened('prescription')).filter(({ key }) => keys.has(key))
  assert.deepEqual(
    held.map(({ state, body }) => [state, body.patientid]),
    ofFrom.map(() => ['present', into]),
  )
  const { deps } = mirrored
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], deps.clock.now()))
  const prescriptions = pictures.get(practice)?.feeds.find(({ feed }) => feed === 'prescriptions')
  assert.equal(prescriptions?.unclear?.count, ofFrom.length)
  mirrored.fetch = mirrored.toSimulator
  for (let hours = 0; hours < 36; hours += 3) {
    await mirrored.step()
    await mirrored.advance(3 * 3_600_000)
  }
  await assertEqualsTruth(mirrored)
})
