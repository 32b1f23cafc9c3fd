/** What athenahealth might send, and no simulator does: ids, empty values, stamps and dates at their edges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handMadeMirrors } from '../../testing/hand-made-mirror.ts'
import type { WireRecord } from './wire-record.ts'

const mirror = await handMadeMirrors()
const patient = { patientid: '501', firstname: 'Ada', lastname: 'Quill', status: 'active', email: 'ada@example.com' }
const visit = {
  appointmentid: '9001',
  appointmentstatus: 'f',
  patientid: '501',
  departmentid: '1',
  date: '2026-03-02',
  starttime: '09:30',
  duration: 15,
  lastmodified: '03/01/2026 10:00:00',
}

test('one id in two practices is two patients, under names that have nothing in common', async () => {
  const [one, other] = [mirror(), mirror()]
  await one.apply('patient', [patient])
  await other.apply('patient', [{ ...patient, firstname: 'Bea' }])
  assert.equal((await one.read('patient', '501'))?.body.firstname, 'Ada')
  assert.equal((await other.read('patient', '501'))?.body.firstname, 'Bea')
  assert.notEqual(await one.pseudonym('501'), await other.pseudonym('501'))
})

test('an id as a number and as text is one record, one with leading zeros is another', async () => {
  const { apply, read } = mirror()
  assert.equal((await apply('appointment', [visit])).created, 1)
  assert.equal((await apply('appointment', [{ ...visit, appointmentid: 9001 }])).created, 0)
  assert.equal((await apply('appointment', [{ ...visit, appointmentid: '009001', duration: 20 }])).created, 1)
  assert.equal((await read('appointment', '9001'))?.body.duration, 15)
  assert.equal((await read('appointment', '009001'))?.body.duration, 20)
})

test('an id too long to be a number is kept to its last digit as text, and as a number refused rather than rounded', async () => {
  const { apply, read } = mirror()
  const [one, next] = ['9007199254740993', '9007199254740992']
  await apply('appointment', [
    { ...visit, appointmentid: one, duration: 10 },
    { ...visit, appointmentid: next, duration: 20 },
  ])
  assert.deepEqual(
    [(await read('appointment', one))?.body.duration, (await read('appointment', next))?.body.duration],
    [10, 20],
  )
  const asNumber: WireRecord = { ...visit, appointmentid: Number(one), duration: 30 }
  const { poisonous, keys } = await apply('appointment', [asNumber])
  assert.deepEqual([poisonous.map(({ reason }) => reason), keys], [['no-id'], []])
})

const nothings: readonly [title: string, value: unknown][] = [
  ['null', null],
  ['an empty text', ''],
  ['an empty list', []],
  ['an empty object', {}],
]
for (const [title, nothing] of nothings) {
  test(`a field with ${title} says what its absence says: no change, in either direction`, async () => {
    const { apply, changes, read } = mirror()
    await apply('patient', [patient])
    for (const shape of ['feed', 'list', 'get'] as const) {
      await apply('patient', [{ ...patient, notes: nothing, insurances: nothing }], { shape })
      await apply('patient', [patient], { shape })
    }
    assert.deepEqual(await changes(), ['created'])
    await apply('patient', [{ ...patient, email: nothing }])
    assert.deepEqual(await changes(), ['created', 'updated email'])
    assert.notEqual((await read('patient', '501'))?.body.email, patient.email)
    await apply('patient', [patient])
    assert.deepEqual((await changes()).slice(2), ['updated email'])
  })
}

test('one page may hold a record many times: the last word counts, whatever form the id has', async () => {
  const { apply, read, changes } = mirror()
  const names = ['Ada', 'Bea', 'Ada', 'Cleo']
  await apply(
    'patient',
    names.map((firstname, at) => ({ ...patient, patientid: at % 2 ? 501 : '501', firstname })),
  )
  assert.equal((await read('patient', '501'))?.body.firstname, 'Cleo')
  assert.equal((await changes()).filter((change) => change.startsWith('updated')).length, 3)
})

/** Written to the minute: two changes within one bear the same stamp. */
const minutes: readonly [title: string, stamp: string][] = [
  ['an ordinary day', '06/01/2026 10:00'],
  ['the minute before the clocks go forward', '03/08/2026 01:59'],
  ['the minute that the clocks leave out', '03/08/2026 02:30'],
  ['the first hour of two in autumn', '11/01/2026 01:30'],
  ['midnight at the end of a year', '12/31/2026 23:59'],
  ['a leap day', '02/29/2028 00:00'],
]
for (const [title, lastmodified] of minutes) {
  test(`two changes with one stamp are both taken, in the order of asking: ${title}`, async () => {
    const { apply, read } = mirror()
    await apply('appointment', [{ ...visit, lastmodified }])
    await apply('appointment', [{ ...visit, lastmodified, duration: 30 }])
    assert.equal((await read('appointment', '9001'))?.body.duration, 30)
    await apply('appointment', [{ ...visit, lastmodified, duration: 15 }])
    assert.equal((await read('appointment', '9001'))?.body.duration, 15, 'and a state that comes back')
  })
}

test('a change after the clocks went back bears an earlier time than the one before it, and is taken', async () => {
  const { apply, read } = mirror()
  // 01:50 of summer time, 01:10 of winter time twenty minutes later, then 02:00.
  for (const [at, lastmodified] of ['11/01/2026 01:50', '11/01/2026 01:10', '11/01/2026 02:00'].entries()) {
    await apply('appointment', [{ ...visit, lastmodified, duration: 20 + at }])
    assert.equal((await read('appointment', '9001'))?.body.duration, 20 + at, lastmodified)
  }
  await apply('appointment', [{ ...visit, lastmodified: '11/01/2026 00:59', duration: 99 }])
  assert.equal((await read('appointment', '9001'))?.body.duration, 22, 'what is older for certain is not')
})

const days: readonly [date: string, startsAt: string | undefined][] = [
  ['0001-01-01', undefined],
  ['0001-01-03', '0001-01-03T14:26:00.000Z'],
  ['2028-02-29', '2028-02-29T14:30:00.000Z'],
  ['2027-02-29', undefined],
  ['9999-12-31', '9999-12-31T14:30:00.000Z'],
  ['', undefined],
]
for (const [date, startsAt] of days) {
  test(`an appointment of ${date || 'no day'} is kept as it came`, async () => {
    const { apply, read } = mirror()
    assert.equal((await apply('appointment', [{ ...visit, date }])).created, 1)
    const held = await read('appointment', '9001')
    assert.deepEqual([held?.body.date, held?.clear['startsAt']], [date, startsAt])
  })
}

test('a patient who moves to another department or provider keeps name and visits', async () => {
  const { apply, read, changes } = mirror()
  await apply('patient', [{ ...patient, primarydepartmentid: '1', departmentid: '1' }])
  await apply('appointment', [visit])
  const before = await read('appointment', '9001')
  await apply('patient', [{ ...patient, primarydepartmentid: '2', departmentid: '2' }])
  assert.equal((await read('patient', '501'))?.clear['departmentId'], '2')
  assert.deepEqual(await read('appointment', '9001'), before)
  assert.deepEqual(await changes(), ['created', 'created', 'updated departmentid primarydepartmentid'])
})

/** What is freed says nothing more of whoever had booked it: an open slot is nobody's. */
const booked = {
  ...visit,
  copay: 25,
  encounterid: '77',
  appointmentnotes: [{ notetext: 'comes with his daughter' }],
  cancelledby: 'ada',
  somethingnew: 'of the patient',
}
const slot = { ...visit, appointmentstatus: 'o', patientid: undefined, lastmodified: undefined }
for (const shape of ['feed', 'open', 'get', 'booked'] as const) {
  for (const lastmodified of ['03/01/2026 11:00:00', undefined]) {
    test(`a booking that the ${shape} shows as open ${lastmodified ? 'later' : 'without a time'} leaves nothing behind`, async () => {
      const { apply, read } = mirror()
      await apply('appointment', [booked])
      assert.notEqual((await read('appointment', '9001'))?.patient, null)
      const freed = Object.fromEntries(
        Object.entries({ ...slot, lastmodified }).filter(([, value]) => value !== undefined),
      )
      await apply('appointment', [freed], { shape })
      const held = await read('appointment', '9001')
      assert.deepEqual([held?.body, held?.patient, held?.clear['status']], [freed, null, 'o'])
    })
  }
}

test('of a change that a list shows before the feed, the history has once what the feed alone shows', async () => {
  const { apply, read, changes } = mirror()
  const notes = [{ id: 1, text: 'comes with his daughter' }]
  await apply('appointment', [{ ...visit, appointmentnotes: notes }])
  const cancelled = { ...visit, appointmentstatus: 'x', lastmodified: '03/01/2026 11:00:00' }
  const [listed, told] = [
    { ...cancelled, copay: 25, encounterid: '77' },
    { ...cancelled, appointmentnotes: notes, cancelledby: 'ada' },
  ]
  for (let turn = 0; turn < 3; turn += 1) {
    await apply('appointment', [listed], { source: 'reconciliation', shape: 'booked' })
    await apply('appointment', [told])
  }
  assert.deepEqual((await read('appointment', '9001'))?.body, { ...listed, ...told })
  assert.deepEqual(await changes(), [
    'created',
    'updated appointmentstatus lastmodified',
    'updated appointmentnotes cancelledby',
  ])
})

test('what a read by id does not show goes when it differs, and what the feed brings of it then is a change', async () => {
  const { apply, read, changes } = mirror()
  const notes = [{ id: 1, text: 'comes with his daughter' }]
  await apply('appointment', [{ ...visit, appointmentnotes: notes }])
  const { lastmodified: _, ...shown } = visit
  await apply('appointment', [shown], { source: 'refetch', shape: 'get' })
  assert.deepEqual((await read('appointment', '9001'))?.body, { ...visit, appointmentnotes: notes })
  const cancelled = { ...shown, appointmentstatus: 'x' }
  await apply('appointment', [cancelled], { source: 'refetch', shape: 'get' })
  assert.deepEqual((await read('appointment', '9001'))?.body, cancelled, 'nothing that may be out of date')
  const told = { ...cancelled, appointmentnotes: notes, cancelledby: 'ada', lastmodified: '03/01/2026 11:00:00' }
  await apply('appointment', [told])
  await apply('appointment', [told])
  assert.deepEqual((await read('appointment', '9001'))?.body, told)
  assert.deepEqual(await changes(), [
    'created',
    'updated appointmentstatus',
    'updated appointmentnotes cancelledby lastmodified',
  ])
})

test('what a read by id does not show is told as well where the feed dates it in the hour that clocks repeat', async () => {
  const { apply, changes } = mirror()
  const { lastmodified: _, ...shown } = visit
  await apply('appointment', [shown], { source: 'refetch', shape: 'get' })
  const told = { ...shown, cancelledby: 'ada', lastmodified: '11/01/2026 01:30:00' }
  await apply('appointment', [told])
  assert.deepEqual(await changes(), ['created', 'updated cancelledby lastmodified'])
})
