/** Merges that are undone, and what bodies of before still say of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HandMadeMirror, handMadeMirrors } from '../../testing/hand-made-mirror.ts'

const newMirror = await handMadeMirrors()
const patient = (id: string, previous: string[] = [], status = 'active') => ({
  patientid: id,
  firstname: 'Ada',
  status,
  ...(previous.length > 0 && { previouspatientids: previous }),
})
const visit = (patientid: string) => ({
  appointmentid: '11',
  appointmentstatus: 'f',
  patientid,
  departmentid: '1',
  date: '2026-03-02',
  starttime: '09:30',
  duration: 15,
})
const byId = { source: 'refetch', shape: 'get' } as const

/** Patient 1, who has a visit, is merged into patient 2. */
async function merged(): Promise<HandMadeMirror> {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2')])
  await mirror.apply('appointment', [visit('1')])
  await mirror.apply('patient', [patient('2', ['1'])])
  return mirror
}

const statesOf = (mirror: HandMadeMirror, ...ids: string[]) =>
  Promise.all(ids.map(async (id) => (await mirror.read('patient', id))?.state))

for (const source of ['replay', 'feed'] as const)
  test(`the body of a survivor as it was, once more in a ${source}, does not merge whom athenahealth has shown since`, async () => {
    const mirror = await merged()
    await mirror.apply('patient', [patient('1')], byId)
    await mirror.apply('appointment', [visit('1')], byId)
    const { wishes } = await mirror.apply('patient', [patient('2', ['1'])], { source })
    assert.deepEqual(await statesOf(mirror, '1', '2'), ['present', 'present'])
    assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('1'))
    assert.deepEqual(
      wishes.map(({ kind, key }) => [kind, key]),
      [['patient', await mirror.pseudonym('2')]],
    )
    await mirror.apply('patient', [patient('2')], byId)
    assert.deepEqual(await statesOf(mirror, '1', '2'), ['present', 'present'])
  })

test('a merge that is undone and made again is told by the survivor, asked by id, though its body is as it was', async () => {
  const mirror = await merged()
  await mirror.apply('patient', [patient('1')], byId)
  await mirror.apply('appointment', [visit('1')], byId)
  await mirror.apply('patient', [patient('2', ['1'])], byId)
  assert.deepEqual(await statesOf(mirror, '1', '2'), ['merged', 'present'])
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('2'))
})

test('the body of the first survivor as it was does not take a patient back from the second', async () => {
  const mirror = await merged()
  await mirror.apply('patient', [patient('3', ['1'])])
  await mirror.apply('patient', [patient('2', ['1'])], { source: 'replay' })
  await mirror.apply('appointment', [visit('1')])
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('3'))
})

test('a page that tells of a merge and then of its end tells of none', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2')])
  await mirror.apply('patient', [patient('2', ['1']), patient('1'), patient('2')])
  assert.deepEqual(await statesOf(mirror, '1', '2'), ['present', 'present'])
})

test('a page that tells of a merge, of its end, and of another one tells of the last', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
  await mirror.apply('patient', [patient('2', ['1']), patient('2'), patient('3', ['1'])])
  assert.deepEqual(await statesOf(mirror, '1', '2', '3'), ['merged', 'present', 'present'])
})

test('of a patient who is themselves again only to be deleted, what had passed to the survivor is asked for', async () => {
  const mirror = await merged()
  const { wishes, gained } = await mirror.apply('patient', [patient('1', [], 'deleted')], byId)
  assert.deepEqual(await statesOf(mirror, '1', '2'), ['deleted', 'present'])
  assert.deepEqual(gained, ['1'])
  assert.deepEqual(
    wishes.map(({ kind, asks }) => [kind, asks]),
    [
      ['appointment', '11'],
      ['patient', '2'],
    ],
  )
  await mirror.apply('appointment', [visit('1')], byId)
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('1'))
})

test('of a patient who is deleted and was never merged nothing is asked for', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1')])
  await mirror.apply('appointment', [visit('1')])
  const { wishes, gained } = await mirror.apply('patient', [patient('1', [], 'deleted')])
  assert.deepEqual([wishes, gained], [[], []])
})

test('a patient who is shown as deleted by an id that is merged still stays merged, and nobody asks for that patient again', async () => {
  const mirror = await merged()
  await mirror.apply('patient', [patient('1', [], 'deleted')], byId)
  const { wishes } = await mirror.apply('patient', [patient('2', ['1'])], byId)
  assert.deepEqual(await statesOf(mirror, '1', '2'), ['merged', 'present'])
  assert.deepEqual(wishes, [])
  await mirror.apply('appointment', [visit('1')])
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('2'))
})

test('a patient who was not held, is themselves again and deleted at once keeps no survivor', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('2')])
  await mirror.apply('patient', [patient('2', ['1'])])
  await mirror.apply('appointment', [visit('1')])
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('2'))
  await mirror.apply('patient', [patient('1', [], 'deleted')], byId)
  await mirror.apply('appointment', [visit('1')], byId)
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('1'))
})

const wishedPatients = ({ wishes }: Awaited<ReturnType<HandMadeMirror['apply']>>) =>
  wishes.filter(({ kind }) => kind === 'patient').map(({ key }) => key)

for (const truth of [['1'], []])
  test(`a page with a body of a survivor that names ${truth.length > 0 ? 'the former patient still' : 'nobody any more'} and one that does not, in whatever order, has the survivor asked`, async () => {
    const mirror = newMirror()
    await mirror.apply('patient', [patient('1'), patient('2')])
    await mirror.apply('appointment', [visit('1')])
    const told = await mirror.apply('patient', [patient('2', ['1']), patient('2')])
    assert.deepEqual(wishedPatients(told), [await mirror.pseudonym('2')])
    const asked = await mirror.apply('patient', [patient('2', truth)], byId)
    assert.deepEqual(wishedPatients(asked), [])
    const isMerged = truth.length > 0
    assert.deepEqual(await statesOf(mirror, '1', '2'), [isMerged ? 'merged' : 'present', 'present'])
    assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym(isMerged ? '2' : '1'))
  })

test('of two former patients the one whom a body further on in the page names no more is asked about, the other merged', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
  const told = await mirror.apply('patient', [patient('2', ['1', '3']), patient('2', ['3'])])
  assert.deepEqual(wishedPatients(told), [await mirror.pseudonym('2')])
  assert.deepEqual(await statesOf(mirror, '1', '2', '3'), ['present', 'present', 'merged'])
  await mirror.apply('patient', [patient('2', ['1', '3'])], byId)
  assert.deepEqual(await statesOf(mirror, '1', '2', '3'), ['merged', 'present', 'merged'])
})

test('bodies of a survivor that name ever more former patients leave nothing to be asked', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
  const told = await mirror.apply('patient', [patient('2'), patient('2', ['1']), patient('2', ['1', '3'])])
  assert.deepEqual(wishedPatients(told), [])
  assert.deepEqual(await statesOf(mirror, '1', '2', '3'), ['merged', 'present', 'merged'])
})

test('of two survivors of a patient in a page the one told last counts, also where that one had told of another merge first', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3'), patient('9')])
  await mirror.apply('appointment', [visit('1')])
  await mirror.apply('patient', [patient('2', ['9']), patient('3', ['1']), patient('2', ['9', '1'])])
  await mirror.apply('patient', [patient('3')])
  await mirror.apply('appointment', [visit('1')])
  assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym('2'))
})

for (const truth of ['2', '3'])
  test(`two survivors name one patient, over two pages in whatever order: both are asked, and with patient ${truth} it is who says so`, async () => {
    const mirror = newMirror()
    await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
    await mirror.apply('appointment', [visit('1')])
    await mirror.apply('patient', [patient('3', ['1'])])
    const told = await mirror.apply('patient', [patient('2', ['1'])])
    const both = [await mirror.pseudonym('2'), await mirror.pseudonym('3')]
    assert.deepEqual(wishedPatients(told).toSorted(), both.toSorted())
    for (const id of ['3', '2']) {
      const asked = await mirror.apply('patient', [patient(id, id === truth ? ['1'] : [])], byId)
      assert.deepEqual(wishedPatients(asked), [])
    }
    assert.deepEqual(await statesOf(mirror, '1', '2', '3'), ['merged', 'present', 'present'])
    await mirror.apply('appointment', [visit('1')], byId)
    assert.equal((await mirror.read('appointment', '11'))?.patient, await mirror.pseudonym(truth))
  })

test('a survivor who took over the one that had the patient before is not asked', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2'), patient('3')])
  await mirror.apply('patient', [patient('2', ['1'])])
  const told = await mirror.apply('patient', [patient('3', ['1', '2'])])
  assert.deepEqual(wishedPatients(told), [])
})
