import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAthenaClient } from '@aegis/client'
import { patientLists } from './patient-lists.ts'

/** A practice that answers everything with this body. */
function answering(body: object) {
  const token = { access_token: 'none', token_type: 'Bearer', expires_in: 3_600 }
  const client = createAthenaClient({
    environment: 'local',
    baseUrl: 'http://127.0.0.1:9',
    credential: { clientId: 'demo-client', secret: 'demo-secret' },
    fetch: async (_url, _init, { kind }) => Response.json(kind === 'token' ? token : body),
  })
  return client.practice(195900)
}

const at = { patientId: '6', departmentId: '1', offset: 0, limit: 50 }
const entry = { problemid: '7' }

for (const [name, said, isDoubtful] of [
  ['an error', { error: 'down' }, true],
  ['the message of an error', { errormessage: 'down' }, true],
  ['a fault with a text', { fault: { faultstring: 'down' } }, true],
  ['true for an error', { error: true }, true],
  ['a fault without a word', { fault: {} }, false],
  ['an empty error', { error: '' }, false],
  ['no error', { error: null, errormessage: false }, false],
  ['nothing else', {}, false],
] as const) {
  test(`a chart that tells its entries, and ${name}, is ${isDoubtful ? 'doubtful' : 'believed'}`, async () => {
    const { doubtful, records } = await patientLists.problems(answering({ problems: [entry], ...said }), at, {})
    assert.deepEqual([doubtful, records], [isDoubtful, [entry]])
  })
}

test('a chart without the list of its entries is doubtful', async () => {
  for (const body of [{}, { problems: null }, []]) {
    const { doubtful, records } = await patientLists.problems(answering(body), at, {})
    assert.deepEqual([doubtful, records], [true, []], JSON.stringify(body))
  }
})

test('medications of a chart, which stand in lists of their own, are one list', async () => {
  const [first, second] = [{ medicationentryid: 'a' }, { medicationentryid: 'b' }]
  const page = await patientLists.medications(answering({ medications: [[first], [second]] }), at, {})
  assert.deepEqual([page.records, page.doubtful, page.more], [[first, second], false, false])
})

test('a list of documents goes on behind a full page', async () => {
  const lab = { labresultid: 5 }
  const read = (limit: number) =>
    patientLists.labresults(answering({ labresults: [lab], totalcount: 2 }), { ...at, limit }, {})
  assert.deepEqual([(await read(1)).more, (await read(1)).records, (await read(1)).doubtful], [true, [lab], false])
})
