import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'

test('a list of the catalogue becomes a list, page by page', async () => {
  const { practice, sent } = testClient([
    { body: { waitlistentries: [{ waitlistid: 1, patientid: 7 }], next: '/v1/195900/appointments/waitlist?OFFSET=1' } },
    { body: { waitlistentries: [{ waitlistid: '2' }], totalcount: '2' } },
  ])
  const ids: (string | undefined)[] = []
  for await (const entry of practice.appointments.waitlist.list({ departmentid: 1 })) ids.push(entry.waitlistid)
  assert.deepEqual(ids, ['1', '2'])
  assert.equal(sent[0]?.url.search, '?departmentid=1&limit=1500')
})

test('the record of a list of one comes alone', async () => {
  const { practice } = testClient([{ body: [{ insuranceid: 802, sequencenumber: '1', newfield: 'x' }] }])
  const form = { departmentid: 1, insurancepackageid: 31_724, sequencenumber: 1, insuranceidnumber: 'A1' }
  const { value } = await practice.patients.insurances.create(7, form)
  assert.deepEqual(value, { insuranceid: '802', sequencenumber: 1, newfield: 'x' })
})

for (const [title, reply, expected] of [
  [
    'a record',
    { body: { success: 'true', message: 'ok', versiontoken: 3 } },
    { success: true, message: 'ok', versiontoken: 3 },
  ],
  ['a list of one', { body: [{ success: true }] }, { success: true }],
  ['nothing', { body: '' }, {}],
  ['1', { body: '1' }, { scalar: 1 }],
  ['a text', { body: '"Invalid WAITLISTID input"' }, 'rejected'],
  ['a no', { body: { success: 'false' } }, 'rejected'],
  ['a no in a list', { body: [{ success: false, errormessage: 'x' }] }, 'rejected'],
  ['another record', { body: { waitlistid: 8 } }, 'wrong-record'],
] as const satisfies readonly (readonly [string, Reply, unknown])[]) {
  test(`a write nobody has seen answered, answered with ${title}, is ${JSON.stringify(expected)}`, async () => {
    const { practice, sent } = testClient([reply])
    const outcome = await practice.appointments.waitlist.update(7, { priority: 'HIGH' }).then(
      ({ value }) => value,
      ({ code }: { code: string }) => code,
    )
    assert.deepEqual(outcome, expected)
    assert.equal(sent.length, 1)
  })
}

for (const [title, body, expected] of [
  ['under the key', { labresults: [{ labresultid: 5, documentdate: '03/02/2026' }], totalcount: '1' }, ['5']],
  ['alone', [{ labresultid: 5 }], ['5']],
  ['empty under the key', { labresults: [], totalcount: 0 }, []],
  ['under another key', { results: [{ labresultid: 5 }] }, 'malformed-response'],
  ['missing though counted', { totalcount: 2 }, 'malformed-response'],
] as const) {
  test(`an inferred list ${title} is ${JSON.stringify(expected)}`, async () => {
    const { practice } = testClient([{ body }])
    const list = practice.patients.documents.labResults.list(7, { departmentid: 1 })
    const outcome = await list.fetchPage().then(
      ({ items }) => items.map(({ labresultid }) => labresultid),
      ({ code }: { code: string }) => code,
    )
    assert.deepEqual(outcome, expected)
  })
}

for (const [title, body, expected] of [
  ['itself', { adminid: '5', documentdate: '03/02/2026' }, { adminid: '5', documentdate: '2026-03-02' }],
  ['a list of one', [{ adminid: 5, status: 'CLOSED' }], { adminid: '5', status: 'CLOSED' }],
  ['another', { adminid: 6 }, 'wrong-record'],
  ['another patient’s', { adminid: 5, patientid: 8 }, 'wrong-record'],
  ['none', [], 'not-found'],
  ['a text', '"5"', 'malformed-response'],
  ['two', [{ adminid: 5 }, { adminid: 5 }], 'malformed-response'],
] as const) {
  test(`an inferred record that is ${title} is ${JSON.stringify(expected)}`, async () => {
    const { practice } = testClient([{ body }])
    const outcome = await practice.patients.documents.admin.get({ patientid: 7, adminid: 5 }).then(
      ({ value }) => value,
      ({ code }: { code: string }) => code,
    )
    assert.deepEqual(outcome, expected)
  })
}

for (const [title, body, expected] of [
  ['its id', { success: 'true', adminid: 5 }, { success: true, adminid: '5' }],
  ['its id in a list', [{ adminid: 5 }], { adminid: '5' }],
  ['nothing', '', {}],
  ['1', '1', {}],
  ['a no', { success: false }, 'rejected'],
  ['another patient', { adminid: 5, patientid: 8 }, 'wrong-record'],
] as const) {
  test(`a filed document answered with ${title} is ${JSON.stringify(expected)}`, async () => {
    const { practice, sent } = testClient([{ body }])
    const form = { departmentid: 1, documentsubclass: 'ADMIN_CONSENT', attachmentcontents: Uint8Array.of(1) }
    const outcome = await practice.patients.documents.admin.upload(7, form).then(
      ({ value }) => value,
      ({ code }: { code: string }) => code,
    )
    assert.deepEqual([outcome, sent.length], [expected, 1])
  })
}

test('a section of the chart comes with what stands around it', async () => {
  const body = { allergies: [{ allergenid: 12 }], nkda: 'false', sectionnote: 'asked', lastupdated: '03/02/2026' }
  const { practice } = testClient([{ body }])
  const { value } = await practice.chart.allergies.get(7, { departmentid: 1 })
  assert.deepEqual([value.allergies[0]?.allergenid, value.nkda, value.sectionnote], ['12', false, 'asked'])
})

test('parameters the catalogue does not know go through extra, others are refused', async () => {
  const { practice, sent } = testClient([{ body: [] }])
  await practice.customFields.list({ extra: { somethingnew: 1 } }, { requestId: 'mine' }).fetchPage()
  assert.equal(sent[0]?.url.search, '?somethingnew=1')
  assert.equal(sent[0]?.headers['x-request-id'], 'mine')
  // @ts-expect-error a name that is wrong
  assert.throws(() => practice.appointments.waitlist.list({ waitlistidd: 5 }), {
    code: 'invalid-argument',
    invalidFields: ['waitlistidd'],
  })
})

test('a download is its bytes, and a no inside HTTP 200 is no document', async () => {
  const pdf = Uint8Array.from([37, 80, 68, 70])
  const file = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    new Response(body, { headers: { 'content-type': type } })
  const { practice, sent } = testClient([
    file(pdf, 'application/pdf'),
    file('{"success":false,"errormessage":"x"}', 'application/json'),
    file('{"any":"document"}', 'application/json'),
    file('x'.repeat(100), 'text/plain'),
    file('<html>', 'text/html'),
  ])
  const get = async () => practice.patients.documents.admin.original({ patientid: 7, adminid: 5 })
  const { value } = await get()
  assert.deepEqual([value.contentType, await value.bytes()], ['application/pdf', pdf])
  assert.equal(sent[0]?.headers['accept'], '*/*')
  await assert.rejects(get(), { code: 'rejected' })
  assert.equal(new TextDecoder().decode(await (await get()).value.bytes()), '{"any":"document"}')
  await assert.rejects((await get()).value.bytes(99), { code: 'response-too-large' })
  await assert.rejects(get(), { code: 'malformed-response' })
})

test('one client serves many practices at once', async () => {
  const answer = { body: { claims: [{ claimid: 1 }] } }
  const { client, sent } = testClient([answer, 'repeat'])
  const ids = [1, 2, 3, 4, 5]
  await Promise.all(ids.map((id) => client.practice(id).claims.list({ patientid: id }).fetchPage()))
  assert.deepEqual(
    sent.map(({ url, call }) => [url.pathname, url.searchParams.get('patientid'), call.practice]),
    ids.map((id) => [`/v1/${id}/claims`, String(id), id]),
  )
})
