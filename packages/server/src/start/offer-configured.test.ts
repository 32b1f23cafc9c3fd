import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { keyServers } from '../../testing/key-servers.ts'
import { Secret } from '../config/secret.ts'
import { offerConfigured } from './offer-configured.ts'

const { newApp } = await keyServers()
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const given: readonly (readonly [what: string, text: string, kind: string])[] = [
  ['a secret', 'another-secret', 'secret'],
  ['a key as JWK', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'ours' }), 'private-key'],
  ['a key as PEM', String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 'private-key'],
]
for (const [what, text, kind] of given) {
  test(`${what} in the file is used as what it is`, async (t) => {
    const { newProcess, credential, endpoint, log } = await newApp(t)
    const { server, tokens } = newProcess()
    const offer = () => offerConfigured({ keyServer: server, log }, credential, new Secret(text))
    await offer()
    await offer()
    await tokens.get()
    const [first, ...more] = await server.desk(credential).list()
    assert.deepEqual([first?.kind, first?.origin, first?.next, more.length], [kind, 'configuration', true, 1])
    const [request] = endpoint.requests
    assert.equal(request?.secret, kind === 'secret' ? text : '', 'nothing of a key is sent')
    assert.equal(request?.assertion.split('.').length, kind === 'secret' ? 1 : 3)
  })
}
