import assert from 'node:assert/strict'
import test from 'node:test'
import { isReadAgain } from './is-read-again.ts'
import { easternTime, type PlannedSegment } from './segment.ts'

const at = Date.UTC(2026, 2, 2, 15)
const replay = (since: number): PlannedSegment => ({ list: 'replay', since, until: since + 60_000 })
const booked = (from: string, to: string, modifiedSince?: string): PlannedSegment =>
  modifiedSince === undefined ? { list: 'booked', from, to } : { list: 'booked', from, to, modifiedSince }
const claims = (from: string, to: string): PlannedSegment => ({ list: 'claims', from, to })
const patients = (departmentId: string): PlannedSegment => ({ list: 'patients', departmentId })
const march = ['2026-03-01', '2026-03-31'] as const
const halves = [booked('2026-03-15', '2026-04-02'), booked('2026-02-20', '2026-03-14')]
const changed = (since: string) => booked('2026-01-01', '2026-12-31', since)

const cases: readonly [title: string, place: PlannedSegment, plan: readonly PlannedSegment[], isRead: boolean][] = [
  ['a list by a replay alone', patients('1'), [replay(at)], false],
  ['a window by a replay alone', replay(at), [replay(at)], false],
  ['a list by nothing', patients('1'), [], false],
  ['a list by lists', patients('1'), [replay(at), patients('1')], true],
  ['a list of a department that is closed', patients('9'), [patients('1')], true],
  ['a window by lists of everything', replay(at), [replay(at), { list: 'providers' }], true],
  ['a window by patients, one by one', replay(at), [{ list: 'ofPatients' }], true],
  ['days by the lists that they are in', booked(...march), halves, true],
  ['days by all but one of them', booked(...march), halves.slice(0, 1), false],
  [
    'days by lists that leave one out',
    booked(...march),
    [halves[0], booked('2026-02-20', '2026-03-13')].map(given),
    false,
  ],
  ['days by lists that lie in each other', booked(...march), [booked('2026-02-01', '2026-04-30'), ...halves], true],
  ['days by what changed in them', booked(...march), [changed('2026-01-01T00:00:00')], false],
  ['days by lists of another kind', booked(...march), [claims(...march)], false],
  ['claims by the days of their creation', claims(...march), [claims('2026-01-01', '2026-03-31')], true],
  ['claims of a day that is too long ago', claims(...march), [claims('2026-03-02', '2026-05-31')], false],
  ['what changed, by the days themselves', booked(...march, '2026-02-01T00:00:00'), halves, true],
  [
    'what changed, by what changed since before',
    booked(...march, '2026-02-01T00:00:00'),
    [changed('2026-01-31T00:00:00')],
    true,
  ],
  [
    'what changed, by what changed later',
    booked(...march, '2026-02-01T00:00:00'),
    [changed('2026-02-01T00:01:00')],
    false,
  ],
  ['a change of any day, by the lists of some', replay(at), halves, false],
  ['a change of any day, by what changed since before', replay(at), [...halves, changed(easternTime(at - 1))], true],
  ['a change of any day, by what changed later', replay(at), [...halves, changed(easternTime(at + 60_000))], false],
]

function given(segment: PlannedSegment | undefined): PlannedSegment {
  return segment ?? assert.fail('it is there')
}

for (const [title, place, plan, isRead] of cases) {
  test(`${title}: ${isRead ? 'read again' : 'not read again'}`, () => {
    assert.equal(isReadAgain(place, plan), isRead)
  })
}
