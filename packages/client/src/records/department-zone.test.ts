import assert from 'node:assert/strict'
import { test } from 'node:test'
import { departmentZone } from './department-zone.ts'

for (const [hours, name] of [
  [-5, 'America/New_York'],
  [-6, 'America/Chicago'],
  [-7, 'America/Denver'],
  [-8, 'America/Los_Angeles'],
  [-9, 'America/Anchorage'],
  [-10, 'Pacific/Honolulu'],
] as const) {
  test(`a department that says only ${hours} hours follows the clock of ${name}`, () => {
    assert.deepEqual(departmentZone({ timezoneoffset: hours }), { name })
    assert.deepEqual(departmentZone({ timezoneoffset: hours, timezonename: 'Clinic Time' }), { name })
  })
}

for (const [hours, zone] of [
  [-4, { offsetMinutes: -240 }],
  [5.5, { offsetMinutes: 330 }],
  [5.7501, { offsetMinutes: 345 }],
  [14, { offsetMinutes: 840 }],
  [-14, { offsetMinutes: -840 }],
  [14.5, undefined],
  [-14.5, undefined],
] as const) {
  test(`${hours} hours, which no American zone with daylight time has, are ${zone ? 'kept all year' : 'no clock'}`, () => {
    assert.deepEqual(departmentZone({ timezoneoffset: hours }), zone)
  })
}

test('a department without daylight time keeps to standard time, north and south of the equator', () => {
  const doesnotobservedst = true
  assert.deepEqual(departmentZone({ timezonename: 'US/Mountain', doesnotobservedst }), { offsetMinutes: -420 })
  assert.deepEqual(departmentZone({ timezonename: 'Australia/Sydney', doesnotobservedst }), { offsetMinutes: 600 })
  assert.deepEqual(departmentZone({ timezoneoffset: -7, doesnotobservedst }), { offsetMinutes: -420 })
  assert.equal(departmentZone({ doesnotobservedst }), undefined)
})

test('its own zone by name comes before the offset', () => {
  assert.deepEqual(departmentZone({ timezonename: 'US/Arizona', timezoneoffset: -8 }), { name: 'US/Arizona' })
})
