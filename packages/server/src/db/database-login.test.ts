import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAegisError } from '../errors/aegis-error.ts'
import { clientConfig, memberLogins } from './database-login.ts'

describe('a database URL', () => {
  test('names a server on the network, which must be verified', () => {
    const config = clientConfig({ url: 'postgres://us%40er:p%2Fw@db.example.com:6432/aegis?sslmode=verify-full' })
    assert.deepEqual(
      [config.host, config.port, config.user, config.database],
      ['db.example.com', 6432, 'us@er', 'aegis'],
    )
    assert.deepEqual(config.ssl, { rejectUnauthorized: true, minVersion: 'TLSv1.2', servername: 'db.example.com' })
    assert.equal(typeof config.password === 'function' && config.password(), 'p/w')
  })

  const local = [
    'postgres://u:p@localhost/aegis',
    'postgres://u:p@127.0.0.1:5433/aegis',
    'postgres://u:p@[::1]/aegis',
    'postgresql://u:p@localhost/aegis?host=/run/postgresql',
  ]
  for (const url of local)
    test(`${url} stays on this machine and needs no TLS`, () => assert.equal(clientConfig({ url }).ssl, false))

  const insecure = [
    'postgres://u:p@db.example.com/aegis',
    'postgres://u:p@db.example.com/aegis?sslmode=disable',
    'postgres://u:p@db.example.com/aegis?sslmode=prefer',
    'postgres://u:p@db.example.com/aegis?sslmode=no-verify',
    'postgres://u:p@localhost/aegis?host=db.example.com',
    'postgres://u:p@127.0.0.1.example.com/aegis',
    'postgres://u:p@localhost.example.com/aegis',
  ]
  for (const url of insecure) {
    test(`${url} would send data in the clear or to anybody`, () => {
      assert.throws(
        () => clientConfig({ url }),
        (error) => isAegisError(error, 'db.insecure-url'),
      )
    })
  }

  const invalid = [
    '',
    'CANARY',
    'mysql://u:CANARY@localhost/aegis',
    'postgres://localhost/aegis',
    'postgres://u:CANARY@localhost/',
  ]
  for (const url of invalid) {
    test(`"${url}" is refused without repeating it`, () => {
      assert.throws(
        () => clientConfig({ url }),
        (error) => isAegisError(error, 'db.invalid-url') && !error.message.includes('CANARY'),
      )
    })
  }

  test('of a member of the three roles acts as one of them from the first packet on', () => {
    const { app, control, audit } = memberLogins('postgres://u:p@localhost/aegis')
    const options = [app, control, audit].map((login) => clientConfig(login).options)
    assert.deepEqual(
      options.map((text) => /-c role=(\S+)/.exec(String(text))?.[1]),
      ['aegis_app', 'aegis_control', 'aegis_audit'],
    )
  })
})
