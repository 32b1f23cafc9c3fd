import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scriptedFetch } from '../testing/scripted-fetch.ts'
import { testClient } from '../testing/test-client.ts'
import { accessToken, type TokenSource } from './token/access-token.ts'

test('a fetch that held the call back takes the token again, and a refusal is of the one that was sent', async () => {
  const asked: (string | number | undefined)[] = []
  let current = 1
  const tokenSource: TokenSource = {
    async get({ newerThan } = {}) {
      asked.push(newerThan)
      return accessToken(`token-${current}`, current, Infinity)
    },
  }
  const script = scriptedFetch([{ status: 401 }, { body: [{ departmentid: '1' }] }])
  const { practice, run } = testClient([], {
    tokenSource,
    async fetch(url, init, call) {
      current += 1
      await init.authorize?.()
      return script.fetch(url, init, call)
    },
  })
  await run(practice.departments.get(1))
  assert.deepEqual(
    script.sent.map(({ headers }) => headers['authorization']),
    ['Bearer token-2', 'Bearer token-3'],
  )
  assert.deepEqual(asked, [undefined, undefined, 2, 2])
})

test('what the token source rejects with reaches the caller also where fetch asked', async () => {
  const refusal = new Error('the key server is sealed')
  let asked = 0
  const tokenSource: TokenSource = {
    get: async () => (asked++ === 0 ? accessToken('token', 1, Infinity) : Promise.reject(refusal)),
  }
  const { practice } = testClient([], {
    tokenSource,
    async fetch(_, init) {
      await init.authorize?.()
      return assert.fail('it is not sent')
    },
  })
  await assert.rejects(practice.departments.get(1), (error) => error === refusal)
})
