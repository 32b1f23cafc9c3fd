import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitAlarms } from './limit-alarms.ts'

const limits = { perDay: 500, perSecond: 5, perPracticePerSecond: undefined, tokensPerMinute: 5 }

for (const [what, held, message, setting] of [
  ['fewer calls a day', { perDay: 400 }, 'calls a day: 500, where 400 holds', 'perDay'],
  ['more calls a day', { perDay: 600 }, 'calls a day: 500, where 600 holds', 'perDay'],
  ['other calls a second', { perSecond: 0.5 }, 'calls a second: 5, where 0.5 holds', 'perSecond'],
  [
    'a limit for each practice',
    { perPracticePerSecond: 2 },
    'for one practice: no limit, where 2 holds',
    'perPracticePerSecond',
  ],
  ['other token requests', { tokensPerMinute: 50 }, 'token requests a minute: 5, where 50 holds', 'tokensPerMinute'],
] as const) {
  test(`a process is told of it where ${what} hold for all`, () => {
    const [alarm, ...others] = limitAlarms({ own: limits, held: { ...limits, ...held } })
    assert.equal(alarm?.code, 'quota.limits-differ')
    assert.ok(alarm.message.includes(message), alarm.message)
    assert.ok(alarm.remedy?.includes(`the same limits.${setting},`), alarm.remedy)
    assert.deepEqual(others, [])
  })
}

test('a process with the limits that hold is told nothing', () => {
  assert.deepEqual(limitAlarms({ own: limits, held: { ...limits } }), [])
})
