import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecord } from '../wire/decode-record.ts'
import { appointmentModifiedAt, appointmentShape, appointmentStart } from './appointment.ts'
import { departmentShape } from './practice-records.ts'

function start(appointment: object, department: object): string | undefined {
  const at = appointmentStart(
    decodeRecord(appointmentShape, { appointmentid: 1, ...appointment }).record ?? {},
    decodeRecord(departmentShape, { departmentid: 1, ...department }).record ?? {},
  )
  return at === undefined ? undefined : new Date(at).toISOString().replace('.000', '')
}

const summer = { date: '07/04/2024', starttime: '09:00' }
const winter = { date: '01/04/2024', starttime: '09:00' }

for (const [title, appointment, department, expected] of [
  ['in New York in summer', summer, { timezonename: 'US/Eastern' }, '2024-07-04T13:00:00Z'],
  ['in New York in winter', winter, { timezonename: 'US/Eastern' }, '2024-01-04T14:00:00Z'],
  ['in Los Angeles', summer, { timezonename: 'America/Los_Angeles' }, '2024-07-04T16:00:00Z'],
  ['in Honolulu', summer, { timezonename: 'US/Hawaii' }, '2024-07-04T19:00:00Z'],
  ['in Phoenix by its own zone', summer, { timezonename: 'US/Arizona' }, '2024-07-04T16:00:00Z'],
  [
    'in Phoenix by a zone it does not follow in summer',
    summer,
    { timezonename: 'US/Mountain', doesnotobservedst: 'true', timezoneoffset: '-7' },
    '2024-07-04T16:00:00Z',
  ],
  ['in Phoenix in winter', winter, { timezonename: 'US/Mountain', doesnotobservedst: true }, '2024-01-04T16:00:00Z'],
  ['in a place without DST or name', summer, { doesnotobservedst: true, timezoneoffset: -7 }, '2024-07-04T16:00:00Z'],
  ['in a place without name', summer, { timezoneoffset: -5 }, '2024-07-04T13:00:00Z'],
  [
    'in a place of an unknown name',
    summer,
    { timezonename: 'Clinic Time', timezoneoffset: '-6' },
    '2024-07-04T14:00:00Z',
  ],
  ['in Puerto Rico by offset', summer, { timezoneoffset: -4 }, '2024-07-04T13:00:00Z'],
  ['in a place that says nothing of its clock', summer, {}, undefined],
  ['without a time', { date: '07/04/2024' }, { timezonename: 'US/Eastern' }, undefined],
  ['without a date', { starttime: '09:00' }, { timezonename: 'US/Eastern' }, undefined],
  [
    'in the skipped hour',
    { date: '03/10/2024', starttime: '02:30' },
    { timezonename: 'US/Eastern' },
    '2024-03-10T07:30:00Z',
  ],
  [
    'in the repeated hour',
    { date: '11/03/2024', starttime: '01:30' },
    { timezonename: 'US/Eastern' },
    '2024-11-03T05:30:00Z',
  ],
] as const) {
  test(`an appointment ${title} starts ${expected ?? 'at no time that can be told'}`, () => {
    assert.equal(start(appointment, department), expected)
  })
}

test('the time of a change is Eastern unless it says otherwise', () => {
  assert.equal(appointmentModifiedAt({ lastmodified: '06/02/2020 09:06:50' }), Date.UTC(2020, 5, 2, 13, 6, 50))
  assert.equal(appointmentModifiedAt({ lastmodified: '2020-06-02T09:06:50Z' }), Date.UTC(2020, 5, 2, 9, 6, 50))
  assert.equal(appointmentModifiedAt({}), undefined)
})
