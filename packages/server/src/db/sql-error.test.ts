import assert from 'node:assert/strict'
import test from 'node:test'
import { fromDriverError } from './sql-error.ts'

const cases: readonly [title: string, error: unknown, code: string][] = [
  ['a broken pipe is a lost connection, although its name has five letters', { code: 'EPIPE' }, 'db.unavailable'],
  ['so is a reset one', { code: 'ECONNRESET' }, 'db.unavailable'],
  ['so is a server that shuts down', { code: '57P01' }, 'db.unavailable'],
  ['so is one that is full', { code: '53300' }, 'db.unavailable'],
  ['a disk without room has a code of its own', { code: '53100' }, 'db.disk-full'],
  ['a broken constraint is the statement', { code: '23505', constraint: 'record_pkey' }, 'db.statement-failed'],
  ['so is an internal error', { code: 'XX000' }, 'db.statement-failed'],
]
for (const [title, error, code] of cases) test(title, () => assert.equal(fromDriverError(error).code, code))

const demanded = 'TLSV13_ALERT_CERTIFICATE_REQUIRED'
const reasons: readonly [title: string, error: unknown, reason: string][] = [
  [
    'a certificate of an unknown authority',
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ],
  ['one that is for something else', { code: 'INVALID_PURPOSE' }, 'INVALID_PURPOSE'],
  ['one for another name', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['one that has expired', { code: 'CERT_HAS_EXPIRED' }, 'CERT_HAS_EXPIRED'],
  ['a handshake that the server ends', { code: `ERR_SSL_${demanded}` }, `ERR_SSL_${demanded}`],
  [
    'one of which only the text says why',
    Object.assign(new Error(`write EPROTO 4:error:0A1:SSL routines:read:ssl/tls alert handshake failure:a.c:9:\n`), {
      code: 'EPROTO',
    }),
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ],
  ['a server without TLS', new Error('The server does not support SSL connections'), 'no TLS'],
  ['a code that could be anything', { code: 'Ada Lovelace' }, 'connection lost'],
]
for (const [title, error, reason] of reasons) {
  test(`the reason of a lost connection names ${title}`, () =>
    assert.equal(fromDriverError(error).detail['reason'], reason))
}
