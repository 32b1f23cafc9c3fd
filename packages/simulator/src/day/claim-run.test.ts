import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday } from '../../testing/practice-api.ts'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { dayMs } from '../practice/calendar-date.ts'
import { createPractice } from '../practice/create-practice.ts'
import type { PracticeEvent } from '../practice/practice.ts'
import { startDay } from './start-day.ts'

function begin() {
  const clock = new VirtualClock({ startAt: monday, speed: 0 })
  const practice = createPractice({ id: 195900, seed: 7, patients: 300, now: () => clock.now() })
  const events: PracticeEvent[] = []
  practice.onEvent((event) => {
    if (event.feed === 'claims') events.push(event)
  })
  startDay(practice, { clock, seed: 7, ratePerHour: 1 })
  return { practice, clock, events }
}

const isClosed = (claim: Record<string, unknown> | undefined): boolean =>
  JSON.stringify(claim).match(/"CLOSED"/g)?.length === 3

test('claims are made by day as visits are charged, and move on by night', () => {
  const { practice, clock, events } = begin()
  const known = new Set(practice.ids('claims'))
  clock.advance(2 * dayMs)
  const made = events.filter(({ name }) => name === 'CreateClaim')
  const moved = events.filter(({ name }) => name === 'UpdateClaim')
  assert.ok(made.length > 20, `${made.length} made`)
  assert.ok(moved.length > 50, `${moved.length} moved`)
  assert.ok(made.every(({ id }) => !known.has(id)))
  // 22:00 to 02:00 in New York, five hours behind.
  assert.ok(moved.every(({ at }) => [3, 4, 5, 6].includes(new Date(at).getUTCHours())))
})

test('after three months every claim that was there at the start is settled', () => {
  const { practice, clock } = begin()
  const first = [...practice.ids('claims')]
  assert.ok(first.some((id) => !isClosed(practice.wireRecord('claims', id))))
  clock.advance(100 * dayMs)
  assert.deepEqual(
    first.filter((id) => !isClosed(practice.wireRecord('claims', id))),
    [],
  )
})
