import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitAlarms } from './limit-alarms.ts'

test('a process is told of whose limit of a day is not the one that holds, be it more or fewer', () => {
  assert.deepEqual(limitAlarms({ own: 500, held: 500 }), [])
  for (const held of [400, 600]) {
    const [alarm] = limitAlarms({ own: 500, held })
    assert.equal(alarm?.code, 'quota.limits-differ')
    assert.match(alarm.message, new RegExp(`with 500 calls a day, and ${held} hold`))
  }
})
