import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointContract } from './contract.ts'
import { markFields, type FieldMarks } from './field-marks.ts'

const cases: readonly { what: string; endpoint: string; body: unknown; marks: Partial<FieldMarks> }[] = [
  {
    what: 'the names of a recorded list, and those around it',
    endpoint: 'GET /claims',
    body: { claims: [{ claimid: '1' }, { patientid: 2 }], totalcount: 2, next: '/v1' },
    marks: { proven: ['claimid', 'claims', 'next', 'patientid', 'totalcount'] },
  },
  {
    what: 'a name that was recorded on other endpoints only',
    endpoint: 'GET /claims',
    body: { claims: [{ claimid: '1', guarantorzip: '02472' }] },
    marks: { proven: ['claimid', 'claims'], inferred: ['guarantorzip'] },
  },
  {
    what: 'a name that was recorded nowhere',
    endpoint: 'GET /patients/{patientid}',
    body: [{ patientid: '1', moonphase: 'full' }],
    marks: { proven: ['patientid'], unknown: ['moonphase'] },
  },
  {
    what: 'lists within the list',
    endpoint: 'GET /chart/{patientid}/medications',
    body: { medications: [[{ medicationid: '1' }], [{ medicationid: '2' }]] },
    marks: { proven: ['medicationid', 'medications'] },
  },
  {
    what: 'a key that is a guess',
    endpoint: 'GET /beds',
    body: { beds: [], totalcount: 0 },
    marks: { proven: ['totalcount'], unknown: ['beds'] },
  },
  {
    what: 'an object that is the record itself, for all its lists',
    endpoint: 'POST /claims',
    body: { success: true, claimids: ['1'] },
    marks: { inferred: ['success'], unknown: ['claimids'] },
  },
  { what: 'nothing of what has no names', endpoint: 'PUT /appointments/booked/{appointmentid}', body: 1, marks: {} },
]

for (const { what, endpoint, body, marks } of cases) {
  test(`marked: ${what}`, () => {
    const [method = '', path = ''] = endpoint.split(' ')
    const none = { proven: [], inferred: [], unknown: [] }
    assert.deepEqual(markFields(body, endpointContract({ method, path })), { ...none, ...marks })
  })
}
