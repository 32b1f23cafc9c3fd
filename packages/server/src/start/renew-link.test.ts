import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code } from '../../testing/key-servers.ts'
import { testAuthority } from '../../testing/test-certificates.ts'
import type { TlsIdentity } from '../http/http-app.ts'
import { renewLink } from './renew-link.ts'

test('a new certificate is taken up once; another place, or none, takes a new start', async () => {
  const authority = testAuthority()
  const [first, second] = [authority.identity('worker'), authority.identity('worker')]
  const renewed: TlsIdentity[] = []
  const url = 'https://keys.internal:7421'
  const use = renewLink({ renew: (tls) => renewed.push(tls) }, { url, tls: first })
  const services = {}
  assert.equal(await use({ services, at: { url, tls: { ...first } } }), false)
  assert.equal(await use({ services, at: { url, tls: second } }), true)
  assert.equal(await use({ services, at: { url, tls: second } }), false)
  assert.deepEqual(renewed, [second])
  for (const at of [{ url: 'https://other:7421', tls: second }, { path: '/run/keys/worker.sock' }, undefined]) {
    await assert.rejects(use({ services, ...(at && { at }) }), code('key-server.settings-unusable'))
  }
  assert.equal(renewed.length, 1)
})
