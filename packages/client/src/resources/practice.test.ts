import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../athena-call.ts'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import type { AthenaPractice } from './athena-practice.ts'

/** Reads by id: the call, and where it goes. */
const reads: readonly (readonly [string, (practice: AthenaPractice) => Promise<Answer<unknown>>, string])[] = [
  ['departmentid', (practice) => practice.departments.get(7), '/departments/7'],
  ['providerid', (practice) => practice.providers.get('7'), '/providers/7'],
  ['patientid', (practice) => practice.patients.get(7, { departmentid: 1 }), '/patients/7?departmentid=1'],
  ['appointmentid', (practice) => practice.appointments.get(7), '/appointments/7'],
]

for (const [idField, read, path] of reads) {
  const about = (id: unknown): Reply => ({ body: [{ [idField]: id, extra: { kept: true } }] })
  for (const [title, reply, expected] of [
    ['the record asked for', about('7'), 'ok'],
    ['the record asked for, its id a number', about(7), 'ok'],
    ['the record alone', { body: { [idField]: 7 } }, 'ok'],
    ['the record second of two', { body: [{ [idField]: 8 }, { [idField]: 7 }] }, 'ok'],
    ['another record', about('8'), 'wrong-record'],
    ['the id with a leading zero', about('07'), 'wrong-record'],
    ['an empty list', { body: [] }, 'not-found'],
    ['a 404 of athenahealth’s', { status: 404, body: { error: 'none' } }, 'not-found'],
    ['a 404 of a gateway’s', { status: 404, body: 'Service not registered with API gateway.' }, 'configuration'],
    ['a record without id', { body: [{ name: 'x' }] }, 'malformed-response'],
    ['another record, its id a number that is not exact', about(9_007_199_254_740_993), 'wrong-record'],
    ['an empty object', { body: {} }, 'malformed-response'],
    ['a text', { body: '"7"' }, 'malformed-response'],
    ['a list of texts', { body: ['7'] }, 'malformed-response'],
  ] as const satisfies readonly (readonly [string, Reply, string])[]) {
    test(`GET ${path} answered with ${title} is ${expected}`, async () => {
      const { practice, sent } = testClient([reply])
      const outcome = await read(practice).then(
        ({ value }) => (Reflect.get(Object(value), idField) === '7' ? 'ok' : value),
        (error: { code: string }) => error.code,
      )
      assert.equal(outcome, expected)
      assert.equal(`${sent[0]?.url.pathname}${sent[0]?.url.search}`, `/v1/195900${path}`)
    })
  }
}

for (const id of ['../patients', '7/../8', '7?x=1', '', ' 7', '7%2f8']) {
  test(`the id ${JSON.stringify(id)} cannot lead a read astray`, async () => {
    const { practice, sent } = testClient([])
    await assert.rejects(practice.patients.get(id), { code: 'invalid-argument', invalidFields: ['patientid'] })
    assert.equal(sent.length, 0)
  })
}

test('fields that cannot be read are left out and named, the rest is there', async () => {
  const { practice } = testClient([{ body: [{ patientid: 7, dob: '02/30/1990', lastname: 'Okafor', homebound: 'Y' }] }])
  const { value, unreadable } = await practice.patients.get(7)
  assert.deepEqual(value, { patientid: '7', lastname: 'Okafor', homebound: true })
  assert.deepEqual(unreadable, ['dob'])
})

for (const [title, body, expected] of [
  ['this practice', { practiceinfo: [{ practiceid: 195_900, name: 'A' }] }, '195900'],
  ['this practice among others', { practiceinfo: [{ practiceid: 1 }, { practiceid: '195900' }] }, '195900'],
  ['another practice', { practiceinfo: [{ practiceid: 195_901 }] }, 'wrong-record'],
  ['no practice', { practiceinfo: [] }, 'wrong-record'],
  ['no list', { practiceinfo: 'A' }, 'malformed-response'],
] as const) {
  test(`practice information about ${title} is ${expected}`, async () => {
    const { practice } = testClient([{ body }])
    const outcome = await practice.practiceInfo().then(
      ({ value }) => value.practiceid,
      (error: { code: string }) => error.code,
    )
    assert.equal(outcome, expected)
  })
}

test('an unknown practice is told apart from an unknown record', async () => {
  const { practice } = testClient([{ status: 404, body: { error: 'Invalid practice.' } }])
  await assert.rejects(practice.practiceInfo(), { code: 'unknown-practice' })
})

test('types and reasons of appointments are listed', async () => {
  const { practice, sent } = testClient([
    { body: { appointmenttypes: [{ appointmenttypeid: 2, duration: '10', generic: 'true' }] } },
    { body: { patientappointmentreasons: [{ reasonid: '563', schedulingminhours: '48' }] } },
  ])
  const types = await practice.appointmentTypes.list().fetchPage()
  assert.deepEqual(types.items, [{ appointmenttypeid: '2', duration: 10, generic: true }])
  const reasons = await practice.appointmentReasons.list({ departmentid: 1, providerid: 2 }).fetchPage()
  assert.deepEqual(reasons.items, [{ reasonid: '563', schedulingminhours: 48 }])
  assert.equal(sent[1]?.url.search, '?departmentid=1&providerid=2&limit=1500')
})
