import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tinySimulator } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'
import { resolveOptions } from '../server/options.ts'

const cases = '/v1/195900/documents/patientcase/changed'
const caseAdded = { feed: 'documents/patientcase', name: 'PatientCaseAdd', id: '31', departmentId: '1' } as const

test('a feed has the keys and event names of the table unless others are given', async (t) => {
  const { call, practice } = await tinySimulator(t, { activationLagMs: 0 })
  assert.deepEqual((await call(`${cases}/subscription/events`)).body.subscriptions?.[0], {
    eventname: 'PatientCaseAdd',
  })
  await call(`${cases}/subscription`, { method: 'POST', form: 'eventname=PatientCaseAdd' })
  practice.change(caseAdded)
  assert.deepEqual((await call(cases)).body, { patientcases: [{ id: '31' }], totalcount: 1 })
})

test('a feed whose names are given uses them to list, to subscribe and to deliver', async (t) => {
  const { call, practice } = await tinySimulator(t, {
    activationLagMs: 0,
    feedKeys: { 'documents/patientcase': 'cases' },
    feedEvents: { 'documents/patientcase': { PatientCaseAdd: 'CaseOpened' } },
  })
  const unknown = await call(`${cases}/subscription`, { method: 'POST', form: 'eventname=PatientCaseAdd' })
  assert.equal(unknown.status, 400)
  await call(`${cases}/subscription`, { method: 'POST', form: 'eventname=CaseOpened' })
  practice.change(caseAdded)
  practice.change({ ...caseAdded, name: 'PatientCaseUpdate', id: '32' })
  assert.deepEqual((await call(cases)).body, { cases: [{ id: '31' }], totalcount: 1 })
})

const refused: readonly (readonly [what: string, options: unknown, message: RegExp])[] = [
  ['a key of a feed that is not there', { feedKeys: { cases: 'x' } }, /feedKeys: no feed "cases"; there are appoint/],
  ['a key that is no text', { feedKeys: { patients: 7 } }, /feedKeys: give names as text/],
  ['an event that the feed has not', { feedEvents: { labresults: { Added: 'x' } } }, /has LabResultAdd.*not "Added"/],
]
for (const [what, options, message] of refused) {
  test(`${what} is refused`, () => {
    // Unchecked options, as a file or a plain JavaScript caller may give.
    assert.throws(
      () => resolveOptions(options as SimulatorOptions),
      (error) => {
        return error instanceof TypeError && message.test(error.message)
      },
    )
  })
}
