import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createAthenaClient } from './athena-client.ts'
import { isAthenaError } from './athena-error.ts'
import { type BaseUrlOptions, resolveBaseUrl } from './environment.ts'
import { requestToken } from './token/request-token.ts'

const PREVIEW = 'https://api.preview.platform.athenahealth.com'
const PRODUCTION = 'https://api.platform.athenahealth.com'
const gateway = 'https://aegis.clinic.example'
const allowedHosts = ['aegis.clinic.example', 'sim:9100']

for (const [options, expected] of [
  [{ environment: 'preview' }, PREVIEW],
  [{ environment: 'production' }, PRODUCTION],
  [{ environment: 'preview', baseUrl: `${PREVIEW}/` }, PREVIEW],
  [{ environment: 'preview', baseUrl: PREVIEW.toUpperCase() }, PREVIEW],
  [{ environment: 'preview', baseUrl: PRODUCTION }, undefined],
  [{ environment: 'production', baseUrl: PREVIEW }, undefined],
  [{ environment: 'production', baseUrl: 'https://api.preview.platform.athenahealth.com.' }, undefined],
  [{ environment: 'production', baseUrl: PREVIEW, allowedHosts: ['api.preview.platform.athenahealth.com'] }, undefined],
  [{ environment: 'local', baseUrl: PRODUCTION, allowedHosts: ['api.platform.athenahealth.com'] }, undefined],
  [{ environment: 'production', baseUrl: PRODUCTION.replace('https', 'http') }, undefined],
  [{ environment: 'production', baseUrl: `${PRODUCTION}:8443` }, undefined],
  [{ environment: 'production', baseUrl: 'https://evil.example' }, undefined],
  [{ environment: 'production', baseUrl: 'http://127.0.0.1:9100' }, undefined],
  [{ environment: 'production', baseUrl: gateway }, undefined],
  [{ environment: 'production', baseUrl: gateway, allowedHosts }, gateway],
  [{ environment: 'production', baseUrl: `${gateway}/athena/`, allowedHosts }, `${gateway}/athena`],
  [{ environment: 'production', baseUrl: gateway.replace('https', 'http'), allowedHosts }, undefined],
  [{ environment: 'local' }, undefined],
  [{ environment: 'local', baseUrl: 'http://localhost:9100' }, 'http://localhost:9100'],
  [{ environment: 'local', baseUrl: 'http://127.0.0.1:9100/' }, 'http://127.0.0.1:9100'],
  [{ environment: 'local', baseUrl: 'http://[::1]:9100' }, 'http://[::1]:9100'],
  [{ environment: 'local', baseUrl: 'http://127.0.0.1.evil.example' }, undefined],
  [{ environment: 'local', baseUrl: 'http://localhost.evil.example' }, undefined],
  [{ environment: 'local', baseUrl: 'http://10.0.0.1' }, undefined],
  [{ environment: 'local', baseUrl: 'http://sim:9100', allowedHosts }, 'http://sim:9100'],
  [{ environment: 'local', baseUrl: 'http://sim:9101', allowedHosts }, undefined],
  [{ environment: 'local', baseUrl: 'http://user:secret@localhost' }, undefined],
  [{ environment: 'local', baseUrl: 'http://localhost/?a=1' }, undefined],
  [{ environment: 'local', baseUrl: 'file:///etc/passwd' }, undefined],
  [{ environment: 'local', baseUrl: 'localhost:9100' }, undefined],
  [{ environment: 'local', baseUrl: '' }, undefined],
] as const satisfies readonly (readonly [BaseUrlOptions, string | undefined])[]) {
  test(`${options.environment} with ${JSON.stringify({ ...options, environment: undefined })} is ${expected ?? 'refused'}`, () => {
    if (expected === undefined) assert.throws(() => resolveBaseUrl(options), { code: 'environment' })
    else assert.equal(resolveBaseUrl(options), expected)
  })
}

test('an environment outside the three is refused', () => {
  // What a caller without types could pass.
  assert.throws(() => resolveBaseUrl({ environment: 'prod' as 'production' }), { code: 'environment' })
})

const environments = fc.constantFrom('preview', 'production', 'local')
const urls = fc.constantFrom(PREVIEW, PRODUCTION, 'http://127.0.0.1:9100', gateway, undefined)

test('a credential of one environment never leaves for another: nothing is sent', async () => {
  await fc.assert(
    fc.asyncProperty(environments, environments, urls, async (environment, other, baseUrl) => {
      fc.pre(environment !== other)
      const calls: string[] = []
      const fetch = async (url: string) => {
        calls.push(url)
        return new Response('{"access_token":"t"}')
      }
      const credential = { clientId: 'id', secret: 'secret', environment: other }
      const options = { environment, credential, fetch, ...(baseUrl === undefined ? {} : { baseUrl }) }
      assert.throws(() => createAthenaClient(options), { code: 'environment' })
      await assert.rejects(requestToken(options), { code: 'environment' })
      assert.deepEqual(calls, [])
    }),
  )
})

test('whatever the base URL, athenahealth’s hosts are reached in their own environment only', async () => {
  await fc.assert(
    fc.asyncProperty(
      environments,
      urls,
      fc.array(fc.constantFrom(...allowedHosts)),
      async (environment, baseUrl, hosts) => {
        const calls: string[] = []
        const fetch = async (url: string) => {
          calls.push(url)
          return new Response('{"access_token":"t"}')
        }
        const options = { environment, allowedHosts: hosts, ...(baseUrl === undefined ? {} : { baseUrl }) }
        await requestToken({ ...options, credential: { clientId: 'id', secret: 's' }, fetch }).catch((error: unknown) =>
          assert.ok(isAthenaError(error, 'environment')),
        )
        for (const url of calls) {
          assert.ok(!url.startsWith(PREVIEW) || environment === 'preview')
          assert.ok(!url.startsWith(PRODUCTION) || environment === 'production')
        }
      },
    ),
  )
})
