/** How wide the ranges of dates are that a reading asks athenahealth for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { AegisError } from '../errors/aegis-error.ts'
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

test('a reading that was planned before its practice got narrower ranges goes on in those', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 20 })
  mirrored.fetch = (url, init, call) => {
    const { pathname, searchParams } = new URL(url)
    const [from = NaN, to = NaN] = ['startdate', 'enddate'].map((name) => Date.parse(searchParams.get(name) ?? ''))
    const isTooWide = pathname.endsWith('/appointments/booked') && (to - from) / day + 1 > 3
    // As the policy does, before anything is sent.
    if (isTooWide) return Promise.reject(new AegisError('policy.date-range-too-wide'))
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  const ofAppointments = async () => (await mirrored.states()).find(({ feed }) => feed === 'appointments')
  assert.equal((await ofAppointments())?.failure_code, 'policy.date-range-too-wide')
  const { settings } = mirrored.deps
  const ranges = { ...settings.ranges, bookedDaysMaxOf: { [practice]: 3 } }
  mirrored.deps = { ...mirrored.deps, settings: { ...settings, ranges } }
  await mirrored.run(20)
  assert.equal((await ofAppointments())?.failure_code ?? null, null)
  assert.deepEqual(await mirrored.differences(), [])
})
