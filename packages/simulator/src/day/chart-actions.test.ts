import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../clock/virtual-clock.ts'
import { createPractice } from '../practice/create-practice.ts'
import { startDay } from './start-day.ts'

test('a week brings changes of problems, historical medications and allergies, of every kind', () => {
  const clock = new VirtualClock({ startAt: Date.UTC(2026, 2, 2, 13), speed: 0 })
  const practice = createPractice({ id: 195900, seed: 5, patients: 300, now: () => clock.now() })
  const names = new Map<string, number>()
  practice.onEvent(({ feed, name }) => {
    if (feed.startsWith('chart/')) names.set(name, (names.get(name) ?? 0) + 1)
  })
  startDay(practice, { clock, seed: 5, ratePerHour: 200 })
  clock.advance(7 * 86_400_000)
  const expected = ['AllergyAdd', 'AllergyUpdate', 'MedicationHxAdd', 'MedicationHxDelete', 'MedicationHxUpdate']
  assert.deepEqual([...names.keys()].sort(), [...expected, 'ProblemAdd', 'ProblemUpdate'])
})
