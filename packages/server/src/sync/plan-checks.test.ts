import assert from 'node:assert/strict'
import test from 'node:test'
import { type CheckFacts, pagesTonight, planNightlyAppointments } from './plan-checks.ts'
import { dateIn, planAppointments } from './plan-snapshot.ts'
import { defaultSyncSettings as settings } from './sync-settings.ts'

const day = 86_400_000
const today = Date.UTC(2026, 2, 2, 4)

function facts(rest: Partial<CheckFacts> = {}): CheckFacts {
  const now = rest.now ?? today
  return {
    now,
    departments: ['1', '2'],
    settings,
    heldFrom: null,
    heldUntil: { any: null, open: null },
    turn: 0,
    shownUntil: { booked: dateIn(settings.bookedDaysAhead, now), open: dateIn(settings.slotDaysAhead, now) },
    ...rest,
  }
}

/** Days whose booked appointments some lists show. */
function shown(segments: ReturnType<typeof planNightlyAppointments>): Set<string> {
  const days = new Set<string>()
  for (const segment of segments) {
    if (segment.list !== 'booked') continue
    for (let at = Date.parse(segment.from); at <= Date.parse(segment.to); at += day)
      days.add(new Date(at).toISOString().slice(0, 10))
  }
  return days
}

test('every day that is in the window for a week is read within it, in any seven nights', () => {
  for (let turn = 0; turn < 7; turn += 1) {
    const seen = new Set<string>()
    for (let night = 0; night < 7; night += 1) {
      const now = today + night * day
      for (const date of shown(planNightlyAppointments(facts({ now, turn: turn + night })))) seen.add(date)
    }
    for (let ahead = -settings.bookedDaysBack + 7; ahead <= settings.bookedDaysAhead; ahead += 1)
      assert.ok(seen.has(dateIn(ahead, today)), `day ${ahead} from turn ${turn} on`)
  }
})

test('a night reads about a seventh', () => {
  assert.equal(shown(planNightlyAppointments(facts({ turn: 3 }))).size, 15)
})

test('days that came into the window since they were read last are read on the first night', () => {
  const since = { booked: dateIn(settings.bookedDaysAhead - 2, today), open: dateIn(settings.slotDaysAhead - 2, today) }
  const segments = planNightlyAppointments(facts({ shownUntil: since }))
  assert.ok(shown(segments).has(dateIn(settings.bookedDaysAhead, today)))
  assert.deepEqual(
    segments.filter((segment) => segment.list === 'open'),
    ['1', '2'].map((departmentId) => ({
      list: 'open',
      departmentId,
      from: dateIn(settings.slotDaysAhead - 1, today),
      to: dateIn(settings.slotDaysAhead, today),
    })),
  )
})

test('after a gap all other days are read too, but only what changed since, a quarter of a year a call', () => {
  const missedSince = Date.UTC(2026, 1, 27, 15)
  const plain = planAppointments(facts({ heldFrom: '2025-07-01' }))
  const segments = planAppointments(facts({ heldFrom: '2025-07-01', missedSince }))
  const changed = segments.slice(plain.length)
  assert.deepEqual(segments.slice(0, plain.length), plain)
  assert.ok(changed.every((segment) => segment.list === 'booked' && segment.modifiedSince === '2026-02-26T10:00:00'))
  const days = shown(segments)
  for (let ahead = -244; ahead <= 365; ahead += 1) assert.ok(days.has(dateIn(ahead, today)), `day ${ahead}`)
  assert.ok(changed.length < 10)
  for (const segment of changed) {
    if (segment.list !== 'booked') continue
    assert.ok((Date.parse(segment.to) - Date.parse(segment.from)) / day + 1 <= settings.changedWindowDays)
  }
})

for (const [pages, nightsGone, tonight] of [
  [1_000, 0, 36],
  [6, 0, 1],
  [500, 14, 36],
  [100, 27, 100],
  [100, 40, 100],
] as const) {
  test(`with ${pages} pages left after ${nightsGone} nights of 28, ${tonight} are read`, () => {
    const run = { pages, beganAt: today, days: 28 }
    assert.equal(pagesTonight(run, today + nightsGone * day + 1), tonight)
  })
}
