import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthenaError } from '../athena-error.ts'
import { encodeParams } from '../call/params.ts'
import { catalogueEntry } from '../catalogue/catalogue.ts'
import type { EndpointName } from '../catalogue/generated/endpoints.ts'
import type { LooseRequest } from './endpoint-request.ts'
import { planRequest } from './plan-request.ts'

function plan(endpoint: EndpointName, request: LooseRequest) {
  const entry = catalogueEntry(endpoint)
  assert.ok(entry)
  return planRequest(entry, request)
}

/** The parameters as they travel, or the fields refused. */
function sent(endpoint: EndpointName, request: LooseRequest): string | readonly string[] {
  try {
    const { query, form } = plan(endpoint, request)
    return decodeURIComponent(encodeParams({ ...query, ...form }).replaceAll('+', ' '))
  } catch (error) {
    // Whatever is thrown is compared below.
    const { code, invalidFields } = error as AthenaError
    return [code, ...invalidFields]
  }
}

const path = { patientid: 5 }
const day = { startdate: '2026-03-02', enddate: '03/08/2026' }

const cases: [title: string, endpoint: EndpointName, request: LooseRequest, expected: string | readonly string[]][] = [
  [
    'a date as athenahealth writes it',
    'GET /appointments/booked',
    { query: day },
    'startdate=03/02/2026&enddate=03/08/2026',
  ],
  [
    'no date that does not exist',
    'GET /appointments/booked',
    { query: { ...day, enddate: '2026-02-30' } },
    ['invalid-argument', 'enddate'],
  ],
  ...['3/2/2026 9:30', '03/02/2026 10:30', '03/02/2026 10:30:15'].map((effectivedate): (typeof cases)[number] => [
    `the date with a time ${effectivedate}`,
    'GET /chargecodes',
    { query: { effectivedate } },
    `effectivedate=${effectivedate}`,
  ]),
  ...['on 03/08/2026 10:30', '03/08/2026 10:30 or so', '03/08/2026 10', '003/08/2026 10:30', 7].map(
    (effectivedate): (typeof cases)[number] => [
      `no ${JSON.stringify(effectivedate)} for a date`,
      'GET /chargecodes',
      { query: { effectivedate } },
      ['invalid-argument', 'effectivedate'],
    ],
  ),
  [
    'a day without its time zone',
    'GET /appointments/booked',
    { query: { ...day, startdate: new Date(0) } },
    ['invalid-argument', 'startdate'],
  ],
  [
    'several ids between commas',
    'GET /appointments/booked/multipledepartment',
    { query: { ...day, departmentid: [1, '2'] } },
    'startdate=03/02/2026&enddate=03/08/2026&departmentid=1,2',
  ],
  [
    'one value where one is taken',
    'GET /patients/{patientid}',
    { path, query: { departmentid: [1, 2] } },
    ['invalid-argument', 'departmentid'],
  ],
  [
    'an object as JSON text',
    'PUT /appointments/{appointmentid}/healthhistoryforms/{formid}',
    { path: { appointmentid: 1, formid: 2 }, form: { healthhistoryform: [{ questions: ['a'] }] } },
    'healthhistoryform=[{"questions":["a"]}]',
  ],
  [
    'an empty list as JSON text',
    'PUT /chart/{patientid}/allergies',
    { path, form: { departmentid: 1, allergies: [] } },
    'departmentid=1&allergies=[]',
  ],
  [
    'no Date as JSON',
    'PUT /chart/{patientid}/allergies',
    { path, form: { departmentid: 1, allergies: new Date(0) } },
    ['invalid-argument', 'allergies'],
  ],
  [
    'lists inside a list',
    'POST /chart/{patientid}/vitals',
    { path, form: { departmentid: 1, source: 'DEVICEGENERATED', vitals: [[{ value: 1 }]] } },
    'departmentid=1&source=DEVICEGENERATED&vitals=[[{"value":1}]]',
  ],
  [
    'JSON text as it is',
    'PUT /chart/{patientid}/allergies',
    { path, form: { departmentid: 1, allergies: '[1]' } },
    'departmentid=1&allergies=[1]',
  ],
  [
    'a word where several values are taken',
    'GET /departments',
    { query: { providerlist: 'true' } },
    'providerlist=true',
  ],
  ['no null and no undefined', 'GET /departments', { query: { providerlist: null, limit: undefined } }, ''],
  [
    'no Date, though it has a text',
    'GET /departments',
    { query: { limit: new Date(0) } },
    ['invalid-argument', 'limit'],
  ],
  ['no number without end', 'GET /departments', { query: { limit: Number.NaN } }, ['invalid-argument', 'limit']],
  ['no object that is no JSON field', 'GET /departments', { query: { limit: {} } }, ['invalid-argument', 'limit']],
  ['what is unknown, when asked to', 'GET /departments', { extra: { somethingnew: true } }, 'somethingnew=true'],
  ['no unknown name', 'GET /departments', { query: { somethingnew: true } }, ['invalid-argument', 'somethingnew']],
  [
    'no name of an object’s own',
    'GET /departments',
    { query: { constructor: 1 } },
    ['invalid-argument', 'constructor'],
  ],
  ['no known name in the wrong place', 'GET /departments', { form: { limit: 1 } }, ['invalid-argument', 'limit']],
  ['no name beside the places', 'GET /departments', { limit: 1 } as LooseRequest, ['invalid-argument', 'limit']],
  ['no name twice', 'GET /departments', { query: { limit: 1 }, extra: { limit: 2 } }, ['invalid-argument', 'limit']],
  [
    'what is required from extra too',
    'GET /appointments/booked',
    { query: { startdate: '2026-03-02' }, extra: { enddate: '2026-03-03' } },
    'startdate=03/02/2026&enddate=03/03/2026',
  ],
  ['all that is missing by name', 'GET /appointments/booked', {}, ['invalid-argument', 'startdate', 'enddate']],
  [
    'no empty id in a path',
    'GET /patients/{patientid}',
    { path: { patientid: null } },
    ['invalid-argument', 'patientid'],
  ],
]

for (const [title, endpoint, request, expected] of cases) {
  test(`${endpoint} sends ${title}`, () => assert.deepEqual(sent(endpoint, request), expected))
}

for (const [title, query, consuming] of [
  ['takes records', {}, true],
  ['takes records when it says so', { leaveunprocessed: false }, true],
  ['leaves records that it is told to leave', { leaveunprocessed: true }, false],
  ['leaves records that it is told to leave in words', { leaveunprocessed: 'TRUE' }, false],
  [
    'leaves records of a window of processed ones',
    { showprocessedstartdatetime: '03/02/2026 00:00:00', showprocessedenddatetime: '03/03/2026 00:00:00' },
    false,
  ],
  ['takes records when its window has one end', { showprocessedstartdatetime: '03/02/2026 00:00:00' }, true],
] as const) {
  test(`a read of a feed ${title}`, () => {
    assert.equal(plan('GET /appointments/changed', { query }).consuming, consuming)
  })
}

test('a read that takes records has no offset, by any way', () => {
  for (const request of [{ query: { offset: 500 } }, { extra: { offset: 0 } }]) {
    assert.deepEqual(sent('GET /appointments/changed', request), ['invalid-argument', 'offset'])
  }
  assert.equal(
    sent('GET /appointments/changed', { query: { offset: 5, leaveunprocessed: true } }),
    'offset=5&leaveunprocessed=true',
  )
})

test('a refusal names the endpoint and the field, and no value', () => {
  assert.throws(
    () => plan('PUT /patients/{patientid}', { path, form: { dob: 'SECRET' } }),
    (error: AthenaError) => {
      assert.deepEqual([error.method, error.route, error.executed], ['PUT', '/patients/{patientid}', 'no'])
      return error.message.includes('dob') && !error.message.includes('SECRET')
    },
  )
})
