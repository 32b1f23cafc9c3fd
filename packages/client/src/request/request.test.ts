import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClient } from '../../testing/test-client.ts'

test('a read is typed and normalised, whatever the encoding', async () => {
  const record = { appointmentid: 7, date: '03/02/2026', duration: '15', frozen: 'true', new: { a: 1 } }
  const { practice, sent } = testClient([{ body: { appointments: [record], totalcount: '1' } }])
  const { value } = await practice.request('GET /appointments/booked', {
    query: { startdate: '2026-03-02', enddate: '2026-03-08', providerid: [1, 2] },
  })
  assert.deepEqual(value, {
    appointments: [{ appointmentid: '7', date: '2026-03-02', duration: 15, frozen: true, new: { a: 1 } }],
    totalcount: 1,
  })
  assert.equal(sent[0]?.url.search, '?startdate=03%2F02%2F2026&enddate=03%2F08%2F2026&providerid=1%2C2')
  assert.equal(sent[0]?.call.intensive, true)
})

test('a write carries its form and is answered with its record', async () => {
  const { client, sent } = testClient([{ body: [{ appointmentid: '7', patientid: 5 }] }])
  const { value } = await client.request('PUT /appointments/{appointmentid}', {
    practice: 195_900,
    path: { appointmentid: 7 },
    form: { patientid: '5', reasonid: 82 },
  })
  assert.equal(value[0].patientid, '5')
  assert.deepEqual(
    [sent[0]?.method, sent[0]?.url.pathname, sent[0]?.body],
    ['PUT', '/v1/195900/appointments/7', 'patientid=5&reasonid=82'],
  )
})
