import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alarmTable } from './alarm-table.ts'
import { certificateAlarms } from './certificate-alarms.ts'
import type { CertificateStatus } from './status-report.ts'

const day = 86_400_000
const expiring = 'key-server.certificate-expiring'
const expired = 'key-server.certificate-expired'
const cases: readonly (readonly [CertificateStatus['of'], leftMs: number, told: readonly string[], said?: RegExp])[] = [
  ['certificate', 20 * day, []],
  ['certificate', 13 * day, ['warning', expiring], /certificate of keyServer\.certFile expires in 13 days; then/],
  ['certificate', 1.5 * day, ['error', expiring]],
  ['authority', 13 * day, ['warning', expiring], /authority's certificate of keyServer\.caFile expires in 13 days/],
  ['vault-authority', 13 * day, ['warning', expiring], /authority's certificate of vault\.caFile expires in 13 days/],
  ['authority', -1, ['error', expired], /has expired: no token goes this way\. Make a new authority/],
  [
    'vault-authority',
    1.5 * day,
    ['error', expiring],
    /; then the vault is not believed any more\. .* before the vault gets/,
  ],
  [
    'vault-authority',
    -1,
    ['error', expired],
    /has expired: the vault is not believed any more\. .* vault's certificate is from now/,
  ],
]
for (const [of, leftMs, told, said = /./] of cases) {
  test(`of the ${of} with ${leftMs / day} days left is told: ${told.join(' ') || 'nothing'}`, () => {
    const [alarm, ...more] = certificateAlarms([{ of, leftMs }])
    assert.deepEqual(more, [])
    assert.deepEqual(alarm ? [alarm.level, alarm.code] : [], told)
    if (alarm) assert.match(`${alarm.message} ${alarm.remedy}`, said)
  })
}

test('the reference names each certificate that an alarm is raised for', () => {
  for (const code of [expiring, expired] as const) assert.match(alarmTable[code].means, /vault\.caFile/)
  assert.match(alarmTable[expired].remedy, /vault's certificate is from now/)
  assert.match(alarmTable[expiring].remedy, /before the vault gets/)
})
