import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AegisError } from '../errors/aegis-error.ts'
import type { StandingError } from '../errors/standing-error.ts'
import { standingAlarms } from './standing-alarms.ts'

const error = new AegisError('key-server.unreachable', { reason: 'ECONNREFUSED' })
const cases: readonly [what: string, standing: StandingError, level: string, message: string][] = [
  [
    'a key server that is away while a token serves',
    { error, forMs: 12_000, servesMs: 3_400_000 },
    'warning',
    'The key server does not answer (reason: ECONNREFUSED), for 12 s; what is at hand serves for 57 min more.',
  ],
  [
    'one that is away when the token has ended',
    { error, forMs: 3_600_000 },
    'error',
    'The key server does not answer (reason: ECONNREFUSED), for 60 min.',
  ],
  [
    'a vault whose secret of before is stored',
    { error: new AegisError('key-server.vault-unreachable'), forMs: 0, servesMs: Number.POSITIVE_INFINITY },
    'warning',
    'The vault does not answer, for 0 s.',
  ],
]
for (const [what, standing, level, message] of cases) {
  test(`${what} is a ${level}, with what to do`, () => {
    const [alarm, ...more] = standingAlarms([standing])
    assert.deepEqual(more, [])
    assert.deepEqual([alarm?.level, alarm?.code, alarm?.message], [level, standing.error.code, message])
    assert.ok(alarm?.remedy)
  })
}
