import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitAlarms } from './limit-alarms.ts'

const limits = { perDay: 500, perSecond: 5, perPracticePerSecond: undefined, tokensPerMinute: 5 }

for (const [what, held, message, setting] of [
  ['fewer calls a day', { perDay: 400 }, 'calls a day: 500 here, 400 there', 'perDay'],
  ['more calls a day', { perDay: 600 }, 'calls a day: 500 here, 600 there', 'perDay'],
  ['other calls a second', { perSecond: 0.5 }, 'calls a second: 5 here, 0.5 there', 'perSecond'],
  [
    'a limit for each practice',
    { perPracticePerSecond: 2 },
    'for one practice: no limit here, 2 there',
    'perPracticePerSecond',
  ],
  ['other token requests', { tokensPerMinute: 50 }, 'token requests a minute: 5 here, 50 there', 'tokensPerMinute'],
] as const) {
  test(`a process is told of it where the one started last has ${what}`, () => {
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
