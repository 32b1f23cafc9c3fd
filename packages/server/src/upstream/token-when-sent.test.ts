/** A call may wait minutes for its permission: the token that it leaves with is the one of then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessToken, type TokenSource } from '@aegis/client'
import { json } from '../../testing/athena-server.ts'
import { said, waysOut } from '../../testing/way-out.ts'
import { AegisError } from '../errors/aegis-error.ts'

const { owner, setUp } = await waysOut()

const slowLook = async () => void (await owner.rows('select pg_sleep(0.02)'))
const found = [{ patientid: '7' }]
const outcomes = async (practice: number) => {
  const rows = await owner.rows<{ outcome: string }>(
    'select outcome from audit.entry where practice_id = $1 order by id',
    [practice],
  )
  return rows.map(({ outcome }) => outcome)
}

/** A source whose token changes, and that a test may let fail or take its time. */
function changingTokens() {
  const state = { current: 1, before: async () => undefined as void }
  const tokenSource: TokenSource = {
    async get() {
      await state.before()
      return accessToken(`token-${state.current}`, state.current, Number.POSITIVE_INFINITY)
    },
  }
  return { state, tokenSource }
}

test('a token that is replaced while the call waits for its permission does not leave', async (t) => {
  const { state, tokenSource } = changingTokens()
  const permitted = async () => void (state.current = 2)
  const { server, practice } = await setUp(t, { tokenSource, permitted })
  const seen: (string | undefined)[] = []
  server.answer = (request, response) => {
    seen.push(request.headers.authorization)
    json(response, found)
  }
  await practice.patients.get('7', {}, said())
  assert.deepEqual(seen, ['Bearer token-2'])
})

for (const [kind, send] of [
  ['a read', 'get'],
  ['a write', 'update'],
] as const) {
  test(`${kind} for which there is no token any more when its permission comes is not sent, and gives it back`, async (t) => {
    const { state, tokenSource } = changingTokens()
    const permitted = async () => {
      state.before = () => Promise.reject(new AegisError('key-server.credential-refused'))
    }
    const { server, id, practice, quota, usedToday } = await setUp(t, { tokenSource, permitted })
    const call = send === 'get' ? practice.patients.get('7', {}, said()) : practice.patients.update('7', {}, said())
    await assert.rejects(call, { code: 'key-server.credential-refused' })
    await quota.stop()
    assert.deepEqual([server.requests.length, await usedToday(), await outcomes(id)], [0, 0, ['attempt', 'failure']])
  })
}

for (const slow of [1, 2]) {
  test(`a permission is for now: a token that has to be looked for ${slow} times costs as many, and no call of the day`, async (t) => {
    const { state, tokenSource } = changingTokens()
    let permissions = 0
    const permitted = async () => {
      permissions += 1
      // A look is older than it may be, and then one is not.
      state.before = permissions <= slow ? slowLook : async () => undefined
    }
    const { server, practice, quota, usedToday } = await setUp(t, { tokenSource, permitted })
    server.answer = (_, response) => json(response, found)
    // The connection that the first call makes serves the second.
    await practice.patients.get('7', {}, said())
    permissions = 0
    await practice.patients.get('7', {}, said())
    await quota.stop()
    assert.deepEqual([permissions, server.requests.length, await usedToday()], [slow + 1, 2, 2])
  })
}
