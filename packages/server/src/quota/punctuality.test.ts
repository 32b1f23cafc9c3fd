import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Punctuality } from './punctuality.ts'
import { ratePlan } from './rate-plan.ts'

const plan = ratePlan({ perSecond: 100, usableShare: 0.95 })

test('a stall that lets many instants of one booking pass changes nothing', () => {
  const punctuality = new Punctuality({ plan })
  for (let i = 0; i < 20; i++) punctuality.missed(1, 300 - 10 * i)
  punctuality.kept()
  punctuality.missed(2, 300)
  punctuality.missed(3, 300)
  assert.equal(punctuality.toleranceMs, plan.toleranceMs)
})

test('who misses booking after booking asks for more, and gives it back', () => {
  const punctuality = new Punctuality({ plan })
  for (const booking of [1, 2, 3]) punctuality.missed(booking, 200)
  assert.equal(punctuality.toleranceMs, 400)
  punctuality.kept()
  assert.equal(punctuality.toleranceMs, 380)
  for (let i = 0; i < 200; i++) punctuality.kept()
  assert.equal(punctuality.toleranceMs, plan.toleranceMs)
})

test('no process asks for more than callers would wait', () => {
  const punctuality = new Punctuality({ plan })
  for (const booking of [1, 2, 3]) punctuality.missed(booking, 1e9)
  assert.equal(punctuality.toleranceMs, 15_000)
})
