import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Candidate, chooseCredential, passedOverMs, stateOfCredential } from './choose-credential.ts'

const now = 1_000_000_000

function candidate(number: number, changes: Partial<Candidate> = {}): Candidate {
  return { number, used_from: null, expires_at: null, revoked_at: null, refused_at: null, ...changes }
}

const table: readonly (readonly [state: string, changes: Partial<Candidate>])[] = [
  ['live', {}],
  ['live', { used_from: now, expires_at: now + 1 }],
  ['waiting', { used_from: now + 1 }],
  ['expired', { expires_at: now }],
  ['expired', { expires_at: now, refused_at: now }],
  ['revoked', { revoked_at: now, expires_at: now - 1 }],
  ['refused', { refused_at: now - passedOverMs + 1 }],
  ['live', { refused_at: now - passedOverMs }],
]
for (const [state, changes] of table) {
  test(`with ${JSON.stringify(changes)} it is ${state}`, () => {
    assert.equal(stateOfCredential(candidate(1, changes), now), state)
  })
}

test('the first live one is chosen; of those that athenahealth refused, the one of the longest ago', () => {
  const waiting = candidate(1, { used_from: now + 1 })
  const refused = [candidate(2, { refused_at: now - 5 }), candidate(3, { refused_at: now - 9 })]
  const [live, spare] = [candidate(4), candidate(5)]
  assert.equal(chooseCredential([waiting, ...refused, live, spare], now), live)
  assert.equal(chooseCredential([waiting, ...refused], now)?.number, 3)
  assert.equal(chooseCredential([waiting], now), undefined)
  assert.equal(chooseCredential([], now), undefined)
})

test('none that is revoked, expired or too early is ever chosen, and one is whenever there is one', () => {
  const at = fc.option(fc.integer({ min: now - 10, max: now + 10 }))
  const any = fc.record({ number: fc.nat(), used_from: at, expires_at: at, revoked_at: at, refused_at: at })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 6 }), (rows) => {
      const chosen = chooseCredential(rows, now)
      const usable = rows.filter((row) => ['live', 'refused'].includes(stateOfCredential(row, now)))
      assert.equal(chosen !== undefined, usable.length > 0)
      assert.ok(chosen === undefined || usable.includes(chosen))
    }),
  )
})
