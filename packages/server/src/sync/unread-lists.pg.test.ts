/** Lists of which nothing can be read, beside others that are empty. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'

const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }

/** Of the lists of patients, in the order of asking: the only record of the first breaks off, and these others are empty. */
function breakOffFirstList(mirrored: MirroredPractice, isEmpty: (list: number) => boolean): void {
  const lists: string[] = []
  mirrored.fetch = (url, init, call) => {
    const { pathname, searchParams: query } = new URL(url)
    const department = query.get('departmentid')
    if (!pathname.endsWith('/patients') || department === null) return mirrored.toSimulator(url, init, call)
    if (!lists.includes(department)) lists.push(department)
    const list = lists.indexOf(department)
    if (list > 0 && !isEmpty(list)) return mirrored.toSimulator(url, init, call)
    const isBroken = list === 0 && !Number(query.get('offset') ?? 0)
    return Promise.resolve(new Response(isBroken ? '{"patients":[{"pat' : '{"patients":[],"totalcount":0}'))
  }
}

async function patients(mirrored: MirroredPractice) {
  const state = (await mirrored.states()).find(({ feed }) => feed === 'patients')
  const { quarantined } = await mirrored.trouble()
  return { state: state?.state, failure: state?.failure_code, quarantined }
}

test('a first list of which nothing can be read is passed, however many empty ones follow', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  breakOffFirstList(mirrored, (list) => list < 5)
  await mirrored.run(8)
  assert.deepEqual(await patients(mirrored), { state: 'live', failure: null, quarantined: 1 })
  assert.ok((await mirrored.opened('patient')).length > 0)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.wantSnapshot('patients')
  await mirrored.run(2)
  assert.deepEqual(await mirrored.differences(), [])
  assert.equal((await patients(mirrored)).quarantined, 0)
})

test('a list of which nothing can be read is not passed while no other has a record', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  breakOffFirstList(mirrored, () => true)
  await mirrored.run(15)
  const { state, ...trouble } = await patients(mirrored)
  assert.deepEqual(trouble, { failure: 'malformed-response', quarantined: 0 })
  assert.notEqual(state, 'live')
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(4)
  assert.deepEqual(await mirrored.differences(), [])
})
