import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialInfo } from '../key-server/list-credentials.ts'
import type { TokenTrouble } from '../key-server/token.sql.ts'
import { credentialAlarms } from './credential-alarms.ts'

const now = Date.UTC(2026, 10, 26)
const day = 86_400_000

function one(number: number, changes: Partial<CredentialInfo> = {}): CredentialInfo {
  return { number, kind: 'secret', origin: 'operator', state: 'live', next: number === 1, addedAt: now, ...changes }
}

const trouble = (failure: string, leftMs?: number): TokenTrouble => {
  return { failure, failures: 3, usable_until: leftMs === undefined ? null : now + leftMs }
}

type Told = readonly (readonly [level: string, code: string, said: RegExp])[]
const table: readonly (readonly [what: string, credentials: CredentialInfo[], troubles: TokenTrouble[], told: Told])[] =
  [
    ['all well', [one(1)], [], []],
    ['nothing stored', [], [], [['error', 'credential-missing', /keys add/]]],
    ['all revoked', [one(1, { state: 'revoked' })], [], [['error', 'credential-missing', /keys add/]]],
    ['all expired', [one(1, { state: 'expired' })], [], [['error', 'credential-expired', /keys rotate/]]],
    [
      'one that is still to begin, behind one that has expired',
      [one(1, { state: 'expired' }), one(2, { state: 'waiting', usedFrom: now + day / 2 })],
      [],
      [['error', 'credential-waiting', /Credential 2 begins at 2026-11-26T12:00:00\.000Z.*[\s\S]*--after 0s/]],
    ],
    ['an end in three weeks', [one(1, { expiresAt: now + 21 * day })], [], []],
    [
      'an end in nine days',
      [one(1, { expiresAt: now + 9.5 * day })],
      [],
      [['warning', 'credential-expiring', /expires in 9 days[\s\S]*keys rotate/]],
    ],
    ['an end tomorrow', [one(1, { expiresAt: now + day })], [], [['error', 'credential-expiring', /in 24 h/]]],
    ['an end tomorrow, and another one', [one(1, { expiresAt: now + day }), one(2)], [], []],
    [
      'an end tomorrow, and another one ready',
      [one(1, { expiresAt: now + day }), one(2, { state: 'waiting' })],
      [],
      [],
    ],
    [
      'an end tomorrow, and another one ready for the day after',
      [one(1, { expiresAt: now + day }), one(2, { state: 'waiting', usedFrom: now + 2 * day })],
      [],
      [['error', 'credential-expiring', /until credential 2 begins/]],
    ],
    [
      'an end tomorrow, and two ready one after the other',
      [
        one(1, { expiresAt: now + day }),
        one(2, { state: 'waiting', usedFrom: now + 9 * day }),
        one(3, { state: 'waiting', usedFrom: now + day / 2, expiresAt: now + 10 * day }),
      ],
      [],
      [],
    ],
    [
      'an end tomorrow, and another one that athenahealth refuses',
      [one(1, { expiresAt: now + day }), one(2, { state: 'refused' })],
      [],
      [
        ['error', 'credential-expiring', /in 24 h/],
        ['warning', 'credential-refused', /refuses credential 2; credential 1 serves/],
      ],
    ],
    [
      'one that was refused an hour ago, and is to be tried again',
      [one(1, { refusedAt: now - 2 * 3_600_000 }), one(2)],
      [],
      [['warning', 'credential-refused', /refuses credential 1; credential 2 serves[\s\S]*keys revoke 1/]],
    ],
    [
      'one that does not open',
      [one(1, { state: 'refused', refusedAt: now, unusable: 'sealing.unreadable' }), one(2)],
      [],
      [['warning', 'unreadable', /Credential 1 does not open; credential 2 serves/]],
    ],
    [
      'the first refused',
      [one(1, { state: 'refused' }), one(2)],
      [],
      [['warning', 'credential-refused', /refuses credential 1; credential 2 serves/]],
    ],
    [
      'all refused',
      [one(1, { state: 'refused' })],
      [trouble('credential-refused')],
      [['error', 'credential-refused', /refuses credential 1\.[\s\S]*developer portal/]],
    ],
    [
      "a gateway's page in the place of a token, while one serves",
      [one(1)],
      [trouble('malformed-response', 300_000)],
      [['warning', 'token-unavailable', /malformed-response, 3 times[\s\S]*serves for 5 min[\s\S]*athena\.baseUrl/]],
    ],
    [
      'the endpoint down, and no token',
      [one(1)],
      [trouble('server-error')],
      [['error', 'token-unavailable', /server-error[\s\S]*by itself/]],
    ],
    [
      'an address where athenahealth may not be',
      [one(1)],
      [trouble('egress.address-refused')],
      [['error', 'token-unavailable', /egress\.address-refused, 3 times[\s\S]*athena\.allowedHosts/]],
    ],
    [
      'tokens that are refused as soon as they are granted',
      [one(1)],
      [trouble('token-refused', 300_000)],
      [['error', 'token-unavailable', /refuses tokens that it granted a moment ago[\s\S]*developer portal/]],
    ],
    [
      'the only one does not open',
      [one(1, { state: 'refused', refusedAt: now, unusable: 'sealing.unreadable' })],
      [trouble('sealing.unreadable')],
      [['error', 'unreadable', /Credential 1 does not open\./]],
    ],
    ['a fetch that was given up', [one(1)], [trouble('not-sent'), trouble('revoked')], []],
  ]
for (const [what, credentials, troubles, told] of table) {
  test(`${what}: ${told.map(([level, code]) => `${level} ${code}`).join() || 'no alarm'}`, () => {
    const alarms = credentialAlarms({ credentials, troubles, now })
    assert.deepEqual(
      alarms.map(({ level, code }) => [level, code]),
      told.map(([level, code]) => [level, code === 'unreadable' ? `sealing.${code}` : `key-server.${code}`]),
    )
    for (const [index, [, , said]] of told.entries()) {
      const alarm = alarms[index]
      assert.match(`${alarm?.message} ${alarm?.remedy}`, said)
    }
  })
}
