/** A patient whose list never comes to an end. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { coreFeeds } from './feed-name.ts'

test('a patient whose pages never join keeps no other from being read, and is asked for again', async (t) => {
  const settings = { feeds: [...coreFeeds, 'labresults'] as const, snapshotPageSize: 50 }
  const mirrored = await mirroredPractice(t, { patients: 9, settings })
  await mirrored.bringUp()
  await mirrored.run(2)
  const patient = String((await mirrored.opened('labresult'))[0]?.body.patientid)
  mirrored.fetch = async (url, init, call) => {
    if (!new URL(url).pathname.endsWith(`/patients/${patient}/documents/labresult`))
      return mirrored.toSimulator(url, init, call)
    // The first page, whatever is asked for.
    const first = new URL(url)
    first.searchParams.set('offset', '0')
    const response = await mirrored.toSimulator(first.href, init, call)
    return Response.json({ ...((await response.json()) as object), next: '/further' })
  }
  await mirrored.wantSnapshot('labresults')
  await mirrored.run(14)
  const state = (await mirrored.states()).find(({ feed }) => feed === 'labresults')
  assert.deepEqual([state?.resnapshot_wanted_at, state?.failure_code], [null, null])
  assert.equal((await mirrored.trouble()).inDoubt, 1)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(12)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  await assertEqualsTruth(mirrored)
})
