/** How wide the ranges of dates are that a reading asks athenahealth for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { defaultRangeLimits } from '../policy/intensive-calls.ts'

const day = 86_400_000

test('bookings of a practice are asked for in ranges as narrow as its own, and are all mirrored', async (t) => {
  const ranges = { ...defaultRangeLimits, bookedDaysMaxOf: { [practice]: 3 } }
  const mirrored = await mirroredPractice(t, { patients: 20, settings: { ranges } })
  const asked: number[] = []
  mirrored.fetch = (url, init, call) => {
    const { pathname, searchParams } = new URL(url)
    const [from = NaN, to = NaN] = ['startdate', 'enddate'].map((name) => Date.parse(searchParams.get(name) ?? ''))
    if (pathname.endsWith('/appointments/booked')) asked.push((to - from) / day + 1)
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  await mirrored.run(15)
  assert.ok(asked.length > 0)
  assert.deepEqual(
    asked.filter((days) => !(days <= 3)),
    [],
  )
  assert.deepEqual(await mirrored.differences(), [])
})
