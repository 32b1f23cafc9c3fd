/** What is told of all that a patient has, by what its charts answer. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { coreFeeds } from './feed-name.ts'
import { readOfPatient } from './read-of-patient.ts'

const key = { practice, feed: 'problems', fence: '1' } as const
const context = { priority: 'bulk', purpose: 'test' } as const
const patientId = '6'

test('a patient whom no department knows is not found, and has no empty charts, but for one of a closed department that shows some', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'problems'] } })
  let known: readonly string[] = []
  mirrored.change({ kind: 'addproblem', patient: patientId, snomed: 44054006 })
  mirrored.fetch = (url, init, call) => {
    const department = new URL(url).searchParams.get('departmentid') ?? ''
    return call.kind === 'token' || known.includes(department)
      ? mirrored.toSimulator(url, init, call)
      : Promise.resolve(Response.json({ error: 'Not found.' }, { status: 404 }))
  }
  const read = (charts: readonly (readonly string[])[], closed?: readonly (readonly string[])[]) =>
    readOfPatient(mirrored.deps, key, { patientId, charts, ...(closed && { closed }), context })
  await assert.rejects(read([['1']]), { code: 'not-found' })
  await assert.rejects(read([['1'], ['21', '41']], [['61']]), { code: 'not-found' })
  await assert.rejects(read([]), { code: 'sync.no-chart' })
  known = ['61']
  const ofClosed = await read([['1']], [['41'], ['61']])
  const { unknown, unasked, closed } = ofClosed.charts ?? {}
  assert.deepEqual([ofClosed.items > 0, unknown, unasked, closed], [true, ['1'], ['41'], ['61']])
  known = ['1', '61']
  const open = await read([['41', '1'], ['21']])
  assert.deepEqual([open.items > 0, open.charts?.unknown, open.charts?.closed], [true, ['21'], []])
  assert.notEqual(open.charts?.digest, (await read([['1'], ['21']])).charts?.digest, 'other charts')
  assert.equal(open.charts?.digest, (await read([['21'], ['1', '41']])).charts?.digest, 'the same ones')
})
