import assert from 'node:assert/strict'
import test from 'node:test'
import type { RequestEntry } from '@aegis/simulator'
import { type GapOpen, judgeLimits, wasDayUsedUp, wereDaysUsedUp } from './judge-limits.ts'

const offHours = { timeZone: 'America/New_York', from: '22:00', to: '06:00' }
const rules = { perSecond: 5, perDay: 100, tokensPerMinute: 5, offHours, onboardingCalls: 1, gapCalls: 1 }
const noon = Date.UTC(2026, 2, 2, 17)
const hour = 3_600_000

/** One call a minute to a route. */
function callsOf(
  route: string,
  { from, count, fields = [] }: { from: number; count: number; fields?: readonly string[] },
): RequestEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const at = from + index * 60_000
    const entry = {
      number: index + 1,
      at,
      realAt: at,
      method: 'GET',
      route,
      practice: 1,
      app: 'app',
      status: 200,
      fields,
    }
    return entry as RequestEntry // what else is logged of a request is not judged here
  })
}

function logOf(requests: RequestEntry[]) {
  const page = ({ since = 0 }: { since?: number } = {}) => ({ requests: requests.slice(since), next: requests.length })
  return { truth: { requests: page } }
}

function judged(requests: RequestEntry[], gaps: readonly GapOpen[] = []): readonly string[] {
  return judgeLimits(logOf(requests), rules, gaps).wrong
}

const lists = [
  ['patients', 'patients'],
  ['appointments/booked', 'appointments'],
  ['appointments/booked/multipledepartment', 'appointments'],
  ['claims', 'claims'],
] as const
for (const [list, feed] of lists) {
  const calls = (count: number, from = noon) => callsOf(`/v1/{practiceid}/${list}`, { from, count })
  test(`pulls of ${list} outside of the off-hours are counted, beyond those that are allowed`, () => {
    assert.deepEqual(judged(calls(1)), [])
    assert.match(judged(calls(2)).join(), /^I6 2 large calls in a day outside/)
    assert.deepEqual(judged(calls(30, noon + 10 * hour)), [])
  })

  test(`while there is a gap pulls of ${list} are counted apart, and of no other feed`, () => {
    const opened = noon + 30_000
    const gap = { feed, opened, closed: opened + 45_000 }
    assert.deepEqual(judged(calls(2), [gap]), [])
    assert.match(judged(calls(3), [gap]).join(), /^I6 2 large calls in a day outside/, 'after it was closed')
    assert.match(judged(calls(3), [{ ...gap, closed: null }]).join(), /^I6 2 large calls after gaps in a day/)
    assert.match(judged(calls(2), [{ ...gap, feed: 'providers' }]).join(), /^I6 2 large calls in a day outside/)
  })

  test(`a pull of ${list} half a second before a gap is opened, or after it was closed, is none of the gap’s`, () => {
    const [opened, closed] = [noon + 500, noon + 119_500]
    assert.deepEqual(judged(calls(2), [{ feed, opened, closed }]), [])
    assert.match(judged(calls(3), [{ feed, opened, closed }]).join(), /^I6 2 large calls in a day outside/)
    const rounded = judged(calls(2), [{ feed, opened: noon + 0.5, closed }])
    assert.match(rounded.join(), /^I6 2 large calls after gaps in a day/)
  })

  test(`pulls of ${list} outside of the off-hours end with the onboarding`, () => {
    const on = (days: number) => calls(1, noon + days * 24 * hour)
    assert.deepEqual(judged([...on(0), ...on(1), ...on(2)]), [])
    assert.match(judged([...on(0), ...on(3)]).join(), /^I6 1 large calls outside of .* when the onboarding was over/)
    assert.deepEqual(judged([...on(0), ...on(3)], [{ feed, opened: noon + hour, closed: null }]), [])
  })
}

test('the first page of one patient’s claims is no pull, any further one is', () => {
  const ofPatient = (...fields: string[]) => callsOf('/v1/{practiceid}/claims', { from: noon, count: 30, fields })
  assert.deepEqual(judged(ofPatient('limit', 'patientid')), [])
  assert.match(judged(ofPatient('limit', 'offset', 'patientid')).join(), /^I6 30 large calls in a day outside/)
})

test('what is read by id or of a feed is no pull', () => {
  for (const what of ['patients/{patientid}', 'claims/{claimid}', 'claims/changed'])
    assert.deepEqual(judged(callsOf(`/v1/{practiceid}/${what}`, { from: noon, count: 30 })), [])
})

test('a day that was used up before a gap or since is not one of its days', () => {
  const day = 24 * hour
  const midnight = Date.UTC(2026, 2, 3)
  const log = logOf(callsOf('/v1/{practiceid}/patients/changed', { from: midnight + 12 * hour, count: 70 }))
  const within = (from: number, last: number) =>
    wasDayUsedUp(log, rules, { from: midnight + from, last: midnight + last })
  assert.ok(within(-hour, day + hour))
  assert.ok(within(14 * hour, 15 * hour), 'earlier on the day')
  assert.ok(!within(-hour, 13 * hour), 'not yet')
  assert.ok(!within(-day, 11 * hour), 'later on the day')
  assert.ok(!within(day, 2 * day), 'on the day before')
})

test('every whole day has to be used up for checks to have had no calls', () => {
  const day = 24 * hour
  const midnight = Date.UTC(2026, 2, 3)
  const made = (...counts: number[]) =>
    logOf(
      counts.flatMap((count, index) =>
        callsOf('/v1/{practiceid}/patients/changed', { from: midnight + index * day, count }),
      ),
    )
  const since = midnight - hour
  const now = midnight + 2 * day + hour
  assert.ok(wereDaysUsedUp(made(100, 70), rules, { since, now }))
  assert.ok(!wereDaysUsedUp(made(100, 69), rules, { since, now }))
  assert.ok(!wereDaysUsedUp(made(0, 100), rules, { since, now }))
  assert.ok(wereDaysUsedUp(made(0, 100), rules, { since: since + day, now }))
  assert.ok(!wereDaysUsedUp(made(100, 100), rules, { since: now - hour / 2, now }), 'no whole day has passed')
})
