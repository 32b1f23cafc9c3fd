/** Replayed pages with several bodies of a visit, changed in the hour that clocks repeat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handMadeMirrors } from '../../testing/hand-made-mirror.ts'

const newMirror = await handMadeMirrors()
const replayed = { source: 'replay', shape: 'feed' } as const

/** A visit as it was changed on the day when clocks are set back, which repeat the hour from one on. */
const visit = (time: string, duration: number) => ({
  appointmentid: '11',
  appointmentstatus: 'f',
  patientid: '1',
  departmentid: '1',
  date: '2026-11-12',
  starttime: '09:30',
  duration,
  lastmodified: `11/01/2026 ${time}`,
})

for (const [title, before] of [
  ['of the same hour', '01:10:00'],
  ['of the hour before', '00:30:00'],
] as const) {
  test(`a body ${title} behind a later one in a page does not take its place`, async () => {
    const mirror = newMirror()
    await mirror.apply('appointment', [visit('00:01:00', 15)])
    const { wishes } = await mirror.apply('appointment', [visit('01:50:00', 30), visit(before, 20)], replayed)
    assert.equal((await mirror.read('appointment', '11'))?.body.duration, 30)
    assert.deepEqual(
      wishes.map(({ asks }) => asks),
      ['11'],
    )
  })
}
