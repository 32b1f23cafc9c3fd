import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test, type TestContext } from 'node:test'
import { type Simulator, type SimulatorOptions, startSimulator } from '../index.ts'
import { recordKinds } from '../truth/truth.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const minute = 60_000
const options: SimulatorOptions = {
  seed: 7,
  practices: [{ id: 195900, patients: 200 }],
  startAt: Date.UTC(2026, 10, 23, 15),
  speed: 0,
  day: true,
  limits: 'off',
  activationLagMs: minute,
}

/** A caller of a simulator that is stopped with the test. */
async function started(context: TestContext, changes: SimulatorOptions) {
  const simulator = await startSimulator({ ...options, ...changes })
  context.after(() => simulator.stop())
  return { simulator, call: caller(simulator) }
}

function caller(simulator: Simulator) {
  return async (method: string, path: string, form?: Record<string, string>): Promise<unknown> => {
    const authorization = `Bearer ${await token(simulator)}`
    const body = form && new URLSearchParams(form)
    const response = await simulator.fetch(`${simulator.url}/v1/195900${path}`, {
      method,
      headers: { authorization },
      ...(body && { body }),
    })
    return response.json()
  }
}

async function token({ fetch, url }: Simulator): Promise<string> {
  const authorization = `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}`
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' })
  const answer: { access_token: string } = await (
    await fetch(`${url}/oauth2/v1/token`, { method: 'POST', headers: { authorization }, body })
  ).json()
  return answer.access_token
}

/** Everything in the practice, as the API would show it. */
function stateOf({ truth }: Simulator): unknown {
  return recordKinds.map((kind) => [...truth.records(195900, kind)])
}

/** An hour with a caller: subscribed, read from time to time, changed by the caller and by the administration. */
async function liveAnHour({ simulator, call }: { simulator: Simulator; call: ReturnType<typeof caller> }) {
  await call('POST', '/appointments/changed/subscription')
  await call('POST', '/patients/changed/subscription')
  simulator.clock.advance(20 * minute)
  await call('GET', '/appointments/changed?limit=1000')
  await call('PUT', '/patients/12', { city: 'Boston' })
  await simulator.fetch(`${simulator.url}/__sim/day`, { method: 'POST', body: '{"action":"pause"}' })
  simulator.clock.advance(7 * minute)
  await simulator.fetch(`${simulator.url}/__sim/day`, { method: 'POST', body: '{"action":"resume"}' })
  simulator.clock.advance(23.4567 * minute)
  await call('GET', '/appointments/changed?limit=1000')
  await call('GET', '/patients/changed?limit=1000&leaveunprocessed=true')
  simulator.clock.advance(10 * minute)
}

const feeds = ['/appointments/changed?limit=1000', '/patients/changed?limit=1000'] as const

test('stopped and started again, the simulator is what it was and its practices live on as they would have', async (t) => {
  const journal = join(folder, 'clean.jsonl')
  const control = await started(t, {})
  await liveAnHour(control)
  const first = await started(t, { journal })
  await liveAnHour(first)
  const before = stateOf(first.simulator)
  await first.simulator.stop()

  const again = await started(t, { journal })
  assert.equal(again.simulator.clock.now(), control.simulator.clock.now())
  assert.deepEqual(stateOf(again.simulator), before)
  assert.deepEqual(stateOf(again.simulator), stateOf(control.simulator))
  for (const { simulator } of [control, again]) simulator.clock.advance(45 * minute)
  assert.deepEqual(stateOf(again.simulator), stateOf(control.simulator))
  for (const feed of feeds) {
    const waiting = await again.call('GET', feed)
    assert.deepEqual(waiting, await control.call('GET', feed))
    assert.ok(JSON.stringify(waiting).length > 200, 'there was something to read')
  }
  assert.deepEqual(again.simulator.truth.defects(), [])
})

test('after a kill nothing that was read is read again, and time has not gone back', async (t) => {
  const journal = join(folder, 'killed.jsonl')
  const first = await started(t, { journal })
  await liveAnHour(first)
  const killedAt = first.simulator.clock.now()
  const kept = readFileSync(journal)
  await first.simulator.stop()
  writeFileSync(journal, Buffer.concat([kept, Buffer.from('{"at":1795')])) // killed in the middle of a line

  const again = await started(t, { journal, speed: 0 })
  const { clock } = again.simulator
  assert.ok(clock.now() <= killedAt && clock.now() > killedAt - 11 * minute, 'as far as the last call')
  clock.jumpTo(killedAt)
  assert.deepEqual(stateOf(again.simulator), stateOf(first.simulator))
})

test('a simulator that runs goes on by the time since its last call, at most a minute', async (t) => {
  const journal = join(folder, 'running.jsonl')
  const first = await started(t, { journal })
  await first.call('POST', '/patients/changed/subscription')
  const at = first.simulator.clock.now()
  const kept = readFileSync(journal)
  await first.simulator.stop()
  writeFileSync(journal, kept)
  const again = await started(t, { journal, speed: 1_000 })
  assert.ok(again.simulator.clock.now() >= at)
  assert.ok(again.simulator.clock.now() < at + 120 * 1_000 * 1_000)
})

test('the file holds no token and can be read by its owner only', async (t) => {
  const journal = join(folder, 'private.jsonl')
  const { simulator, call } = await started(t, { journal })
  await call('POST', '/patients/changed/subscription')
  await simulator.stop()
  assert.equal(statSync(journal).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(journal, 'utf8'), /authorization|Bearer/i)
})

const refused: [title: string, text: string | undefined, changes: SimulatorOptions, said: RegExp][] = [
  ['other settings', undefined, { seed: 8 }, /other settings; name another file, or remove it/],
  ['another file', 'hello\n', {}, /is no journal/],
  ['another file of JSON', '{"a":1}\n', {}, /is no journal/],
  ['recordings', undefined, { recording: folder }, /recordings have no state to keep/],
]

describe('a journal is refused with', () => {
  for (const [title, text, changes, said] of refused) {
    test(title, async (t) => {
      const journal = join(folder, `${title}.jsonl`)
      if (text === undefined) await (await started(t, { journal })).simulator.stop()
      else appendFileSync(journal, text)
      const before = readFileSync(journal, 'utf8')
      await assert.rejects(startSimulator({ ...options, journal, ...changes }), said)
      assert.equal(readFileSync(journal, 'utf8'), before, 'it is left as it was')
    })
  }
})
