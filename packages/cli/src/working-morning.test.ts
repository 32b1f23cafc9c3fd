import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workingMorning } from './working-morning.ts'

const cases: [title: string, now: string, morning: string][] = [
  ['a Monday afternoon', '2026-11-23T20:00:00Z', '2026-11-23T14:00:00Z'],
  ['a Monday before work: not yet nine, but of that day', '2026-11-23T10:00:00Z', '2026-11-23T14:00:00Z'],
  ['Monday in London, still Sunday in New York', '2026-11-23T04:59:59Z', '2026-11-20T14:00:00Z'],
  ['Saturday in Tokyo, still Friday in New York', '2026-07-04T03:59:59Z', '2026-07-03T13:00:00Z'],
  ['a Saturday in summer', '2026-07-04T16:00:00Z', '2026-07-03T13:00:00Z'],
  ['the Sunday on which clocks go forward', '2026-03-08T18:00:00Z', '2026-03-06T14:00:00Z'],
  ['the Monday after that', '2026-03-09T04:30:00Z', '2026-03-09T13:00:00Z'],
  ['the Sunday on which clocks go back', '2026-11-01T05:30:00Z', '2026-10-30T13:00:00Z'],
  ['the Monday after that', '2026-11-02T12:00:00Z', '2026-11-02T14:00:00Z'],
  ['a Sunday at the beginning of a year', '2028-01-02T12:00:00Z', '2027-12-31T14:00:00Z'],
  ['the midnight that begins a Tuesday', '2026-11-24T05:00:00Z', '2026-11-24T14:00:00Z'],
]
for (const [title, now, morning] of cases) {
  test(`${title} (${now})`, () => {
    assert.equal(new Date(workingMorning(Date.parse(now))).toISOString(), new Date(morning).toISOString())
  })
}
