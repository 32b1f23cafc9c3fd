/** Where the credentials are from, and the sections `keyServer` and `vault`: what is taken, and what is refused with which remedy. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { testAuthority } from '../testing/test-certificates.ts'
import { loadConfig } from './config.ts'
import { ConfigError } from './config/config-error.ts'
import { isAegisError } from './errors/aegis-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'sections-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const { cert, key, ca } = testAuthority().identity('worker')
for (const [file, text] of Object.entries({
  'cert.pem': cert,
  'key.pem': key,
  'ca.pem': ca,
  'other.pem': testAuthority().identity('worker').key,
  token: 's.canary\n',
  secret: 'x\n',
})) {
  writeFileSync(join(folder, file), text, { mode: 0o600 })
}
writeFileSync(join(folder, 'open.pem'), key)
chmodSync(join(folder, 'open.pem'), 0o644)

const files = { certFile: 'cert.pem', keyFile: 'key.pem', caFile: 'ca.pem' }
const services = { worker: { practices: 'all' }, branch: { practices: [7], scopes: ['a'] } }

function load(settings: object) {
  const configFile = join(folder, 'aegis.yaml')
  const base = { environment: 'preview', athena: { clientId: 'app' }, practices: [7] }
  writeFileSync(configFile, JSON.stringify({ ...base, ...settings }))
  const env = { DATABASE_URL: 'postgres://u:p@127.0.0.1/d' }
  return loadConfig({ env, nodeFlags: [], cwd: folder, argvOverrides: { configFile } }).config
}

test('a process without the sections has the credentials itself, and serves nobody', () => {
  const { keyServer, vault } = load({})
  assert.deepEqual([keyServer, vault], [{ services: {} }, undefined])
})

test('a key server on a port, and those who use it', () => {
  const served = load({ role: 'key-server', keyServer: { ...files, listen: '10.0.0.5:7421', services } })
  assert.deepEqual(served.keyServer, { services, listen: { host: '10.0.0.5', port: 7421, tls: { cert, key, ca } } })
  const user = load({ role: 'worker', keyServer: { ...files, url: 'https://keys.internal:7421' } })
  assert.deepEqual(user.keyServer, { services: {}, at: { url: 'https://keys.internal:7421', tls: { cert, key, ca } } })
})

test('sockets need no certificates', () => {
  const served = load({ role: 'key-server', keyServer: { listen: 'unix:///run/keys', services } })
  assert.deepEqual(served.keyServer.listen, { directory: '/run/keys' })
  assert.deepEqual(load({ keyServer: { url: 'unix:///run/keys/worker.sock' } }).keyServer.at, {
    path: '/run/keys/worker.sock',
  })
})

test('the file of the secret may hold a private key, whose lines are several', () => {
  const { athena } = load({ athena: { clientId: 'app', secretFile: 'key.pem' } })
  assert.equal(athena.secret?.reveal(), key)
})

test('a vault is read with a token or an AppRole, from files that are read anew', () => {
  const { vault } = load({ vault: { url: 'https://vault.internal:8200', path: 'athena/preview', tokenFile: 'token' } })
  assert.ok(vault && 'token' in vault.place.login)
  assert.equal(vault.place.login.token(), 's.canary')
  writeFileSync(join(folder, 'token'), 's.other\n')
  assert.equal(vault.place.login.token(), 's.other')
  const approle = load({
    vault: { url: 'http://127.0.0.1:8200', path: 'a', roleIdFile: 'token', secretIdFile: 'secret' },
  })
  assert.ok(approle.vault && 'roleId' in approle.vault.place.login)
})

const vault = { url: 'https://vault.internal:8200', path: 'a', tokenFile: 'token' }
test('the authority of a vault is read anew at each look, as it is replaced while the process runs', () => {
  const path = join(folder, 'vault-ca.pem')
  writeFileSync(path, ca)
  const config = load({ vault: { ...vault, caFile: path } })
  const reader = config.vault?.place.ca ?? assert.fail('it is named')
  assert.equal(reader(), ca)
  const other = testAuthority('other').ca
  writeFileSync(path, other)
  assert.equal(reader(), other)
  writeFileSync(path, 'half of one')
  assert.throws(reader, (error) => isAegisError(error, 'key-server.vault-refused'))
})

const refusals: readonly (readonly [what: string, settings: object, said: RegExp])[] = [
  ['a key server that says no place', { role: 'key-server' }, /keyServer\.listen is missing/],
  [
    'a key server for nobody',
    { role: 'key-server', keyServer: { listen: 'unix:///x' } },
    /keyServer\.services .*is empty/,
  ],
  [
    'a key server that uses another',
    { role: 'key-server', keyServer: { url: 'unix:///x', listen: 'unix:///y', services } },
    /keyServer\.url .*on the key server itself/,
  ],
  [
    'a port without certificates',
    { keyServer: { listen: '10.0.0.5:7421', services } },
    /keyServer\.certFile is missing[\s\S]*keyServer\.keyFile is missing/,
  ],
  [
    'a key that others can read',
    { keyServer: { ...files, keyFile: 'open.pem', url: 'https://k:1' } },
    /others can read[\s\S]*chmod 600/,
  ],
  [
    'a key that is none',
    { keyServer: { ...files, keyFile: 'token', url: 'https://k:1' } },
    /keyServer\.keyFile .*cannot be read as such[\s\S]*without a passphrase/,
  ],
  [
    'a key that is not that of the certificate',
    { keyServer: { ...files, keyFile: 'other.pem', url: 'https://k:1' } },
    /keyServer\.keyFile .*holds another key than the certificate/,
  ],
  [
    'a certificate that is none',
    { keyServer: { ...files, caFile: 'token', url: 'https://k:1' } },
    /keyServer\.caFile .*cannot be read as such/,
  ],
  [
    'plain HTTP',
    { keyServer: { ...files, url: 'http://keys:1' } },
    /keyServer\.url .*[\s\S]*https:\/\/host:port or unix/,
  ],
  [
    'a place that is none',
    { keyServer: { ...files, listen: 'everywhere', services } },
    /keyServer\.listen .*is no place/,
  ],
  [
    'the secret beside a key server elsewhere',
    { athena: { clientId: 'app', secretFile: 'secret' }, keyServer: { url: 'unix:///x' } },
    /athena\.secretFile .*beside keyServer\.url/,
  ],
  [
    'a vault over plain HTTP',
    { vault: { ...vault, url: 'http://vault.internal' } },
    /vault\.url .*[\s\S]*http is for the loopback/,
  ],
  ['a vault without an entry', { vault: { ...vault, path: undefined } }, /vault\.path is missing/],
  [
    'a vault and a file',
    { vault, athena: { clientId: 'app', secretFile: 'secret' } },
    /vault\.url .*beside athena\.secretFile/,
  ],
  [
    'a vault without a login',
    { vault: { ...vault, tokenFile: undefined } },
    /vault\.tokenFile .*[\s\S]*tokenFile, or both/,
  ],
  ['two logins', { vault: { ...vault, roleIdFile: 'token', secretIdFile: 'token' } }, /vault\.tokenFile .*not alone/],
  [
    'a token file that is not there',
    { vault: { ...vault, tokenFile: 'nowhere' } },
    /vault\.tokenFile .*cannot be read/,
  ],
]
describe('refused with the remedy:', () => {
  for (const [what, settings, said] of refusals) {
    test(what, () => {
      assert.throws(
        () => load(settings),
        (error) => {
          assert.ok(error instanceof ConfigError, String(error))
          assert.match(error.message, said)
          assert.doesNotMatch(error.message, /canary/)
          return true
        },
      )
    })
  }
})
