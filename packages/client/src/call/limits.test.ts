import assert from 'node:assert/strict'
import { test } from 'node:test'
import { never } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import type { AthenaClientOptions } from '../athena-client.ts'
import { isAthenaError } from '../athena-error.ts'

/** What a setting that is missing becomes in the hands of those whose compiler lets it pass, or who have none. */
// The border: none of these is a number.
const noNumbers = [Number.NaN, -1, '5000', null] as unknown as readonly number[]

for (const value of noNumbers) {
  const refused: readonly (readonly [string, Partial<AthenaClientOptions>])[] = [
    ['callMs', { timeouts: { callMs: value } }],
    ['headersMs', { timeouts: { headersMs: value } }],
    ['attemptsMax', { retry: { attemptsMax: value } }],
    ['waitMsMax', { retry: { waitMsMax: value } }],
    ['responseBytesMax', { responseBytesMax: value }],
  ]
  for (const [name, options] of refused) {
    test(`${name} that is ${JSON.stringify(value)} is refused, and does not switch the limit off`, () => {
      assert.throws(
        () => testClient([], options),
        (error) => isAthenaError(error, 'invalid-argument') && error.invalidFields[0] === name,
      )
    })
  }
}

for (const [name, options] of [
  ['deadlineMs', { deadlineMs: Number.NaN }],
  // The border: read from a file of settings.
  ['deadlineMs', { deadlineMs: '5000' as unknown as number }],
  ['responseBytesMax', { responseBytesMax: Number.NaN }],
] as const) {
  test(`a call's ${name} of ${Object.values(options)[0]} (${typeof Object.values(options)[0]}) is refused before anything is sent`, async () => {
    const { practice, sent } = testClient([])
    await assert.rejects(
      practice.departments.get(1, undefined, options),
      (error) => isAthenaError(error, 'invalid-argument') && error.invalidFields[0] === name,
    )
    assert.equal(sent.length, 0)
  })
}

test('a deadline that is over before the call begins is a timeout', async () => {
  const { practice, run, sent } = testClient([])
  const call = practice.departments.get(1, undefined, { deadlineMs: -5 })
  await assert.rejects(run(call), (error) => isAthenaError(error, 'timeout'))
  assert.equal(sent.length, 0)
})

test('a limit that is undefined is the default', async () => {
  // The border: what a compiler without exactOptionalPropertyTypes lets pass.
  const timeouts = { callMs: undefined, headersMs: undefined } as unknown as Record<string, number>
  const retry = { attemptsMax: undefined } as unknown as Record<string, number>
  const { practice, run, clock, sent } = testClient([never, never, never, never], { timeouts, retry })
  const startedAt = clock.now()
  await assert.rejects(run(practice.departments.get(1)), (error) => isAthenaError(error, 'timeout'))
  assert.ok(clock.now() - startedAt <= 30_000)
  assert.ok(sent.length <= 3)
})

test('a limit that does not exist is refused by name', () => {
  // The border: a slip of somebody without a compiler.
  const timeouts = { call: 5_000 } as Record<string, number>
  assert.throws(() => testClient([], { timeouts }), /there is no limit named call /)
})
