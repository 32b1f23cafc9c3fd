import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import type { AthenaError } from '../athena-error.ts'
import type { EndpointName } from '../catalogue/generated/endpoints.ts'
import type { LooseRequest } from './endpoint-request.ts'
import type { LooseCall } from './every-endpoint.test.ts'

const visit = { path: { appointmentid: 7 } }
const patient = { path: { patientid: 5 }, query: { departmentid: 1 } }

/** What a call of an endpoint comes to: its value, or its error's code and whether it was executed. */
async function outcome(endpoint: EndpointName, request: LooseRequest, body: unknown): Promise<unknown> {
  const reply: Reply = typeof body === 'function' ? { status: 204 } : { body }
  const { client, run } = testClient([reply])
  // The table below goes over names and requests, which no type can follow.
  const call = client.request as unknown as LooseCall
  return run(call(endpoint, { practice: 195_900, ...request })).then(
    ({ value, unreadable }) => (unreadable ? { value, unreadable } : value),
    (error: AthenaError) => [error.code, error.executed],
  )
}

/** As the body of a write: none at all. */
const nothing = () => undefined

const reads: [title: string, endpoint: EndpointName, request: LooseRequest, body: unknown, expected: unknown][] = [
  ['a list that is absent', 'GET /departments', {}, {}, { departments: [] }],
  ['a list that is null', 'GET /departments', {}, { departments: null }, { departments: [] }],
  ['a list in place of its object', 'GET /departments', {}, [], { departments: [] }],
  ['a list under another name', 'GET /departments', {}, { sites: [{}], totalcount: 1 }, ['malformed-response', 'no']],
  ['an error in place of a list', 'GET /departments', {}, { error: 'x' }, ['malformed-response', 'no']],
  [
    'a total that is text',
    'GET /departments',
    {},
    { departments: [], totalcount: '0' },
    { departments: [], totalcount: 0 },
  ],
  [
    'a list whose items are partly no records',
    'GET /departments',
    {},
    { departments: [{ departmentid: 1 }, 'x', { departmentid: 2, timezone: {} }] },
    {
      value: { departments: [{ departmentid: '1' }, { departmentid: '2' }] },
      unreadable: ['departments[1]', 'departments[2].timezone'],
    },
  ],
  ['a bare list', 'GET /races', {}, [{ raceid: 1, extra: [1] }], [{ raceid: '1', extra: [1] }]],
  ['an object in place of a bare list', 'GET /races', {}, { raceid: 1 }, ['malformed-response', 'no']],
  [
    'a record in its list',
    'GET /departments/{departmentid}',
    { path: { departmentid: 1 } },
    [{ departmentid: 1 }],
    [{ departmentid: '1' }],
  ],
  [
    'a record alone',
    'GET /departments/{departmentid}',
    { path: { departmentid: 1 } },
    { departmentid: 1 },
    [{ departmentid: '1' }],
  ],
  [
    'an empty list in place of a record',
    'GET /departments/{departmentid}',
    { path: { departmentid: 1 } },
    [],
    ['not-found', 'no'],
  ],
  [
    'another record',
    'GET /departments/{departmentid}',
    { path: { departmentid: 1 } },
    [{ departmentid: 2 }],
    ['wrong-record', 'no'],
  ],
  [
    'another patient behind the one asked for',
    'GET /patients/{patientid}',
    { path: { patientid: 5 } },
    [{ patientid: '5' }, { patientid: '6' }],
    ['wrong-record', 'no'],
  ],
  [
    'a single object',
    'GET /claims/{claimid}',
    { path: { claimid: 3 } },
    { claimid: 3, patientid: 5 },
    { claimid: '3', patientid: '5' },
  ],
  ['a single object in a list', 'GET /claims/{claimid}', { path: { claimid: 3 } }, [{ claimid: 3 }], { claimid: '3' }],
  [
    'two objects in place of one',
    'GET /claims/{claimid}',
    { path: { claimid: 3 } },
    [{ claimid: 3 }, { claimid: 3 }],
    ['malformed-response', 'no'],
  ],
  ['an empty list in place of an object', 'GET /claims/{claimid}', { path: { claimid: 3 } }, [], ['not-found', 'no']],
  ['another claim', 'GET /claims/{claimid}', { path: { claimid: 3 } }, { claimid: 4 }, ['wrong-record', 'no']],
  [
    'lists inside a list',
    'GET /chart/{patientid}/medications',
    patient,
    { medications: [[{ medicationid: 1, new: 1 }], { medicationid: 2 }], nomedicationsreported: 'false' },
    { medications: [[{ medicationid: '1', new: 1 }], [{ medicationid: '2' }]], nomedicationsreported: false },
  ],
  [
    'lists inside a list that hold no records',
    'GET /chart/{patientid}/medications',
    patient,
    { medications: [['x'], [{ quantity: [] }]] },
    { value: { medications: [[], [{}]] }, unreadable: ['medications[0][0]', 'medications[1][0].quantity'] },
  ],
  ['an answer nobody has seen', 'GET /visits', { query: { departmentid: 1 } }, { a: [1] }, { a: [1] }],
  ['a bare value nobody has seen', 'GET /visits', { query: { departmentid: 1 } }, '"x"', { scalar: 'x' }],
  ['a bare refusal', 'GET /visits', { query: { departmentid: 1 } }, '"Invalid DEPARTMENTID"', ['rejected', 'no']],
  ['a bare refusal in place of a list', 'GET /departments', {}, '"Invalid LIMIT"', ['rejected', 'no']],
  ['a text that ends like a refusal', 'GET /departments', {}, '"never invalid"', ['malformed-response', 'no']],
  ['an empty text in place of a list', 'GET /departments', {}, '""', { departments: [] }],
  ['an empty text in place of a bare list', 'GET /races', {}, '""', []],
  [
    'another patient where nobody has seen an answer',
    'GET /visits',
    { query: { departmentid: 1 }, extra: { patientid: 5 } },
    { patientid: 6 },
    ['wrong-record', 'no'],
  ],
  ['a bare value in place of a list', 'GET /departments', {}, '"x"', ['malformed-response', 'no']],
  ['a refusal inside a 200', 'GET /departments', {}, { success: 'false' }, ['rejected', 'no']],
  [
    'a patient’s dates and flags',
    'GET /patients/{patientid}',
    { path: { patientid: 5 } },
    [{ patientid: 5, dob: '01/05/1990', consenttotext: 'true', zip: 2116 }],
    [{ patientid: '5', dob: '1990-01-05', consenttotext: true, zip: '2116' }],
  ],
]

const writes: typeof reads = [
  ['an outcome', 'POST /appointments/{appointmentid}/checkin', visit, { success: 'true' }, { success: true }],
  ['an outcome in a list', 'POST /appointments/{appointmentid}/checkin', visit, [{ success: true }], { success: true }],
  ['nothing at all', 'POST /appointments/{appointmentid}/checkin', visit, nothing, {}],
  [
    'nothing at all, though it has a record',
    'PUT /appointments/{appointmentid}',
    { ...visit, form: { patientid: 5 } },
    nothing,
    [{}],
  ],
  ['a bare true', 'POST /appointments/{appointmentid}/checkin', visit, 'true', {}],
  ['a bare false', 'POST /appointments/{appointmentid}/checkin', visit, 'false', ['rejected', 'no']],
  ['a bare 1', 'POST /appointments/{appointmentid}/checkin', visit, '1', {}],
  ['a text that says why not', 'POST /appointments/{appointmentid}/checkin', visit, '"not today"', ['rejected', 'no']],
  [
    'a refusal inside a 200',
    'POST /appointments/{appointmentid}/checkin',
    visit,
    { success: false },
    ['rejected', 'no'],
  ],
  ['a list of nothing', 'POST /appointments/{appointmentid}/checkin', visit, [], ['malformed-response', 'yes']],
  ['the bare value it always has', 'PUT /appointments/booked/{appointmentid}', visit, '1', 1],
  [
    'a bare refusal',
    'PUT /appointments/booked/{appointmentid}',
    visit,
    '"Invalid PROVIDERID input"',
    ['rejected', 'no'],
  ],
  ['an object for a bare value', 'PUT /appointments/booked/{appointmentid}', visit, { success: true }, true],
  [
    'a bare id that nobody has seen',
    'POST /appointmenttypes',
    { form: { duration: 15, name: 'a', patient: true, shortname: 'a' } },
    '"12"',
    ['malformed-response', 'yes'],
  ],
  ['a bare id of an endpoint nobody has seen', 'POST /riskgaps/condition', {}, '12', { scalar: 12 }],
  [
    'a bare refusal of an endpoint nobody has seen',
    'POST /riskgaps/condition',
    {},
    '"Invalid CODE"',
    ['rejected', 'no'],
  ],
  ['a bare 0 of an endpoint nobody has seen', 'POST /riskgaps/condition', {}, '0', ['rejected', 'no']],
  [
    'the new appointment of a reschedule',
    'PUT /appointments/{appointmentid}/reschedule',
    { ...visit, form: { newappointmentid: 8, patientid: 5 } },
    [{ appointmentid: '8', patientid: '5' }],
    [{ appointmentid: '8', patientid: '5' }],
  ],
  [
    'another patient’s appointment',
    'PUT /appointments/{appointmentid}',
    { ...visit, form: { patientid: 5 } },
    [{ appointmentid: '7', patientid: '6' }],
    ['wrong-record', 'yes'],
  ],
  [
    'another new appointment than the one asked for',
    'PUT /appointments/{appointmentid}/reschedule',
    { ...visit, form: { newappointmentid: 8, patientid: 5 } },
    [{ appointmentid: '9', patientid: '5' }],
    ['wrong-record', 'yes'],
  ],
  [
    'another appointment than the one booked',
    'PUT /appointments/{appointmentid}',
    { ...visit, form: { patientid: 5 } },
    [{ appointmentid: '8', patientid: '5' }],
    ['wrong-record', 'yes'],
  ],
]

for (const [title, endpoint, request, body, expected] of [...reads, ...writes]) {
  test(`${endpoint} answered with ${title}`, async () => {
    assert.deepEqual(await outcome(endpoint, request, body), expected)
  })
}
