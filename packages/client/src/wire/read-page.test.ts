import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appointmentShape } from '../records/appointment.ts'
import { departmentShape } from '../records/practice-records.ts'
import { type ListShape, readPage, readPageValue } from './read-page.ts'

const departments: ListShape<unknown> = { key: 'departments', keyConfirmed: true, bare: false, record: departmentShape }
const unconfirmed: ListShape<unknown> = { ...departments, keyConfirmed: false }
const bare: ListShape<unknown> = { ...departments, bare: true }

function ids(shape: ListShape<unknown>, body: unknown, offset = 0): unknown {
  const reading = typeof body === 'string' ? readPage(shape, body) : readPageValue(shape, body, offset)
  return reading.ok ? reading.page.items.map((item) => Reflect.get(Object(item), 'departmentid')) : reading.problem
}

const one = [{ departmentid: 1 }]
const decoy = [{ departmentid: 99 }]

for (const [title, shape, body, expected] of [
  ['is found by its key', departments, { departments: one, totalcount: 1 }, ['1']],
  ['is found behind other lists', departments, { alerts: decoy, zone: [], departments: one }, ['1']],
  ['is found before other lists', departments, { departments: one, alerts: decoy }, ['1']],
  ['may be absent', departments, {}, []],
  ['may be absent beside other lists', departments, { alerts: decoy }, []],
  ['may be null', departments, { departments: null }, []],
  ['may be an empty text', departments, { departments: '' }, []],
  ['may be an empty object', departments, { departments: {} }, []],
  ['may be a body of []', departments, [], []],
  ['may be a body of ""', departments, '""', []],
  ['may be empty though records are counted', departments, { departments: [], totalcount: '34' }, []],
  ['is missed when absent though records are counted', departments, { totalcount: '34' }, 'list-missing'],
  ['is missed when null though records are counted', departments, { departments: null, totalcount: 2 }, 'list-missing'],
  ['is missed when null beside an error', departments, { departments: null, error: 'no' }, 'list-missing'],
  ['is missed when the body speaks of an error', departments, { error: 'no' }, 'list-missing'],
  ['is missed when the body speaks of a fault', departments, { fault: { faultstring: 'no' } }, 'list-missing'],
  ['is missed when the body has an error message', departments, { errormessage: 'no' }, 'list-missing'],
  ['may be absent beside an error that is empty', departments, { error: '', errormessage: null, fault: {} }, []],
  ['is not a text', departments, { departments: 'none' }, 'not-a-list'],
  ['is not an object', departments, { departments: { departmentid: 1 } }, 'not-a-list'],
  ['is not a bare list where none is declared', departments, one, 'not-a-list'],
  ['may be the body where that is declared', bare, one, ['1']],
  ['under an unconfirmed key is missed when another list stands there', unconfirmed, { sites: one }, 'list-missing'],
  ['under an unconfirmed key may be absent', unconfirmed, { sites: [], names: ['x'] }, []],
  ['is no list when the body says no', departments, { success: 'false', departments: one }, 'rejected'],
  ['is no list in an empty body', departments, '', 'empty'],
  ['is no list in HTML', departments, '<html></html>', 'html'],
] as const) {
  test(`a list ${title}`, () => {
    assert.deepEqual(ids(shape, body), expected)
  })
}

for (const [title, body, offset, doubtful] of [
  ['with an empty list', { departments: [] }, 0, undefined],
  ['with an empty list and a count of 0', { departments: [], totalcount: '0' }, 0, undefined],
  ['with a count of 0 alone', { totalcount: 0 }, 0, undefined],
  ['past the end of what is counted', { departments: [], totalcount: 34 }, 34, undefined],
  ['though records are counted', { departments: [], totalcount: 34 }, 33, true],
  ['with a list that is null', { departments: null }, 0, true],
  ['without a list', {}, 0, true],
  ['that is an empty list itself', [], 0, true],
  ['of null', null, 0, true],
  ['about something else', { message: 'queued' }, 0, true],
  ['beside an error', { departments: [], error: 'Internal timeout.' }, 0, true],
  ['that counts none beside a fault', { departments: [], totalcount: 0, fault: { faultstring: 'no' } }, 0, true],
  ['beside an error that is empty', { departments: [], error: '', errormessage: null }, 0, undefined],
] as const) {
  test(`an empty body ${title} is ${doubtful ? '' : 'not '}doubtful`, () => {
    const reading = readPageValue(departments, body, offset)
    assert.equal(reading.ok && reading.page.doubtful, doubtful)
  })
}

test('records beside an error are read, and may not be all', () => {
  const reading = readPageValue(departments, { departments: one, error: 'timed out' })
  assert.deepEqual(
    [ids(departments, { departments: one, error: 'timed out' }), reading.ok && reading.page.doubtful],
    [['1'], true],
  )
})

test('a page past the end may lack its list though records are counted', () => {
  assert.deepEqual(ids(departments, { totalcount: 34 }, 34), [])
  assert.equal(ids(departments, { totalcount: 34 }, 33), 'list-missing')
})

test('a stored page is not judged by its count again', () => {
  assert.deepEqual(readPage(departments, '{"totalcount":34}'), {
    ok: true,
    page: { items: [], faults: [], totalCount: 34 },
  })
  assert.equal(readPage(departments, '{"error":"x"}').ok, false)
})

test('one unreadable record is named and does not cost the others', () => {
  const shape: ListShape<unknown> = { key: 'appointments', keyConfirmed: true, bare: false, record: appointmentShape }
  const appointments = [
    { appointmentid: '1', date: '06/02/2020', duration: '15' },
    { date: '06/02/2020' },
    null,
    { appointmentid: 'with a digit too many' },
    { appointmentid: 5, date: '06/31/2020', duration: 'long', urgent: 'perhaps', extra: { kept: [1] } },
  ]
  const text = JSON.stringify({ appointments, next: '', totalcount: 'many' })
  const reading = readPage(shape, text.replace('"with a digit too many"', '9007199254740993'))
  assert.deepEqual(reading, {
    ok: true,
    page: {
      items: [
        { appointmentid: '1', date: '2020-06-02', duration: 15 },
        { appointmentid: '9007199254740993' },
        { appointmentid: '5', extra: { kept: [1] } },
      ],
      faults: [
        { index: 1, sent: { date: '06/02/2020' } },
        { index: 2, sent: null },
        { index: 4, field: 'date', sent: '06/31/2020' },
        { index: 4, field: 'duration', sent: 'long' },
        { index: 4, field: 'urgent', sent: 'perhaps' },
      ],
    },
  })
})

test('any JSON is read or refused, and every record is an item or a fault', () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ departments: fc.jsonValue(), totalcount: fc.jsonValue(), next: fc.jsonValue() }, { requiredKeys: [] }),
    fc.record({ departments: fc.array(fc.oneof(fc.jsonValue(), fc.record({ departmentid: fc.jsonValue() }))) }),
  )
  fc.assert(
    fc.property(body, fc.constantFrom(departments, unconfirmed, bare), (value, shape) => {
      const reading = readPage(shape, JSON.stringify(value))
      if (!reading.ok) return
      const list: unknown = Array.isArray(value) ? value : Reflect.get(Object(value), 'departments')
      const lost = new Set(reading.page.faults.filter((fault) => fault.field === undefined).map((fault) => fault.index))
      assert.equal(reading.page.items.length + lost.size, Array.isArray(list) ? list.length : 0)
    }),
    { numRuns: 500 },
  )
})
