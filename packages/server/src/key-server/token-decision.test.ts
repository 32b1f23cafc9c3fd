import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideToken, type TokenDecision, type TokenNeed, type TokenState } from './token-decision.ts'

const now = 1_000_000
const none: TokenState = {
  generation: 4,
  usableUntil: undefined,
  heldUntil: undefined,
  forcedAt: undefined,
  retryAt: undefined,
  failure: undefined,
}
const valid = { ...none, usableUntil: now + 1 }
const need: TokenNeed = { now, newerThan: undefined, refused: false, counting: [], requestsPerMinute: 2 }
const after401 = { ...need, newerThan: 4, refused: true }

const cases: { title: string; state: TokenState; need: TokenNeed; is: TokenDecision }[] = [
  { title: 'a valid token is used', state: valid, need, is: { kind: 'use' } },
  {
    title: 'an expired one is replaced',
    state: { ...none, usableUntil: now },
    need,
    is: { kind: 'fetch', forced: false },
  },
  { title: 'without one, one is fetched', state: none, need, is: { kind: 'fetch', forced: false } },
  { title: 'a refused one is replaced', state: valid, need: after401, is: { kind: 'fetch', forced: true } },
  {
    title: 'a newer one than the refused is used',
    state: { ...valid, generation: 5 },
    need: after401,
    is: { kind: 'use' },
  },
  {
    title: 'an expired one that was refused too is no forced fetch',
    state: { ...none, forcedAt: now },
    need: after401,
    is: { kind: 'fetch', forced: false },
  },
  {
    title: 'a replacement that is refused within a minute is not replaced',
    state: { ...valid, forcedAt: now - 59_999 },
    need: after401,
    is: { kind: 'blocked', waitMs: 1, failure: 'token-refused' },
  },
  {
    title: 'after the minute it is',
    state: { ...valid, forcedAt: now - 60_000 },
    need: after401,
    is: { kind: 'fetch', forced: true },
  },
  {
    title: 'renewal ahead of time is not held up by a refusal',
    state: { ...valid, forcedAt: now },
    need: { ...after401, refused: false },
    is: { kind: 'fetch', forced: false },
  },
  { title: 'while another fetches, one waits', state: { ...none, heldUntil: now + 1 }, need, is: { kind: 'wait' } },
  {
    title: 'a dead fetcher is taken over',
    state: { ...none, heldUntil: now },
    need,
    is: { kind: 'fetch', forced: false },
  },
  {
    title: 'after a failure nobody asks before its time',
    state: { ...none, retryAt: now + 5, failure: 'network' },
    need,
    is: { kind: 'blocked', waitMs: 5, failure: 'network' },
  },
  {
    title: 'at the limit one waits until enough requests are out of the window',
    state: none,
    need: { ...need, counting: [now + 50, now + 30, now + 10] },
    is: { kind: 'blocked', waitMs: 30, failure: undefined },
  },
  {
    title: 'below the limit one asks',
    state: none,
    need: { ...need, counting: [now + 50] },
    is: { kind: 'fetch', forced: false },
  },
]

for (const { title, state, need: wanted, is } of cases) {
  test(title, () => {
    assert.deepEqual(decideToken(state, wanted), is)
  })
}
