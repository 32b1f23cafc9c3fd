import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultRangeLimits } from './intensive-calls.ts'
import { judgeCall, type PolicyCall, type PolicyRules } from './judge-call.ts'
import { defaultOffHours } from './off-hours.ts'

const rules: PolicyRules = { ...defaultRangeLimits, offHours: defaultOffHours }
const noon = Date.parse('2026-11-23T17:00:00Z')
const night = Date.parse('2026-11-24T05:00:00Z')
const opens = Date.parse('2026-11-24T03:00:00Z')
const closes = Date.parse('2026-11-24T11:00:00Z')

/** 'GET /patients?departmentid=1' */
function call(text: string, more: Partial<PolicyCall> = {}): PolicyCall {
  const [method = '', url = ''] = text.split(' ')
  const [route = '', query = ''] = url.split('?')
  return { method, route, params: new Map(new URLSearchParams(query)), ...more }
}

const week = 'startdate=11/23/2026&enddate=11/29/2026'

const anyTime = [
  ['a patient by id', 'GET /patients/{patientid}'],
  ['a filtered page of patients', 'GET /patients?departmentid=1&limit=1000'],
  ['the first page by offset 0', 'GET /patients?lastname=x&offset=0'],
  ['one filtered page of booked appointments', `GET /appointments/booked?departmentid=1&${week}`],
  ['booked ones of one provider', `GET /appointments/booked/multipledepartment?providerid=7&${week}`],
  ['booked ones changed lately', `GET /appointments/booked?startlastmodified=11/23/2026%2010:00:00&${week}`],
  [
    'claims of a half year, filtered',
    'GET /claims?departmentid=1&servicestartdate=06/01/2026&serviceenddate=11/30/2026',
  ],
  ['claims of one patient, of any date', 'GET /claims?patientid=1'],
  ['open slots of a department', `GET /appointments/open?departmentid=1&reasonid=-1&${week}`],
  ['a feed', 'GET /appointments/changed'],
  ['a new patient', 'POST /patients?firstname=x'],
] as const
for (const [title, text] of anyTime) {
  test(`allowed at any time: ${title}`, () => {
    assert.deepEqual(judgeCall(rules, call(text), { now: noon }), { allowed: true })
  })
}

const never = [
  ['booked without dates', 'GET /appointments/booked?departmentid=1', 'policy.date-range-required'],
  [
    'booked with an empty date',
    'GET /appointments/booked?departmentid=1&startdate=&enddate=',
    'policy.date-range-required',
  ],
  ['booked without an end', 'GET /appointments/booked?startdate=11/23/2026', 'policy.date-range-required'],
  [
    'booked from later to earlier',
    'GET /appointments/booked?startdate=11/23/2026&enddate=11/22/2026',
    'policy.date-range-required',
  ],
  [
    'booked on a day that does not exist',
    'GET /appointments/booked?startdate=02/30/2026&enddate=03/02/2026',
    'policy.date-range-required',
  ],
  [
    'booked in ISO dates, which athenahealth does not read',
    'GET /appointments/booked?startdate=2026-11-23&enddate=2026-11-24',
    'policy.date-range-required',
  ],
  [
    '101 days of booked',
    'GET /appointments/booked?departmentid=1&startdate=01/01/2026&enddate=04/11/2026',
    'policy.date-range-too-wide',
  ],
  ['claims without dates', 'GET /claims?departmentid=1', 'policy.date-range-required'],
  [
    'claims of a year',
    'GET /claims?departmentid=1&createdstartdate=01/01/2026&createdenddate=12/31/2026',
    'policy.date-range-too-wide',
  ],
  [
    'claims with one good and one absurd range',
    `GET /claims?departmentid=1&servicestartdate=11/01/2026&serviceenddate=11/02/2026&createdstartdate=01/01/1990&createdenddate=12/31/2026`,
    'policy.date-range-too-wide',
  ],
  ['open slots of everybody', `GET /appointments/open?${week}`, 'policy.filter-required'],
  ['open slots without dates', 'GET /appointments/open?departmentid=1', 'policy.date-range-required'],
] as const
for (const [title, text, code] of never) {
  test(`refused at any time: ${title}`, () => {
    for (const facts of [{ now: noon }, { now: night }, { now: noon, exempt: true }]) {
      assert.deepEqual(judgeCall(rules, call(text), facts), { allowed: false, code })
    }
  })
}

const nightOnly = [
  ['all patients', call('GET /patients?limit=1000')],
  ['all patients, whatever is shown of them', call('GET /patients?showinsurance=true&status=active&omitbalances=true')],
  ['a second page of patients', call('GET /patients?departmentid=1&offset=1000')],
  ['a pull that its caller calls large', call('GET /patients?departmentid=1', { large: true })],
  ['booked of a whole practice', call(`GET /appointments/booked?${week}`)],
  ['booked of a whole practice, cancelled ones too', call(`GET /appointments/booked?showcancelled=true&${week}`)],
  ['claims of a whole practice', call('GET /claims?servicestartdate=11/01/2026&serviceenddate=11/02/2026')],
] as const
for (const [title, large] of nightOnly) {
  test(`off-hours only: ${title}`, () => {
    assert.deepEqual(judgeCall(rules, large, { now: noon }), { allowed: false, code: 'policy.off-hours', until: opens })
    assert.deepEqual(judgeCall(rules, large, { now: night }), { allowed: true, large: true, before: closes })
    const atAnyTime = { allowed: true, large: true }
    assert.deepEqual(judgeCall(rules, large, { now: noon, exempt: true }), atAnyTime)
    assert.deepEqual(judgeCall({ ...rules, offHours: 'always' }, large, { now: noon }), atAnyTime)
  })
}

test('a large pull stops at the end of the window, page or no page left', () => {
  const page = call('GET /patients?offset=5000')
  assert.equal(judgeCall(rules, page, { now: closes - 1 }).allowed, true)
  assert.deepEqual(judgeCall(rules, page, { now: closes }), {
    allowed: false,
    code: 'policy.off-hours',
    until: Date.parse('2026-11-25T03:00:00Z'),
  })
})

test('100 days of booked appointments are a range, and 184 of claims', () => {
  const hundred = call('GET /appointments/booked?departmentid=1&startdate=01/01/2026&enddate=04/10/2026')
  assert.equal(judgeCall(rules, hundred, { now: noon }).allowed, true)
  assert.equal(judgeCall({ ...rules, bookedDaysMax: 31 }, hundred, { now: noon }).allowed, false)
})

test('callers ask for a month of bookings at most: they read past the mirror', () => {
  const days = (end: string, more: Partial<PolicyCall>) =>
    judgeCall(rules, call(`GET /appointments/booked?departmentid=1&startdate=01/01/2026&enddate=${end}`, more), {
      now: noon,
    })
  const tooWide = { allowed: false, code: 'policy.date-range-too-wide' }
  assert.deepEqual(days('01/31/2026', { ofCaller: true }), { allowed: true })
  assert.deepEqual(days('02/01/2026', { ofCaller: true }), tooWide)
  assert.deepEqual(days('02/01/2026', { ofCaller: false }), { allowed: true })
  const narrow = { ...rules, bookedDaysMax: 7 }
  const week = call(`GET /appointments/booked?departmentid=1&startdate=01/01/2026&enddate=01/08/2026`, {
    ofCaller: true,
  })
  assert.deepEqual(judgeCall(narrow, week, { now: noon }), tooWide, 'and no more than is configured')
})
