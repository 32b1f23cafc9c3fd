/** A patient is merged in one transaction while another one writes records of theirs: whoever comes second sees the first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BeforeCommit, type HandMadeMirror, handMadeMirrors } from '../../testing/hand-made-mirror.ts'

const newMirror = await handMadeMirrors()
const patient = (id: string, previous: string[] = []) => ({
  patientid: id,
  firstname: 'Ada',
  status: 'active',
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
const merge = (mirror: HandMadeMirror, beforeCommit?: BeforeCommit) =>
  mirror.apply('patient', [patient('2', ['1'])], { beforeCommit })
const newVisit = (mirror: HandMadeMirror, beforeCommit?: BeforeCommit) =>
  mirror.apply('appointment', [visit('1')], { beforeCommit })
const undo = (mirror: HandMadeMirror, beforeCommit?: BeforeCommit) =>
  mirror.apply('patient', [patient('1')], { source: 'refetch', shape: 'get', beforeCommit })
const visitAskedFor = (mirror: HandMadeMirror, beforeCommit?: BeforeCommit) =>
  mirror.apply('appointment', [visit('1')], { source: 'refetch', shape: 'get', beforeCommit })

type Writer = typeof merge

/** Has the second one begin when the first one has written all and not committed yet. What both returned. */
async function meet(mirror: HandMadeMirror, [first, second]: readonly [Writer, Writer]) {
  let last: ReturnType<Writer> | undefined
  const before = await first(mirror, async () => {
    let isThrough = false
    last = second(mirror).finally(() => {
      isThrough = true
    })
    await mirror.untilSomebodyWaits(() => isThrough)
  })
  return [before, await last] as const
}

for (const [whose, held] of [
  ['a patient', ['1', '2']],
  ['a patient who is not held', ['2']],
  ['a patient when neither is held', []],
] as const)
  for (const [order, writers] of [
    ['before the merge is', [newVisit, merge]],
    ['after the merge is', [merge, newVisit]],
  ] as const)
    test(`a new visit of ${whose} that is committed ${order} hangs on the survivor`, async () => {
      const mirror = newMirror()
      await mirror.apply(
        'patient',
        held.map((id) => patient(id)),
      )
      await meet(mirror, writers)
      const { patient: of, body } = (await mirror.read('appointment', '11')) ?? {}
      assert.deepEqual([of, body?.patientid], [await mirror.pseudonym('2'), writers[0] === merge ? '1' : '2'])
    })

test('a merged patient who was not held and is shown by themselves is one of their own again', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('2')])
  await merge(mirror)
  await newVisit(mirror)
  const { wishes } = await undo(mirror)
  assert.ok(wishes.some(({ kind, asks }) => kind === 'appointment' && asks === '11'))
  await visitAskedFor(mirror)
  const { patient: of, body } = (await mirror.read('appointment', '11')) ?? {}
  assert.deepEqual([of, body?.patientid], [await mirror.pseudonym('1'), '1'])
})

test('a visit that comes while its patient’s merge is undone is asked for, or hangs on the patient', async () => {
  for (const writers of [
    [visitAskedFor, undo],
    [undo, visitAskedFor],
  ] as const) {
    const mirror = newMirror()
    await mirror.apply('patient', [patient('1'), patient('2')])
    await merge(mirror)
    const results = await meet(mirror, writers)
    const isAsked = results.some((one) => one?.wishes.some(({ kind }) => kind === 'appointment'))
    const of = (await mirror.read('appointment', '11'))?.patient
    assert.ok(isAsked || of === (await mirror.pseudonym('1')))
  }
})

test('a merge that was known holds up nobody', async () => {
  const mirror = newMirror()
  await mirror.apply('patient', [patient('1'), patient('2')])
  await merge(mirror)
  let isThrough = false
  await merge(mirror, async () => {
    const visiting = newVisit(mirror).finally(() => {
      isThrough = true
    })
    await mirror.untilSomebodyWaits(() => isThrough)
    assert.ok(isThrough)
    await visiting
  })
})
