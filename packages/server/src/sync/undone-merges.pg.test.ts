/** A merge that is undone before its patients' feed told of it, while a lane that was ahead had believed it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { coreFeeds } from './feed-name.ts'

test('a result that is its first patient’s again is asked for there, though the other one was merged on meanwhile', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'labresults'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const { truth } = mirrored.simulator
  const [result] = truth.records(practice, 'labresults')
  const first = String(result?.patientid)
  const [second, third] = [...truth.records(practice, 'patients')]
    .filter(({ patientid, status }) => String(patientid) !== first && status !== 'deleted')
    .map(({ patientid }) => patientid)
  mirrored.change({ kind: 'mergepatients', from: first, into: second })
  await mirrored.advance(61_000)
  await mirrored.step('labresults')
  mirrored.change({ kind: 'unmergepatient', patient: first })
  const unavailable = () => Promise.resolve(new Response('', { status: 503 }))
  mirrored.fetch = (url, init, call) =>
    call.route.endsWith('/labresult/{labresultid}') ? unavailable() : mirrored.toSimulator(url, init, call)
  await mirrored.advance(61_000)
  await mirrored.step('labresults')
  mirrored.change({ kind: 'mergepatients', from: second, into: third })
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  // A look at what was processed would have all of it asked for again.
  mirrored.fetch = (url, init, call) =>
    url.includes('showprocessed') ? unavailable() : mirrored.toSimulator(url, init, call)
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  const held = (await mirrored.opened('labresult')).find(({ body }) => body.labresultid === String(result?.labresultid))
  assert.deepEqual([held?.state, held?.body.patientid], ['present', first])
})
