/** What a person who knows practices would look for in three weeks of a simulated one. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { statusOf } from '../practice/appointment-table.ts'
import { dayMs, dayOf, weekdayOf } from '../practice/calendar-date.ts'
import { createPractice, stateOf } from '../practice/create-practice.ts'
import { householdOf } from '../practice/household.ts'
import { patientStatus } from '../practice/patient-table.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { startOf } from '../practice/populate-schedule.ts'
import { listed } from '../practice/practice-state.ts'
import { wallTime } from '../practice/zone-time.ts'
import { startDay } from './start-day.ts'

/** Monday 9 November 2026; Thanksgiving is on the 26th. */
const firstDay = dayOf(2026, 11, 9)
const startAt = firstDay * dayMs + 5 * 3_600_000
const days = 21
/** What a practice of this size makes by day, not what a demo shows. */
const changesPerHour = 60
const thanksgiving = dayOf(2026, 11, 26)
const [sunday, saturday] = [0, 6]

const clock = new VirtualClock({ startAt, speed: 0 })
const practice = createPractice({ id: 195900, seed: 3, patients: 900, now: () => clock.now() })
const state = stateOf(practice)
const { appointments: table, patients } = state

interface Seen extends PracticeEvent {
  readonly record: Record<string, unknown>
}
const events: Seen[] = []
const surnameBefore = new Map<string, unknown>()

before(() => {
  for (const id of practice.ids('patients')) surnameBefore.set(id, practice.wireRecord('patients', id)?.['lastname'])
  practice.onEvent((event) => {
    const record = practice.wireRecord(event.feed, event.id) ?? {}
    events.push({ ...event, record })
  })
  startDay(practice, { clock, seed: 3, ratePerHour: changesPerHour })
  clock.advance(days * dayMs)
})

const lived = (day: number): boolean => day >= firstDay && day < firstDay + days

/** Positions of the rows of the days lived through. */
function rows(): number[] {
  return Array.from({ length: table.count }, (_, position) => position).filter((position) =>
    lived(table.day.get(position)),
  )
}

const share = (some: number, all: number): number => (all === 0 ? 0 : some / all)

function assertBetween(value: number, [low, high]: readonly [number, number], what: string): void {
  assert.ok(value >= low && value <= high, `${what}: ${value.toFixed(3)} is not within ${low} and ${high}`)
}

/** What became of every appointment that somebody was booked into. */
function outcomes() {
  const booked = rows().filter((position) => table.patient.get(position) !== 0)
  const cancelledFor = (position: number): string | undefined => table.cancellations.get(position)?.reasonId
  const seen = booked.filter((position) => ['3', '4'].includes(statusOf(table, position)))
  const missed = booked.filter(
    (position) => cancelledFor(position) === '2' || (statusOf(table, position) === 'f' && isOver(position)),
  )
  const cancelled = booked.filter((position) => statusOf(table, position) === 'x' && cancelledFor(position) !== '2')
  return { booked, seen, missed, cancelled }
}

const isOver = (position: number): boolean => startOf(state, position) < clock.now() - dayMs

test('nobody is booked on Sundays, on a holiday, or over lunch; Saturdays end at noon', () => {
  for (const position of rows()) {
    const [day, start] = [table.day.get(position), table.start.get(position)]
    assert.notEqual(weekdayOf(day), sunday)
    assert.notEqual(day, thanksgiving)
    const template = table.template.get(position) === 0 && table.minutes.get(position) <= 30
    if (template) assert.ok(start + table.minutes.get(position) <= 720 || start >= 780, `a slot at minute ${start}`)
    if (weekdayOf(day) === saturday) assert.ok(start < 720)
  }
})

test('Mondays are fuller than Fridays, and few are seen on Saturdays', () => {
  const { seen } = outcomes()
  const filled = (weekday: number): number => {
    const onDay = (position: number): boolean => weekdayOf(table.day.get(position)) === weekday
    return share(seen.filter(onDay).length, rows().filter(onDay).length)
  }
  assert.ok(filled(1) > filled(5), `${filled(1)} of Mondays, ${filled(5)} of Fridays`)
  const onSaturdays = seen.filter((position) => weekdayOf(table.day.get(position)) === saturday).length
  assertBetween(share(onSaturdays, seen.length), [0, 0.1], 'share seen on Saturdays')
})

test('one appointment in twenty is missed, and the desk notes most of them', () => {
  const { seen, missed } = outcomes()
  assertBetween(share(missed.length, missed.length + seen.length), [0.03, 0.09], 'share of no-shows')
  const noted = missed.filter((position) => table.cancellations.get(position)?.reasonId === '2')
  assertBetween(share(noted.length, missed.length), [0.6, 0.97], 'share of the missed that were noted')
  for (const position of noted) {
    assert.ok((table.cancellations.get(position)?.at ?? 0) > startOf(state, position), 'noted before it was missed')
  }
})

test('some cancel within a day of their appointment, more do so earlier', () => {
  const { cancelled } = outcomes()
  const notice = cancelled.map((position) => startOf(state, position) - (table.cancellations.get(position)?.at ?? 0))
  const late = notice.filter((ms) => ms >= 0 && ms < dayMs).length
  assertBetween(share(late, notice.length), [0.05, 0.5], 'share of late cancellations')
})

test('the desk works in office hours; patients book by themselves at any hour', () => {
  const bookings = events.filter(({ name }) => name === 'ScheduleAppointment')
  assert.ok(bookings.length > 1000)
  for (const { at, record } of bookings) {
    if (record['scheduledby'] === 'PORTAL') continue
    const department = state.departments.find(({ id }) => id === record['departmentid'])
    const { seconds, day } = wallTime(listed(state.departments, department?.index ?? 0).zone, at)
    const hour = Math.floor(seconds / 3600)
    assert.ok(hour >= 6 && hour <= 21 && weekdayOf(day) !== sunday, `${String(record['scheduledby'])} at ${hour} h`)
  }
  const online = bookings.filter(({ record }) => record['scheduledby'] === 'PORTAL').length
  assertBetween(share(online, bookings.length), [0.1, 0.5], 'share booked online')
})

test('waiting times grow and shrink within a provider’s day, and nobody is in two rooms at once', () => {
  const byProvider = new Map<number, number[]>()
  for (const position of outcomes().seen) {
    const key = table.provider.get(position) * 100_000 + table.day.get(position)
    byProvider.set(key, [...(byProvider.get(key) ?? []), position])
  }
  const waits: number[] = []
  for (const positions of byProvider.values()) {
    const ends = positions.map((position) => table.checkedOutAt.get(position)).sort((a, b) => a - b)
    assert.equal(new Set(ends).size, ends.length, 'two visits of a provider end in the same second')
    for (const position of positions) {
      const ends = table.checkedOutAt.get(position) - table.minutes.get(position) * 60
      waits.push(ends - Math.floor(startOf(state, position) / 1000))
    }
  }
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length / 60
  assertBetween(mean, [0, 40], 'minutes by which visits begin late on average')
})

test('households share a telephone and a street; twins a birthday; couples mostly a name', () => {
  const members = new Map<string, Map<number, Record<string, unknown>>>()
  for (let id = 1; id <= patients.seeded; id += 1) {
    const { kind, first, size } = householdOf(patients.seed, id)
    if (size === 1 || first + size - 1 > patients.seeded) continue
    const record = practice.wireRecord('patients', String(id))
    if (record === undefined || patientStatus(patients, id) === 'merged') continue
    const key = `${kind} ${first}`
    members.set(key, (members.get(key) ?? new Map()).set(id, record))
  }
  const together = [...members].filter(([kind]) => !/^(twice|flatmates)/.test(kind))
  const sharing = (field: string): number =>
    together.filter(([, records]) => new Set([...records.values()].map((record) => record[field])).size === 1).length
  assertBetween(share(sharing('homephone'), together.length), [0.8, 1], 'households with one telephone')
  assertBetween(share(sharing('address1'), together.length), [0.85, 1], 'households with one address')
  const twins = [...members].filter(([kind]) => kind.startsWith('twins'))
  assert.ok(twins.length >= 3, `${twins.length} households with twins`)
  for (const [, records] of twins) {
    const [last, secondLast] = [...records].sort(([a], [b]) => b - a)
    assert.equal(last?.[1]['dob'], secondLast?.[1]['dob'])
    assert.notEqual(last?.[1]['firstname'], secondLast?.[1]['firstname'])
  }
})

test('few people change their name, and those who do have married', () => {
  const renamed = [...practice.ids('patients')].filter((id) => {
    const before = surnameBefore.get(id)
    const now = practice.wireRecord('patients', id)?.['lastname']
    return (
      before !== undefined && now !== undefined && before !== now && patientStatus(patients, Number(id)) !== 'merged'
    )
  })
  assertBetween(renamed.length, [3, 60], 'renamed')
  for (const id of renamed) assert.equal(practice.wireRecord('patients', id)?.['maritalstatusname'], 'MARRIED')
})

test('children are born, people are registered twice and merged, charts are restricted', () => {
  const added = events.filter(({ name }) => name === 'AddPatient')
  const born = added.filter(({ record, at }) => {
    const [month = 0, day = 0, year = 0] = String(record['dob']).split('/').map(Number)
    return at - dayOf(year, month, day) * dayMs < 20 * dayMs
  })
  assert.ok(born.length >= 3, `${born.length} born`)
  assert.ok(events.filter(({ name }) => name === 'MergePatient').length >= 3)
  const restricted = Array.from({ length: patients.count }, (_, index) => patients.restricted.get(index + 1))
  assert.ok(restricted.includes(1))
})
