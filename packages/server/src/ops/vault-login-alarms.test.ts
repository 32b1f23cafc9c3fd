import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VaultLoginStatus } from './status-report.ts'
import { vaultLoginAlarms } from './vault-login-alarms.ts'

const day = 86_400_000
const hour = 3_600_000
const cases: readonly (readonly [
  of: VaultLoginStatus['of'],
  leftMs: number | null,
  lifeMs: number | null,
  level: 'warning' | 'error' | undefined,
  message?: RegExp,
])[] = [
  ['token', null, null, undefined],
  ['token', 15 * day, null, undefined],
  ['token', 13 * day, null, 'warning', /^The token .*vault\.tokenFile\) expires in 13 days; then no new version/],
  ['token', 1.5 * day, 365 * day, 'error'],
  ['token', -1, 365 * day, 'error', /has expired: no new version of the secret is taken up\.$/],
  ['secret-id', 13 * day, 365 * day, 'warning', /^The secret id .*vault\.secretIdFile\) expires in 13 days/],
  // What an agent renews.
  ['token', 10 * day, 32 * day, undefined],
  ['token', 3 * day, 32 * day, 'warning'],
  ['token', 0.2 * hour, hour, undefined],
  ['token', 0.09 * hour, hour, 'warning'],
  ['token', 0.04 * hour, hour, 'error'],
]
for (const [of, leftMs, lifeMs, level, message = /./] of cases) {
  const shown = `${leftMs === null ? 'no end' : `${leftMs / day} days left`}, of ${lifeMs === null ? '?' : lifeMs / day}`
  test(`of a ${of} with ${shown} is told: ${level ?? 'nothing'}`, () => {
    const [alarm, ...more] = vaultLoginAlarms({ of, leftMs, lifeMs })
    assert.deepEqual(more, [])
    assert.equal(alarm?.level, level)
    if (alarm) assert.match(alarm.message, message)
    assert.ok(
      !alarm || (alarm.code === 'key-server.vault-login-expiring' && alarm.remedy.endsWith('is taken up by itself.')),
    )
  })
}

test('without a vault there is nothing to tell', () => assert.deepEqual(vaultLoginAlarms(null), []))
