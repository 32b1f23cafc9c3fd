import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { noon, tinySimulator, type TinySimulator } from '../../testing/tiny-simulator.ts'
import type { SimulatorOptions } from '../server/options.ts'
import type { FaultRule } from './fault-rule.ts'

const feed = '/v1/195900/appointments/changed'
const patients = '/v1/195900/patients/changed'
const minute = 60_000
const replay = `${feed}?showprocessedstartdatetime=01/05/2026 11:00:00`

/** A simulator whose demo app is subscribed to two feeds. */
async function subscribed(t: TestContext, options: SimulatorOptions = {}): Promise<TinySimulator> {
  const simulator = await tinySimulator(t, { activationLagMs: minute, ...options })
  for (const path of [feed, patients]) await simulator.call(`${path}/subscription`, { method: 'POST' })
  simulator.clock.advance(minute)
  return simulator
}

async function status(simulator: TinySimulator, path: string) {
  const { body } = await simulator.call(`${path}/subscription`)
  return [body.status, Object.keys(body.subscriptions ?? {}).length]
}

async function ids(simulator: TinySimulator, path: string) {
  const { body } = await simulator.call(path)
  return Object.values(body.appointments ?? {}).map(({ appointmentid }) => String(appointmentid))
}

function change({ practice }: TinySimulator, id: string, name = 'CheckIn') {
  practice.change({ feed: 'appointments', name, id, departmentId: '1' })
}

function fired({ faults }: TinySimulator) {
  return faults.list().map((rule) => rule.fired)
}

const once = { times: 1 } as const

test('a subscription that is lost behind the caller’s back takes with it what waited, and may be made again', async (t) => {
  const simulator = await subscribed(t)
  change(simulator, '1')
  simulator.faults.add([{ kind: 'unsubscribed', when: { path: '/appointments/changed', ...once } }])
  const { status: refused, body } = await simulator.call(feed)
  assert.deepEqual([refused, String(body.error).slice(0, 16)], [403, 'Changed messages'])
  assert.deepEqual(await status(simulator, patients), ['ACTIVE', 5], 'the other feed is not concerned')
  await simulator.call(`${feed}/subscription`, { method: 'POST' })
  assert.deepEqual(await status(simulator, feed), ['INACTIVE', 0])
  simulator.clock.advance(minute)
  assert.deepEqual(await status(simulator, feed), ['ACTIVE', 9])
  assert.deepEqual(await ids(simulator, feed), [])
  assert.deepEqual(fired(simulator), [1])
})

test('a change of the subscription that had not taken effect is lost with it', async (t) => {
  const simulator = await subscribed(t)
  await simulator.call(`${feed}/subscription?eventname=UpdateReminderCall`, { method: 'POST' })
  simulator.faults.add([{ kind: 'unsubscribed', when: once }])
  assert.deepEqual(await status(simulator, feed), ['INACTIVE', 0])
  simulator.clock.advance(minute)
  assert.deepEqual(await status(simulator, feed), ['INACTIVE', 0])
})

test('on a call about no feed all of the app’s are lost, or the one that is named', async (t) => {
  const rules: readonly [FaultRule, string, string][] = [
    [{ kind: 'unsubscribed' }, 'INACTIVE', 'INACTIVE'],
    [{ kind: 'unsubscribed', feed: 'patients' }, 'ACTIVE', 'INACTIVE'],
    [{ kind: 'unsubscribed', feed: 'claims' }, 'ACTIVE', 'ACTIVE'],
  ]
  for (const [rule, appointments, others] of rules) {
    const simulator = await subscribed(t)
    simulator.faults.add([{ ...rule, when: { path: '/departments' } }])
    assert.equal((await simulator.call('/v1/195900/departments')).status, 200)
    assert.deepEqual(
      [(await status(simulator, feed))[0], (await status(simulator, patients))[0]],
      [appointments, others],
    )
  }
})

test('a subscription becomes PARTIAL by an event that is drawn, or by those that are named; never by all', async (t) => {
  const drawn = await subscribed(t)
  drawn.faults.add([{ kind: 'partial', when: once }])
  assert.deepEqual(await status(drawn, feed), ['PARTIAL', 8])
  const named = await subscribed(t)
  named.faults.add([
    { kind: 'partial', events: ['CheckIn', 'CheckOut', 'AddPatient'], when: { path: `${feed}*`, ...once } },
  ])
  change(named, 'waits already')
  assert.deepEqual(await status(named, feed), ['PARTIAL', 7])
  change(named, 'in', 'CheckIn')
  change(named, 'cancelled', 'CancelAppointment')
  assert.deepEqual(await ids(named, feed), ['waits already', 'cancelled'])
  const all = await subscribed(t)
  const events = ['AddPatient', 'DeletePatient', 'UpdatePatient', 'MergePatient', 'UpdatePatientCustomField']
  all.faults.add([{ kind: 'partial', events }])
  assert.deepEqual(await status(all, patients), ['ACTIVE', 5])
  assert.deepEqual(fired(all), [0])
})

test('what was processed is forgotten before its time, all of it or what is older', async (t) => {
  const simulator = await subscribed(t)
  for (const id of ['1', '2']) {
    change(simulator, id)
    assert.deepEqual(await ids(simulator, feed), [id])
    simulator.clock.advance(10 * minute)
  }
  assert.deepEqual(await ids(simulator, replay), ['1', '2'])
  const path = '/appointments/changed'
  simulator.faults.add([
    { kind: 'retention-cut', olderThanMs: 15 * minute, when: { path, nth: 1 } },
    { kind: 'retention-cut', when: { path, nth: 2 } },
    { kind: 'retention-cut', when: { path, nth: 3 } },
  ])
  assert.deepEqual(await ids(simulator, replay), ['2'])
  assert.deepEqual(await ids(simulator, replay), [])
  assert.deepEqual(await ids(simulator, replay), [])
  assert.deepEqual(fired(simulator), [1, 1, 0])
})

test('what faults did to feeds is done again when the world goes on from its journal', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const options: SimulatorOptions = { journal: join(folder, 'world.db') }
  const simulator = await subscribed(t, options)
  const path = '/appointments/changed'
  const seen = async (of: TinySimulator) => [await status(of, feed), await status(of, patients), await ids(of, replay)]
  const happens = async (id: string) => {
    simulator.truth.change(195900, { feed: 'appointments', name: 'CheckIn', id, departmentId: '1' })
    await simulator.call(feed)
    simulator.clock.advance(minute)
  }
  await happens('1')
  await happens('2')
  simulator.faults.add([
    { kind: 'unsubscribed', feed: 'patients', when: { path: '/departments' } },
    { kind: 'partial', when: { path, nth: 1 } },
    { kind: 'clock-jump', ms: 5 * minute, when: { path, nth: 2 } },
    { kind: 'retention-cut', olderThanMs: minute, when: { path, nth: 3 } },
  ])
  await simulator.call('/v1/195900/departments')
  for (let reads = 0; reads < 3; reads += 1) await simulator.call(feed)
  await happens('3')
  simulator.faults.clear()
  const before = await seen(simulator)
  assert.deepEqual(before, [['PARTIAL', 8], ['INACTIVE', 0], ['3']])
  await simulator.stop()
  const again = await tinySimulator(t, { activationLagMs: minute, ...options })
  assert.deepEqual(again.clock.now(), noon + 9 * minute)
  assert.deepEqual(await seen(again), before)
  assert.deepEqual(again.faults.list(), [], 'rules are not kept')
})
