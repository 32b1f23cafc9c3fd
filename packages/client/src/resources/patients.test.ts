import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthenaError } from '../athena-error.ts'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import { patientFieldMax } from '../call/field-limits.ts'

const identity = { firstname: 'Ada', lastname: 'Okafor', dob: '1990-05-01', departmentid: 1 }

test('a new patient is sent as a form, dates in athenahealth’s writing', async () => {
  const { practice, sent } = testClient([{ body: [{ patientid: 100, errormessage: '' }] }])
  const { value } = await practice.patients.create({ ...identity, mobilephone: '5555550100' })
  assert.equal(value.patientid, '100')
  assert.deepEqual(Object.fromEntries(new URLSearchParams(sent[0]?.body)), {
    firstname: 'Ada',
    lastname: 'Okafor',
    dob: '05/01/1990',
    departmentid: '1',
    mobilephone: '5555550100',
  })
  assert.equal(sent[0]?.url.search, '')
})

for (const [title, reply, code, executed] of [
  ['no id', { body: [{}] }, 'malformed-response', 'yes'],
  ['an empty list', { body: [] }, 'malformed-response', 'yes'],
  ['two ids', { body: [{ patientid: 1 }, { patientid: 2 }] }, 'malformed-response', 'yes'],
  ['nothing', { body: '' }, 'malformed-response', 'yes'],
  ['a 500', { status: 500 }, 'server-error', 'unknown'],
  ['missing fields', { status: 400, body: { error: 'x', missingfields: ['dob'] } }, 'invalid-request', 'no'],
] as const satisfies readonly (readonly [string, Reply, string, string])[]) {
  test(`a new patient answered with ${title} is ${code}, and ${executed === 'no' ? 'does not exist' : 'may exist'}`, async () => {
    const { practice, sent } = testClient([reply])
    await assert.rejects(practice.patients.create(identity), { code, executed })
    assert.equal(sent.length, 1)
  })
}

test('a change is answered with the id of the patient it was for', async () => {
  const { practice, sent } = testClient([{ body: [{ patientid: '7' }] }, { body: [{ patientid: '8' }] }])
  await practice.patients.update(7, { email: 'ada@example.com', deceaseddate: '2026-01-31' })
  assert.deepEqual(
    [sent[0]?.method, sent[0]?.url.pathname, sent[0]?.body],
    ['PUT', '/v1/195900/patients/7', 'email=ada%40example.com&deceaseddate=01%2F31%2F2026'],
  )
  await assert.rejects(practice.patients.update(7, { status: 'deleted' }), { code: 'wrong-record', executed: 'yes' })
})

test('candidates for a match come with their scores, as a bare list', async () => {
  const { practice, sent } = testClient([
    {
      body: [
        { patientid: 7, score: '23' },
        { patientid: '8', score: 26 },
      ],
    },
  ])
  const { items } = await practice.patients.bestMatch({ ...identity, returnbestmatches: true }).fetchPage()
  assert.deepEqual(items, [
    { patientid: '7', score: 23 },
    { patientid: '8', score: 26 },
  ])
  assert.equal(sent[0]?.url.searchParams.get('dob'), '05/01/1990')
  assert.equal(sent[0]?.url.searchParams.has('limit'), false)
})

for (const body of [{ patients: [{ patientid: 7 }] }, [{ patientid: 7 }]]) {
  test(`found patients are read from ${JSON.stringify(body)}`, async () => {
    const { practice } = testClient([{ body }])
    assert.deepEqual((await practice.patients.search({ searchterm: 'oka' }).fetchPage()).items, [{ patientid: '7' }])
  })
}

/** athenahealth's Best Practices page, read 2026-11. */
for (const [field, charactersMax] of [
  ['firstname', 20],
  ['lastname', 30],
  ['middlename', 20],
  ['preferredname', 20],
  ['homephone', 20],
  ['address1', 100],
  ['address2', 100],
  ['guarantoraddress1', 100],
  ['city', 30],
  ['guarantorcity', 30],
  ['state', 10],
  ['guarantorstate', 10],
  ['zip', 10],
  ['guarantorzip', 10],
  ['ssn', 13],
  ['guarantorssn', 13],
  ['employername', 100],
  ['contactname', 50],
  ['email', 50],
  ['guarantoremail', 50],
  ['employercity', 40],
  ['employeraddress', 80],
  ['suffix', 10],
  ['guarantorsuffix', 10],
  ['guarantorlastname', 20],
  ['nextkinname', 20],
  ['referralsourceother', 20],
] as const) {
  test(`${field} takes ${charactersMax} characters, and one more is refused by name without being sent`, async () => {
    const { practice, sent } = testClient([{ body: [{ patientid: '7' }] }])
    // Characters of two UTF-16 units each: characters are counted, not units.
    await practice.patients.update(7, { [field]: '𝒳'.repeat(charactersMax) })
    const longer = practice.patients.update(7, { [field]: '𝒳'.repeat(charactersMax + 1) })
    await assert.rejects(longer, (error: AthenaError) => {
      assert.equal(error.code, 'field-too-long')
      assert.deepEqual(error.invalidFields, [field])
      assert.ok(!error.message.includes('𝒳'))
      return true
    })
    assert.equal(sent.length, 1)
  })
}

test('all fields that are too long are named at once, and a new patient is held to the same lengths', async () => {
  const { practice, sent } = testClient([])
  const create = practice.patients.create({ ...identity, lastname: 'x'.repeat(31), zip: '1'.repeat(11) })
  await assert.rejects(create, { code: 'field-too-long', invalidFields: ['lastname', 'zip'] })
  assert.equal(sent.length, 0)
})

for (const field of ['notes', 'race', 'customfields', 'departmentid', 'primaryproviderid', 'language6392code', 'dob']) {
  test(`${field} is not held to a length`, () => assert.equal(patientFieldMax(field), undefined))
}
