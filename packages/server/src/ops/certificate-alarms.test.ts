import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateAlarms } from './certificate-alarms.ts'
import type { CertificateStatus } from './status-report.ts'

const day = 86_400_000
const expiring = 'key-server.certificate-expiring'
const cases: readonly (readonly [
  CertificateStatus['of'],
  leftMs: number,
  told: readonly string[],
  message?: RegExp,
])[] = [
  ['certificate', 20 * day, []],
  ['certificate', 13 * day, ['warning', expiring], /certificate of keyServer\.certFile expires in 13 days; then/],
  ['certificate', 1.5 * day, ['error', expiring]],
  ['authority', 13 * day, ['warning', expiring], /authority's certificate of keyServer\.caFile expires in 13 days/],
  ['vault-authority', 13 * day, ['warning', expiring], /authority's certificate of vault\.caFile expires in 13 days/],
  ['authority', -1, ['error', 'key-server.certificate-expired'], /has expired: nobody accepts it\.$/],
]
for (const [of, leftMs, told, message = /./] of cases) {
  test(`of the ${of} with ${leftMs / day} days left is told: ${told.join(' ') || 'nothing'}`, () => {
    const [alarm, ...more] = certificateAlarms([{ of, leftMs }])
    assert.deepEqual(more, [])
    assert.deepEqual(alarm ? [alarm.level, alarm.code] : [], told)
    if (alarm) assert.match(alarm.message, message)
    assert.ok(!alarm || alarm.remedy)
  })
}
