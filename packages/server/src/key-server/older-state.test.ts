/** The database is put back to an earlier state, by a restore or a failover, while processes hold what it knows no longer. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { keyServers, until } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'

const { owner, newApp } = await keyServers()
const hour = 3_600_000

/** A process that holds its third token, on a database that knows the first alone. */
async function putBack(t: TestContext) {
  // What a process waits for another one passes.
  const manual = manualClock()
  const clock = { ...manual, sleep: (ms: number) => manual.advance(ms) }
  const { endpoint, newProcess, credential } = await newApp(t, clock)
  const { clientId } = credential
  const { tokens } = newProcess()
  await tokens.get()
  const [before] = await owner.rows<{ row: object }>(
    'select to_jsonb(a) as row from control.access_token a where client_id = $1',
    [clientId],
  )
  for (const newerThan of [1, 2]) {
    await clock.advance(61_000)
    await tokens.get({ newerThan })
  }
  await owner.rows(`delete from control.access_token where client_id = $1`, [clientId])
  await owner.rows(
    'insert into control.access_token select * from jsonb_populate_record(null::control.access_token, $1)',
    [before?.row ?? assert.fail()],
  )
  assert.equal((await tokens.get()).value, 'canary-token-3')
  return { clock, endpoint, tokens, other: newProcess().tokens }
}

test('when the token at hand is over, the next one is got, and is the one of all', async (t) => {
  const { clock, endpoint, tokens, other } = await putBack(t)
  await clock.advance(hour)
  assert.equal((await tokens.get()).value, 'canary-token-4')
  assert.equal((await other.get()).value, 'canary-token-4')
  assert.equal(endpoint.requests.length, 4)
})

test('when the token at hand is over, one that another process has got meanwhile serves', async (t) => {
  const { clock, endpoint, tokens, other } = await putBack(t)
  await clock.advance(hour)
  assert.equal((await other.get()).value, 'canary-token-4')
  assert.equal((await tokens.get()).value, 'canary-token-4')
  assert.equal(endpoint.requests.length, 4)
})

test('a renewal ahead of time costs one request, as ever', async (t) => {
  const { clock, endpoint, tokens, other } = await putBack(t)
  await clock.advance(0.95 * hour)
  assert.equal((await tokens.get()).value, 'canary-token-3')
  await until(async () => (await tokens.get()).value !== 'canary-token-3')
  assert.equal((await other.get()).value, 'canary-token-4')
  assert.equal(endpoint.requests.length, 4)
})

test('a token that is refused is replaced with one request', async (t) => {
  const { clock, endpoint, tokens, other } = await putBack(t)
  await clock.advance(61_000)
  assert.equal((await tokens.get({ newerThan: 3 })).value, 'canary-token-4')
  assert.equal((await other.get()).value, 'canary-token-4')
  assert.equal(endpoint.requests.length, 4)
})

test('another token of the same number is another one', async (t) => {
  const { clock, endpoint, tokens, other } = await putBack(t)
  for (const newerThan of [1, 2]) {
    await clock.advance(61_000)
    await other.get({ newerThan })
  }
  await clock.advance(5_000)
  assert.equal((await tokens.get()).value, 'canary-token-5')
  assert.equal(endpoint.requests.length, 5)
})
