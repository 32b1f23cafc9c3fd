import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeShare, type ShareFacts } from './local-share.ts'

const facts: ShareFacts = {
  now: 1_000_000,
  contactAt: 900_000,
  holders: 2,
  perSecond: 5,
  isPerPractice: false,
  lastCallAt: undefined,
}

const cases: [string, Partial<ShareFacts>, ReturnType<typeof judgeShare>][] = [
  ['cut off for a while, it may send one call', {}, { kind: 'go' }],
  ['just cut off, it waits until the others count it out', { contactAt: 980_000 }, { kind: 'wait', waitMs: 4_000 }],
  ['the next call comes a second later', { lastCallAt: 999_500 }, { kind: 'wait', waitMs: 600 }],
  ['and then again', { lastCallAt: 998_900 }, { kind: 'go' }],
  ['five minutes after the last contact it is over', { contactAt: 700_000 }, { kind: 'over' }],
  ['a process that never reached the database has no share', { contactAt: undefined }, { kind: 'over' }],
  ['five processes can share a limit of five', { holders: 5 }, { kind: 'go' }],
  ['six cannot', { holders: 6 }, { kind: 'over' }],
  ['with a limit per practice there is none', { isPerPractice: true }, { kind: 'over' }],
  ['but an outage is waited for as long', { isPerPractice: true, contactAt: 980_000 }, { kind: 'wait', waitMs: 4_000 }],
]
for (const [title, change, expected] of cases) {
  test(title, () => assert.deepEqual(judgeShare({ ...facts, ...change }), expected))
}
