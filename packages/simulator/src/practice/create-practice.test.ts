import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday } from '../../testing/practice-api.ts'
import { assertCalendarIsSound, assertListsAreSound } from '../../testing/sound-practice.ts'
import { weekdayOf } from './calendar-date.ts'
import { createPractice, stateOf } from './create-practice.ts'
import type { Practice } from './practice.ts'
import { startOf } from './populate-schedule.ts'

const kinds = ['departments', 'appointmenttypes', 'providers', 'patients', 'appointments'] as const

function make(options: { seed?: number; id?: number; patients?: number; now?: number } = {}): Practice {
  const { seed = 7, id = 195900, patients = 200, now = monday } = options
  return createPractice({ id, seed, patients, now: () => now })
}

/** Every record in full, social security numbers too. */
function everything(practice: Practice): unknown[] {
  return kinds.flatMap((kind) =>
    [...practice.ids(kind)].map((id) => practice.wireRecord(kind, id, { fullSsn: true, insurance: true })),
  )
}

function records(practice: Practice, kind: (typeof kinds)[number]): Record<string, unknown>[] {
  return [...practice.ids(kind)].map((id) => practice.wireRecord(kind, id, { fullSsn: true, insurance: true }) ?? {})
}

test('the same seed, id, size and time make the same practice', () => {
  assert.deepEqual(everything(make()), everything(make()))
})

for (const [what, other] of [
  ['seed', { seed: 8 }],
  ['practice id', { id: 195901 }],
  ['time', { now: monday + 86_400_000 }],
] as const) {
  test(`another ${what} makes another practice`, () => {
    assert.notDeepEqual(everything(make()), everything(make(other)))
  })
}

test('there are departments in five zones, one of them without daylight saving', () => {
  const departments = records(make(), 'departments')
  const zones = new Set(departments.map((department) => department['timezonename']))
  assert.ok(departments.length >= 5)
  assert.deepEqual(zones, new Set(['US/Arizona', 'US/Central', 'US/Eastern', 'US/Mountain', 'US/Pacific']))
  for (const department of departments) {
    assert.equal(department['doesnotobservedst'], department['timezonename'] === 'US/Arizona')
  }
})

test('the current offset of a department follows daylight saving, the standard one does not', () => {
  const offsets = (now: number) =>
    records(make({ now, patients: 100 }), 'departments').map((department) => department['timezone'])
  assert.deepEqual(offsets(Date.UTC(2026, 6, 1)), [-4, -4, -5, -6, -7, -7, -4])
  assert.deepEqual(offsets(Date.UTC(2026, 11, 1)), [-5, -5, -6, -7, -7, -8, -5])
  const standard = records(make(), 'departments').map((department) => department['timezoneoffset'])
  assert.deepEqual(standard, [-5, -5, -6, -7, -7, -8, -5])
})

test('no invented person has a number, address or e-mail that could be real', () => {
  for (const patient of records(make({ patients: 400 }), 'patients')) {
    for (const [name, value] of Object.entries(patient)) {
      if (typeof value !== 'string' || value === '') continue
      if (name.endsWith('phone')) assert.match(value, /^\d{3}55501\d\d$/, name)
      if (name.endsWith('ssn')) assert.match(value, /^9876543\d\d$/, name)
      if (name.endsWith('email')) assert.match(value, /@example\.com$/, name)
    }
    assert.doesNotMatch(JSON.stringify(patient), /undefined|NaN/)
  }
})

test('social security numbers are masked to their last four digits unless asked for in full', () => {
  const practice = make()
  for (const id of practice.ids('patients')) {
    const masked = practice.wireRecord('patients', id) ?? {}
    const full = practice.wireRecord('patients', id, { fullSsn: true }) ?? {}
    assert.match(String(masked['ssn']), /^\*{5}43\d\d$/)
    assert.equal(String(masked['ssn']).slice(-4), String(full['ssn']).slice(-4))
    assert.match(String(masked['guarantorssn']), /^\*{5}43\d\d$/)
  }
})

test('appointments reach from 30 days ago to 60 days ahead, in working hours of their department', () => {
  const practice = make({ patients: 1000 })
  const { appointments: table, departments, openedAt } = stateOf(practice)
  const state = stateOf(practice)
  let [first, last] = [Infinity, -Infinity]
  for (let position = 0; position < table.count; position += 1) {
    const daysAhead = (startOf(state, position) - openedAt) / 86_400_000
    first = Math.min(first, daysAhead)
    last = Math.max(last, daysAhead)
    const department = departments[table.department.get(position)]
    assert.ok(department !== undefined)
    assert.notEqual(weekdayOf(table.day.get(position)), 0, 'nobody works on Sundays')
    assert.ok(table.start.get(position) >= department.opens)
    assert.ok(table.start.get(position) + table.minutes.get(position) <= department.closes)
  }
  assert.ok(first > -31 && first < -28 && last > 57 && last < 61, `${first} to ${last}`)
})

test('what is past was visited, missed or cancelled; what is ahead is booked, open or cancelled', () => {
  const practice = make({ patients: 1000 })
  const state = stateOf(practice)
  const counts = { past: new Map<unknown, number>(), ahead: new Map<unknown, number>() }
  for (const [position, record] of records(practice, 'appointments').entries()) {
    const side = startOf(state, position) < monday - 3_600_000 ? counts.past : counts.ahead
    side.set(record['appointmentstatus'], (side.get(record['appointmentstatus']) ?? 0) + 1)
  }
  assert.deepEqual(
    [...counts.ahead.keys()].filter((status) => status === '3' || status === '4'),
    [],
  )
  for (const status of ['4', 'x', 'f', 'o']) assert.ok((counts.past.get(status) ?? 0) > 0, `no past ${status}`)
  for (const status of ['f', 'o', 'x']) assert.ok((counts.ahead.get(status) ?? 0) > 0, `no ${status} ahead`)
})

test('a new practice is sound, and nothing in it is dated after its making', () => {
  const practice = make({ patients: 500 })
  const state = stateOf(practice)
  assertCalendarIsSound(state)
  assertListsAreSound(state)
  for (let position = 0; position < state.appointments.count; position += 1) {
    assert.ok(state.appointments.modifiedAt.get(position) * 1000 <= monday)
    assert.ok(state.appointments.modifiedAt.get(position) > 0)
  }
})

for (const [patients, providers] of [
  [100, 12],
  [12_000, 12],
  [30_000, 30],
] as const) {
  test(`a practice of ${patients} patients has ${providers} providers, and patients 1 to ${patients}`, () => {
    const practice = make({ patients })
    assert.equal([...practice.ids('providers')].length, providers)
    const ids = [...practice.ids('patients')]
    assert.equal(ids.length, patients)
    assert.equal(ids.at(-1), String(patients))
    assert.equal(practice.wireRecord('patients', String(patients + 1)), undefined)
    assert.equal(practice.wireRecord('patients', '0'), undefined)
  })
}

test('a practice of another making is refused', () => {
  const stranger: Practice = { id: 1, onEvent: () => {}, wireRecord: () => undefined, ids: () => [] }
  assert.throws(() => stateOf(stranger), TypeError)
})
