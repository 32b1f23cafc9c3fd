import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Limiter } from './limiter.ts'
import { resolveLimits } from './limits.ts'

const app = { clientId: 'one' }
const other = { clientId: 'two' }
const midnight = Date.UTC(2026, 2, 1)

test('any second holds no more than the limit, wherever it starts', () => {
  const limiter = new Limiter({ perSecond: 5, perDay: 50_000, tokensPerMinute: 5 })
  const admitted: number[] = []
  // A second that straddles a clock second is where a fixed window would let twice the limit through.
  for (let at = midnight + 600; at < midnight + 4000; at += 37.5) {
    if (limiter.admitCall(app, 1, at).refusedBy === undefined) admitted.push(at)
  }
  const busiest = Math.max(...admitted.map((at) => admitted.filter((t) => t > at - 1000 && t <= at).length))
  assert.equal(busiest, 5)
  assert.ok(admitted.length >= 15, 'a caller who waits is served again')
})

test('an arrival counts until a full second has passed', () => {
  const limiter = new Limiter({ perSecond: 1, perDay: 50_000, tokensPerMinute: 5 })
  assert.equal(limiter.admitCall(app, 1, midnight).refusedBy, undefined)
  assert.equal(limiter.admitCall(app, 1, midnight + 999.9).refusedBy, 'second')
  assert.equal(limiter.admitCall(app, 1, midnight + 1000).refusedBy, undefined)
})

test('the day is counted down and starts anew at midnight GMT', () => {
  const limiter = new Limiter({ perSecond: Infinity, perDay: 3, tokensPerMinute: 5 })
  const before = [1, 2, 3, 4].map((n) => limiter.admitCall(app, 1, midnight - 5000 + n))
  assert.deepEqual(
    before.map(({ remaining, refusedBy }) => [remaining, refusedBy]),
    [
      [2, undefined],
      [1, undefined],
      [0, undefined],
      [0, 'day'],
    ],
  )
  assert.deepEqual(limiter.admitCall(app, 1, midnight), { refusedBy: undefined, limit: 3, remaining: 2 })
})

test('a request refused by the second does not use up the day', () => {
  const limiter = new Limiter({ perSecond: 1, perDay: 10, tokensPerMinute: 5 })
  limiter.admitCall(app, 1, midnight)
  assert.equal(limiter.admitCall(app, 1, midnight + 1).remaining, 9)
  assert.equal(limiter.admitCall(app, 1, midnight + 1000).remaining, 8)
})

test('tokens are counted by the clock minute', () => {
  const limiter = new Limiter(resolveLimits('preview'))
  const at = midnight + 59_000
  for (let n = 4; n >= 0; n -= 1) assert.equal(limiter.admitToken(app, at).remaining, n)
  assert.equal(limiter.admitToken(app, at + 999).refusedBy, 'minute')
  assert.deepEqual(limiter.admitToken(app, at + 1000), { refusedBy: undefined, limit: 5, remaining: 4 })
})

test('apps do not share an allowance', () => {
  const limiter = new Limiter({ perSecond: 1, perDay: 1, tokensPerMinute: 1 })
  assert.equal(limiter.admitCall(app, 1, midnight).refusedBy, undefined)
  assert.equal(limiter.admitCall(other, 1, midnight).refusedBy, undefined)
  assert.equal(limiter.admitToken(app, midnight).refusedBy, undefined)
  assert.equal(limiter.admitToken(other, midnight).refusedBy, undefined)
})

test('a limit per practice refuses one practice and leaves the app its others', () => {
  const limiter = new Limiter({ perSecond: 10, perDay: 100, tokensPerMinute: 5, perPractice: { perSecond: 1 } })
  assert.equal(limiter.admitCall(app, 1, midnight).refusedBy, undefined)
  assert.equal(limiter.admitCall(app, 1, midnight + 1).refusedBy, 'second')
  assert.equal(limiter.admitCall(app, 2, midnight + 1).refusedBy, undefined)
})

test('limits that make no sense are refused', () => {
  assert.throws(() => resolveLimits({ perSecond: 0, perDay: 1, tokensPerMinute: 1 }), /perSecond/)
  assert.throws(
    () => resolveLimits({ perSecond: 1, perDay: 1, tokensPerMinute: 1, perPractice: { perDay: -1 } }),
    /perDay/,
  )
  assert.equal(resolveLimits('production').perSecond, 100)
})
