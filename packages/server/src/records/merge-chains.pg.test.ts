/** Patients who were merged more than once, and merges that were undone in the middle. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HandMadeMirror, handMadeMirrors } from '../../testing/hand-made-mirror.ts'

const newMirror = await handMadeMirrors()
const patient = (id: string, previous: string[] = []) => ({
  patientid: id,
  firstname: 'Ada',
  status: 'active',
  ...(previous.length > 0 && { previouspatientids: previous }),
})
const visit = (id: string, patientid: string) => ({
  appointmentid: id,
  appointmentstatus: 'f',
  patientid,
  departmentid: '1',
  date: '2026-03-02',
  starttime: '09:30',
  duration: 15,
})

/** A, B and C with a visit each; then A is merged into B, and B into C. */
async function chain(): Promise<HandMadeMirror> {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
  await mirror.apply('appointment', [visit('11', '1'), visit('12', '2'), visit('13', '3')])
  await mirror.apply('patient', [patient('2', ['1'])])
  await mirror.apply('patient', [patient('3', ['2'])])
  return mirror
}

const visitsOf = async ({ read, pseudonym }: HandMadeMirror) => {
  const names = new Map<string | null, string>()
  for (const id of ['1', '2', '3']) names.set(await pseudonym(id), id)
  const held = await Promise.all(['11', '12', '13'].map((id) => read('appointment', id)))
  return held.map((one) => `${names.get(one?.patient ?? null)}=${one?.body.patientid}`)
}

test('all visits of a chain of merges hang on its end', async () => {
  const mirror = await chain()
  assert.deepEqual(await visitsOf(mirror), ['3=3', '3=3', '3=3'])
  for (const id of ['1', '2']) assert.equal((await mirror.read('patient', id))?.state, 'merged')
})

test('a body of before that gives a visit to the beginning of the chain gives it to the end', async () => {
  const mirror = await chain()
  const { wishes } = await mirror.apply('appointment', [{ ...visit('11', '1'), duration: 20 }])
  assert.equal((await visitsOf(mirror))[0]?.slice(0, 2), '3=')
  assert.deepEqual(
    wishes.map(({ asks }) => asks),
    ['11'],
  )
})

test('when the last merge is undone, what may be the restored patient’s is asked for', async () => {
  const mirror = await chain()
  const { wishes } = await mirror.apply('patient', [patient('2', ['1'])], { source: 'refetch', shape: 'get' })
  assert.equal((await mirror.read('patient', '2'))?.state, 'present')
  assert.equal((await mirror.read('patient', '1'))?.state, 'merged', 'that one still stands')
  const asked = wishes.filter(({ kind }) => kind === 'appointment').map(({ asks }) => asks)
  assert.deepEqual(asked, ['11', '12', '13'])
  await mirror.apply('appointment', [visit('11', '2'), visit('12', '2')], { source: 'refetch', shape: 'get' })
  assert.deepEqual(await visitsOf(mirror), ['2=2', '2=2', '3=3'])
})

test('when the first merge of a chain is undone, what lies at its end is asked for: there the visits are', async () => {
  const mirror = await chain()
  const { wishes } = await mirror.apply('patient', [patient('1')], { source: 'refetch', shape: 'get' })
  assert.equal((await mirror.read('patient', '1'))?.state, 'present')
  const asked = wishes.filter(({ kind }) => kind === 'appointment').map(({ asks }) => asks)
  assert.deepEqual(asked, ['11', '12', '13'])
  await mirror.apply('appointment', [visit('11', '1')], { source: 'refetch', shape: 'get' })
  assert.deepEqual(await visitsOf(mirror), ['1=1', '3=3', '3=3'])
  assert.equal((await mirror.read('patient', '2'))?.state, 'merged')
})

test('whose a visit is, is told beside what a read by id had left out of it', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2', ['1'])])
  await mirror.apply('appointment', [visit('11', '1')], { source: 'refetch', shape: 'get' })
  await mirror.apply('patient', [patient('1')], { source: 'refetch', shape: 'get' })
  const listed = { ...visit('11', '1'), lastmodified: '03/01/2026 10:00:00' }
  const { changes } = await mirror.apply('appointment', [listed], { source: 'reconciliation', shape: 'booked' })
  assert.deepEqual(
    changes.map(({ fields, completes }) => [fields, completes]),
    [[['lastmodified', 'patientid'], undefined]],
  )
})

test('a patient and whom it is merged into, on one page in any order', async () => {
  for (const page of [
    [patient('1'), patient('2', ['1'])],
    [patient('2', ['1']), patient('1')],
    [patient('2', ['1']), patient('1'), patient('2', ['1'])],
  ]) {
    const mirror = newMirror()
    await mirror.apply('patient', page)
    assert.deepEqual(
      [(await mirror.read('patient', '1'))?.state, (await mirror.read('patient', '2'))?.state],
      ['merged', 'present'],
    )
  }
})

test('two merges on one page, the later one first, end in the same place', async () => {
  for (const page of [
    [patient('3', ['2']), patient('2', ['1'])],
    [patient('2', ['1']), patient('3', ['2'])],
    [patient('3', ['2', '1'])],
  ]) {
    const mirror = newMirror()
    await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
    await mirror.apply('appointment', [visit('11', '1'), visit('12', '2'), visit('13', '3')])
    await mirror.apply('patient', page)
    assert.deepEqual(await visitsOf(mirror), ['3=3', '3=3', '3=3'])
    assert.deepEqual(await Promise.all(['1', '2', '3'].map(async (id) => (await mirror.read('patient', id))?.state)), [
      'merged',
      'merged',
      'present',
    ])
  }
})

test('two patients who name each other do not send a visit round in circles', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2')])
  await mirror.apply('appointment', [visit('11', '1')])
  await mirror.apply('patient', [patient('1', ['2']), patient('2', ['1'])])
  await mirror.apply('appointment', [{ ...visit('11', '1'), duration: 20 }])
  assert.equal((await mirror.read('appointment', '11'))?.body.duration, 20)
})
