import assert from 'node:assert/strict'
import test from 'node:test'
import type { FaultKind } from '@aegis/simulator'
import type { GapCause } from '../packages/server/src/sync/gap.sql.ts'
import { excusesOf, type GapEver, gapsTooMany } from './judge-causes.ts'

const noon = Date.UTC(2026, 2, 2, 17)
const minute = 60_000

function gapOf(feed: string, cause: GapCause, atMinute: number): GapEver {
  const at = noon + atMinute * minute
  return { feed, cause, from: at - 10 * minute, opened: at, last: at, closed: null }
}

function met(path: string, kind: FaultKind, atMinute: number) {
  const asked = { at: noon + atMinute * minute, route: `/v1/{practiceid}${path}`, status: 200 }
  return { ...asked, fields: ['showprocessedstartdatetime'], fault: { rule: 1, kind } }
}

function metBy(path: string, kind: FaultKind, atMinute: number) {
  return excusesOf([met(path, kind, atMinute)])
}

/** A replay that met it so often that it gave up. */
function givenUpBy(kind: FaultKind, atMinute: number) {
  return excusesOf([met(drain, kind, atMinute), met(drain, kind, atMinute), met(drain, kind, atMinute)])
}

const drain = '/appointments/changed'

test('a fault is the reason for one gap of the feed that it hit', () => {
  const excuses = metBy(drain, 'lost-page', 0)
  const gap = gapOf('appointments', 'foreign-consumer', 5)
  assert.deepEqual(gapsTooMany([gap], excuses), [])
  assert.equal(gapsTooMany([gap, { ...gap, from: gap.opened, last: gap.last + minute }], excuses).length, 1)
  assert.equal(gapsTooMany([gapOf('patients', 'foreign-consumer', 5)], excuses).length, 1, 'of another feed')
  const ofProblems = metBy('/chart/healthhistory/problems/changed/subscription', 'unsubscribed', 0)
  assert.deepEqual(gapsTooMany([gapOf('problems', 'subscription-lost', 5)], ofProblems), [], 'by the name that we have')
  assert.equal(gapsTooMany([gapOf('appointments', 'subscription-lost', 5)], excuses).length, 1, 'of another cause')
})

test('a fault is no reason for a gap of another time', () => {
  const gaps = [gapOf('appointments', 'unreadable', 60)]
  assert.deepEqual(gapsTooMany(gaps, givenUpBy('html', 51)), [])
  assert.equal(gapsTooMany(gaps, givenUpBy('html', 40)).length, 1, 'before anything was missed')
  assert.equal(gapsTooMany(gaps, givenUpBy('html', 70)).length, 1, 'after it was open')
  const sinceEver = gaps.map((gap) => ({ ...gap, from: null }))
  assert.deepEqual(gapsTooMany(sinceEver, givenUpBy('html', 1)), [], 'before anything was read')
})

test('a doubt that grew too old is excused where its replays failed again and again, and not where hardly any was made', () => {
  const gaps = [{ ...gapOf('appointments', 'retention-passed', 260), from: noon }]
  const failed = [10, 60, 120, 180].map((at) => ({ ...met(drain, 'server-error', at), status: 503 }))
  assert.deepEqual(gapsTooMany(gaps, excusesOf(failed)), [])
  assert.equal(gapsTooMany(gaps, excusesOf(failed.slice(1))).length, 1, 'three')
  assert.equal(gapsTooMany(gaps, excusesOf(failed.map((one) => ({ ...one, fields: [] })))).length, 1, 'drains')
  const harmless = failed.map(({ at }) => ({ ...met(drain, 'unordered-items', 0), at }))
  assert.equal(gapsTooMany(gaps, excusesOf(harmless)).length, 1, 'none failed')
})

test('as many faults are the reason for as many gaps, whatever the order', () => {
  const excuses = [...metBy(`${drain}/subscription`, 'partial', 2), ...metBy(drain, 'unsubscribed', 30)]
  const long = { ...gapOf('appointments', 'subscription-lost', 31), from: noon }
  const gaps = [long, gapOf('appointments', 'subscription-lost', 5)]
  assert.deepEqual(gapsTooMany(gaps, excuses), [])
  assert.equal(gapsTooMany(gaps, excuses.slice(1)).length, 1)
})

test('a subscription that is lost by any request hits each feed once, and so does time that jumps', () => {
  const gaps = [gapOf('appointments', 'subscription-lost', 5), gapOf('patients', 'subscription-lost', 5)]
  assert.deepEqual(gapsTooMany(gaps, metBy('/patients', 'unsubscribed', 0)), [])
  const late = [gapOf('appointments', 'retention-passed', 5), gapOf('claims', 'retention-passed', 5)]
  assert.deepEqual(gapsTooMany(late, metBy(drain, 'clock-jump', 0)), [])
})

test('a subscription was lost before a page that came again, as it does without one', () => {
  const asked = (fault: FaultKind | undefined, atMinute: number) => ({
    ...met(drain, 'repeated-page', atMinute),
    fields: ['limit'],
    fault: fault && { rule: 1, kind: fault },
  })
  const gap = gapOf('appointments', 'subscription-lost', 10)
  const lost = met('/patients', 'unsubscribed', -5)
  assert.equal(gapsTooMany([gap], excusesOf([lost, asked(undefined, 0)])).length, 1, 'a page of its own')
  assert.deepEqual(gapsTooMany([gap], excusesOf([asked(undefined, -8), lost, asked('repeated-page', 0)])), [])
  const before = excusesOf([lost, asked(undefined, -2), asked('repeated-page', 0)])
  assert.equal(gapsTooMany([gap], before).length, 1, 'before a page of its own')
})

test('an answer to what is no feed is no reason for a gap in one', () => {
  for (const path of ['/patients', '/patients/{patientid}']) {
    for (const kind of ['html', 'truncated', 'oversized', 'lost-page'] as const) {
      assert.deepEqual(metBy(path, kind, 0), [], `${kind} of ${path}`)
    }
  }
})

test('one answer that cannot be read is read again: only a replay that failed often enough gives a record up', () => {
  const gap = gapOf('appointments', 'unreadable', 5)
  const [first, second, third] = [met(drain, 'truncated', 3), met(drain, 'html', 3), met(drain, 'oversized', 4)]
  assert.equal(gapsTooMany([gap], excusesOf([first])).length, 1)
  assert.equal(gapsTooMany([gap], excusesOf([first, second])).length, 1)
  assert.deepEqual(gapsTooMany([gap], excusesOf([first, second, third])), [])
  assert.equal(gapsTooMany([gap], excusesOf([met(drain, 'html', -20), second, third])).length, 1, 'long before')
  assert.equal(
    gapsTooMany([gap], excusesOf([first, met('/patients/changed', 'html', 3), third])).length,
    1,
    'elsewhere',
  )
  assert.equal(gapsTooMany([gap], excusesOf([first, { ...second, fields: [] }, third])).length, 1, 'not replayed')
  assert.equal(gapsTooMany([gap], excusesOf([first, { ...second, status: 502 }, third])).length, 1, 'a failure')
  const again = { ...gap, from: gap.opened, last: gap.last + minute }
  assert.equal(gapsTooMany([gap, again], excusesOf([first, second, third, third])).length, 1, 'one for three')
})

test('a fault that loses nothing is no reason', () => {
  assert.deepEqual(metBy(drain, 'server-error', 0), [])
  assert.deepEqual(excusesOf([{ ...met(drain, 'html', 0), fault: undefined }]), [])
})
