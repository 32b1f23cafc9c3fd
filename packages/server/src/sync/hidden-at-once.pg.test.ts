/** What a feed has named, whose patient is hidden before it is read. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { coreFeeds } from './feed-name.ts'

const minute = 60_000

test('a new result whose patient is hidden before it is read comes when the patient is shown, however much later', async (t) => {
  const practices = [{ id: practice, patients: 30, restrictions: 'hidden' as const }]
  const settings = { feeds: [...coreFeeds, 'labresults' as const] }
  const mirrored = await mirroredPractice(t, { simulator: { practices }, settings })
  await mirrored.bringUp()
  await mirrored.run(2)
  const patient = String((await mirrored.opened('labresult'))[0]?.body.patientid)
  mirrored.change({ kind: 'addlabresult', patient })
  await mirrored.advance(minute)
  mirrored.fetch = (url, init, call) => {
    if (call.route.endsWith('/labresult/{labresultid}')) mirrored.change({ kind: 'restrictpatient', patient })
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.step('labresults')
  mirrored.fetch = mirrored.toSimulator
  // Longer than what a feed has handed out can be read again.
  for (let minutes = 0; minutes < 300; minutes += 15) {
    await mirrored.step()
    await mirrored.advance(15 * minute)
  }
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  assert.equal((await mirrored.opened('patient')).find(({ body }) => body.patientid === patient)?.state, 'withheld')
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
})
