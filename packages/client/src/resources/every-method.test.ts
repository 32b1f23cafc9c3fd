import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sampleOf } from '../../testing/sample-request.ts'
import { answerFor, callByName, tableMethods } from '../../testing/table-methods.ts'
import { testClient } from '../../testing/test-client.ts'
import { AthenaError } from '../athena-error.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import type { AthenaPractice } from './athena-practice.ts'

test('each method of a table sends its endpoint’s method, path and parameters', async () => {
  for (const method of tableMethods) {
    const { entry, name } = method
    const { practice, sent } = testClient([{ body: answerFor(method, [{}]) }])
    await callByName(practice, method)
    const [first] = sent
    assert.ok(first, name)
    const { url, body, call } = first
    assert.deepEqual([first.method, call.route, call.intensive], [entry.method, entry.path, entry.intensive], name)
    assert.equal(url.pathname, `/v1/195900${entry.path.replace(/\{\w+\}/g, 'x17')}`, name)
    const carried = entry.bodyEncoding === 'form' ? new URLSearchParams(body ?? '') : url.searchParams
    for (const param of entry.params.filter(({ place }) => place !== 'path')) {
      assert.equal(carried.get(param.name), sampleOf(param).sent, `${name} ${param.name}`)
    }
  }
})

test('each write of a table is sent once, whatever fails', async () => {
  for (const method of tableMethods.filter(({ entry }) => entry.method !== 'GET')) {
    const { practice, sent, run } = testClient([{ status: 503 }, 'repeat'])
    const failed = run(callByName(practice, method, 'required'))
    await assert.rejects(failed, { code: 'server-error', executed: 'unknown' }, method.name)
    assert.equal(sent.length, 1, method.name)
  }
})

test('each method names what is missing before anything is sent', async () => {
  for (const method of tableMethods) {
    const needed = method.entry.params.filter(({ required }) => required).map(({ name }) => name)
    if (needed.length === 0) continue
    const { practice, sent } = testClient([])
    const bare = { ...method, entry: { ...method.entry, params: [] } }
    const error: unknown = await callByName(practice, bare).catch((failure: unknown) => failure)
    assert.ok(error instanceof AthenaError && error.code === 'invalid-argument', method.name)
    assert.deepEqual([error.invalidFields, sent.length], [needed, 0], method.name)
  }
})

test('any JSON in place of a method’s answer is read or refused, and never crashes', async () => {
  const method = fc.constantFrom(...tableMethods.filter(({ how }) => how !== 'download'))
  const answered = fc.asyncProperty(method, fc.jsonValue(), async (wanted, value) => {
    const { practice } = testClient([{ body: JSON.stringify(value) }, 'repeat'])
    try {
      await callByName(practice, wanted, 'required')
    } catch (error) {
      assert.ok(error instanceof AthenaError, `${wanted.name}: ${String(error)}`)
    }
  })
  await fc.assert(answered, { numRuns: 600 })
})

test('any JSON in any field of a method’s record is read, or left out and named; unknown fields are kept', async () => {
  const method = fc.constantFrom(
    ...tableMethods.filter(({ how, entry }) => how !== 'download' && entry.method === 'GET'),
  )
  // Names that are known fields here and there, and one that nobody knows.
  const field = fc.constantFrom(
    'documentdate',
    'status',
    'departmentid',
    'pages',
    'success',
    'lastmodified',
    'x-unknown',
  )
  // A member of this name is dropped wherever it comes from; numbers that are not exact are read as text.
  const kept = fc.jsonValue().filter((value) => !/__proto__|\d{16}|\de\+/.test(JSON.stringify(value)))
  const answered = fc.asyncProperty(method, field, kept, async (wanted, name, value) => {
    const { practice } = testClient([{ body: JSON.stringify(answerFor(wanted, [{ [name]: value }])) }])
    const given: unknown = await callByName(practice, wanted, 'required').catch((error: unknown) => {
      assert.ok(error instanceof AthenaError, `${wanted.name}: ${String(error)}`)
    })
    if (name !== 'x-unknown' || given === undefined) return
    assert.ok(JSON.stringify(recordsOf(given)).includes(JSON.stringify({ [name]: value })), wanted.name)
  })
  await fc.assert(answered, { numRuns: 600 })
})

/** The methods that are written by hand, with something to send. */
const handWritten: Readonly<Record<string, (practice: AthenaPractice) => Promise<unknown>>> = {
  practiceInfo: (practice) => practice.practiceInfo(),
  'departments.list': ({ departments }) => departments.list().fetchPage(),
  'departments.get': ({ departments }) => departments.get(7),
  'providers.list': ({ providers }) => providers.list().fetchPage(),
  'providers.get': ({ providers }) => providers.get(7),
  'appointmentTypes.list': ({ appointmentTypes }) => appointmentTypes.list().fetchPage(),
  'appointmentReasons.list': ({ appointmentReasons }) =>
    appointmentReasons.list({ departmentid: 1, providerid: 2 }).fetchPage(),
  'patients.list': ({ patients }) => patients.list().fetchPage(),
  'patients.get': ({ patients }) => patients.get(7),
  'patients.survivorOf': ({ patients }) => patients.survivorOf(7),
  'patients.search': ({ patients }) => patients.search({ searchterm: 'x' }).fetchPage(),
  'patients.bestMatch': ({ patients }) => patients.bestMatch(identity).fetchPage(),
  'patients.create': ({ patients }) => patients.create({ ...identity, departmentid: 1 }),
  'patients.update': ({ patients }) => patients.update(7, {}),
  'appointments.open': ({ appointments }) => appointments.open({ departmentid: 1 }).fetchPage(),
  'appointments.booked': ({ appointments }) => appointments.booked(window).fetchPage(),
  'appointments.bookedMultipleDepartment': ({ appointments }) =>
    appointments.bookedMultipleDepartment(window).fetchPage(),
  'appointments.get': ({ appointments }) => appointments.get(7),
  'appointments.book': ({ appointments }) => appointments.book(7, { patientid: 5 }),
  'appointments.reschedule': ({ appointments }) => appointments.reschedule(7, { patientid: 5, newappointmentid: 8 }),
  'appointments.cancel': ({ appointments }) => appointments.cancel(7, { patientid: 5 }),
  'appointments.checkIn': ({ appointments }) => appointments.checkIn(7),
  'appointments.deleteSlot': ({ appointments }) => appointments.deleteSlot(7),
  'appointments.freeze': ({ appointments }) => appointments.freeze(7, { freeze: true }),
  'appointments.notes.list': ({ appointments }) => appointments.notes.list(7).fetchPage(),
  'appointments.notes.create': ({ appointments }) => appointments.notes.create(7, { notetext: 'x' }),
  'slots.create': ({ slots }) =>
    slots.create({ appointmentdate: '2026-03-02', appointmenttime: '10:00', departmentid: 1, providerid: 2 }),
  'feeds.events': ({ feeds }) => feeds.appointments.events(),
  'feeds.status': ({ feeds }) => feeds.appointments.status(),
  'feeds.drainPage': ({ feeds }) => feeds.appointments.drainPage({ limit: 5 }),
  'feed.peek': (practice) => practice.feed('labresults').peek({ limit: 5 }),
}
const identity = { firstname: 'Ada', lastname: 'Okafor', dob: '1990-05-01' }
const window = { startdate: '2026-03-02', enddate: '2026-03-08' }

/** JSON of any shape, and shapes that come close to what the methods read. */
const nearlyRight = fc.jsonValue().chain((value) =>
  fc.constantFrom<unknown>(
    value,
    [
      {
        patientid: '7',
        appointmentid: '7',
        departmentid: '7',
        providerid: '7',
        dob: value,
        date: value,
        race: value,
      },
    ],
    { patients: value, appointments: value, departments: value, notes: value, totalcount: value, next: value },
    { appointments: [value], labresults: [value], subscriptions: value, status: value },
    { appointmentids: value, success: value, message: value },
    [{ patientid: value, appointmentid: value, previouspatientids: value }],
  ),
)

test('any JSON in place of a hand-written method’s answer, or in its fields, is read or refused, and never crashes', async () => {
  const answered = fc.asyncProperty(fc.constantFrom(...Object.keys(handWritten)), nearlyRight, async (name, value) => {
    const { practice } = testClient([{ body: JSON.stringify(value) }, 'repeat'])
    try {
      await handWritten[name]?.(practice)
    } catch (error) {
      assert.ok(error instanceof AthenaError, `${name}: ${String(error)}`)
    }
  })
  await fc.assert(answered, { numRuns: 1_500 })
})

/** What an answer or a page brought. */
function recordsOf(given: unknown): unknown {
  return isPlainObject(given) && 'items' in given ? given['items'] : Reflect.get(Object(given), 'value')
}
