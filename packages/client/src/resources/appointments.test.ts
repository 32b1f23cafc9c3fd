import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../athena-call.ts'
import type { AthenaErrorCode } from '../athena-error.ts'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import type { AthenaPractice } from './athena-practice.ts'

type Act = (practice: AthenaPractice) => Promise<Answer<unknown>>

/** Writes that answer with an outcome: method, path and form. */
const acts: readonly (readonly [Act, string, string | undefined])[] = [
  [
    (p) => p.appointments.cancel(7, { patientid: 5, nopatientcase: true }),
    'PUT /7/cancel',
    'patientid=5&nopatientcase=true',
  ],
  [(p) => p.appointments.startCheckIn(7), 'POST /7/startcheckin', ''],
  [(p) => p.appointments.checkIn(7), 'POST /7/checkin', ''],
  [(p) => p.appointments.cancelCheckIn(7), 'POST /7/cancelcheckin', ''],
  [(p) => p.appointments.checkOut(7), 'POST /7/checkout', ''],
  [(p) => p.appointments.freeze(7, { freeze: true }), 'PUT /7/freeze', 'freeze=true'],
  [(p) => p.appointments.deleteSlot(7), 'DELETE /7', undefined],
  [(p) => p.appointments.notes.create(7, { notetext: 'x' }), 'POST /7/notes', 'notetext=x'],
  [
    (p) => p.appointments.notes.update({ appointmentid: 7, noteid: 3 }, { notetext: 'y' }),
    'PUT /7/notes/3',
    'notetext=y',
  ],
  [(p) => p.appointments.notes.delete({ appointmentid: 7, noteid: 3 }), 'DELETE /7/notes/3', undefined],
]

for (const [act, where, form] of acts) {
  test(`${where} is sent as a form, and a success is a success`, async () => {
    const { practice, sent } = testClient([{ body: { success: 'true', message: 'm' } }])
    assert.deepEqual((await act(practice)).value, { success: true, message: 'm' })
    assert.equal(`${sent[0]?.method} ${sent[0]?.url.pathname.replace('/v1/195900/appointments', '')}`, where)
    assert.equal(sent[0]?.body, form)
  })
  for (const [title, reply, expected] of [
    ['nothing', { body: '' }, 'ok'],
    ['a bare 1', { body: '1' }, 'ok'],
    ['a bare true', { body: 'true' }, 'ok'],
    ['a text', { body: '"Invalid PROVIDERID input"' }, 'rejected'],
    ['a list with a text', { body: '["Invalid"]' }, 'rejected'],
    ['a bare 0', { body: '0' }, 'rejected'],
    ['success false', { body: { success: false, errormessage: 'x' } }, 'rejected'],
    ['a 500', { status: 500 }, 'server-error'],
  ] as const satisfies readonly (readonly [string, Reply, AthenaErrorCode | 'ok'])[]) {
    test(`${where} answered with ${title} is ${expected}`, async () => {
      const { practice, sent } = testClient([reply])
      const outcome = await act(practice).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      )
      assert.equal(outcome, expected)
      assert.equal(sent.length, 1)
    })
  }
}

test('an id that is none is refused as a rejection, by every write', async () => {
  const { practice, sent } = testClient([])
  const { appointments } = practice
  const bad = '../7'
  const calls = [
    () => appointments.book(bad, { patientid: 5 }),
    () => appointments.reschedule(7, { patientid: bad, newappointmentid: 9 }),
    () => appointments.cancel(bad, { patientid: 5 }),
    () => appointments.checkIn(bad),
    () => appointments.freeze(bad, { freeze: true }),
    () => appointments.deleteSlot(bad),
    () => appointments.notes.create(bad, { notetext: 'x' }),
    () => appointments.notes.delete({ appointmentid: 7, noteid: bad }),
    () => practice.patients.update(bad, {}),
  ]
  for (const call of calls) {
    // Called before the assertion, so that an error thrown at once is not taken for a rejection.
    const outcome = call()
    await assert.rejects(outcome, { code: 'invalid-argument' })
  }
  assert.equal(sent.length, 0)
})

test('a cancelled booking says so', async () => {
  const { practice } = testClient([{ body: { status: 'x' } }])
  assert.deepEqual((await practice.appointments.cancel(7, { patientid: 5 })).value, { status: 'x' })
})

test('a booking is answered with the slot and the patient it was made for', async () => {
  const answers = [
    { appointmentid: 7, patientid: 5, date: '03/02/2026', starttime: '09:00' },
    { appointmentid: 8, patientid: 5 },
    { appointmentid: 7, patientid: 6 },
  ]
  const { practice } = testClient(answers.map((answer) => ({ body: [answer] })))
  const { value } = await practice.appointments.book('7', { patientid: '5', reasonid: 1 })
  assert.deepEqual(
    [value.appointmentid, value.patientid, value.date, value.starttime],
    ['7', '5', '2026-03-02', '09:00'],
  )
  await assert.rejects(practice.appointments.book(7, { patientid: 5 }), { code: 'wrong-record', executed: 'yes' })
  await assert.rejects(practice.appointments.book(7, { patientid: 5 }), { code: 'wrong-record', executed: 'yes' })
})

test('a moved booking is answered with the new slot', async () => {
  const { practice, sent } = testClient([
    { body: [{ appointmentid: '9', patientid: '5' }] },
    { body: [{ appointmentid: '7', patientid: '5' }] },
  ])
  const move = () => practice.appointments.reschedule(7, { patientid: 5, newappointmentid: 9 })
  assert.equal((await move()).value.appointmentid, '9')
  assert.deepEqual(
    [sent[0]?.url.pathname, sent[0]?.body],
    ['/v1/195900/appointments/7/reschedule', 'patientid=5&newappointmentid=9'],
  )
  await assert.rejects(move(), { code: 'wrong-record', executed: 'yes' })
})

test('new slots are answered with their ids and times', async () => {
  const { practice, sent } = testClient([{ body: { appointmentids: { 12345: '21:32', 12346: 'soon' } } }, { body: {} }])
  const slots = {
    appointmentdate: '2026-03-02',
    appointmenttime: ['09:00', '09:15'],
    departmentid: 1,
    providerid: 2,
    reasonid: 3,
  }
  assert.deepEqual((await practice.appointments.createSlots(slots)).value, [
    { appointmentid: '12345', time: '21:32' },
    { appointmentid: '12346', time: undefined },
  ])
  assert.equal(
    sent[0]?.body,
    'appointmentdate=03%2F02%2F2026&appointmenttime=09%3A00%2C09%3A15&departmentid=1&providerid=2&reasonid=3',
  )
  await assert.rejects(practice.appointments.createSlots(slots), { code: 'malformed-response', executed: 'yes' })
})

test('lists of appointments ask for their windows in athenahealth’s writing', async () => {
  const { practice, sent } = testClient([{ body: { appointments: [] } }, 'repeat'])
  const window = { startdate: '2026-03-02', enddate: '2026-03-08' }
  await practice.appointments.booked({ ...window, departmentid: 1 }).fetchPage()
  await practice.appointments.bookedMultipleDepartment({ ...window, departmentid: [1, 2] }).fetchPage()
  await practice.appointments.open({ departmentid: 1, reasonid: -1 }).fetchPage()
  await practice.appointments.notes.list(7).fetchPage()
  assert.deepEqual(
    sent.map(({ url, call }) => [url.pathname.replace('/v1/195900/appointments', ''), url.search, call.intensive]),
    [
      ['/booked', '?startdate=03%2F02%2F2026&enddate=03%2F08%2F2026&departmentid=1&limit=1000', true],
      [
        '/booked/multipledepartment',
        '?startdate=03%2F02%2F2026&enddate=03%2F08%2F2026&departmentid=1%2C2&limit=1000',
        true,
      ],
      ['/open', '?departmentid=1&reasonid=-1&limit=1000', false],
      ['/7/notes', '?limit=1500', false],
    ],
  )
})

test('notes are paged under their appointment', async () => {
  const next = '/v1/195900/appointments/7/notes?offset=1'
  const { practice } = testClient([{ body: { notes: [{ noteid: 1 }], next } }, { body: { notes: [{ noteid: '2' }] } }])
  const ids: string[] = []
  for await (const note of practice.appointments.notes.list(7)) ids.push(note.noteid)
  assert.deepEqual(ids, ['1', '2'])
})
