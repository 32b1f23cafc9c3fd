import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callerOf } from '../../testing/tiny-simulator.ts'
import { startSimulator } from '../index.ts'

for (const kind of ['unordered-items', 'duplicate-items'] as const) {
  test(`${kind} strikes lists of records, not the lists that one record is made of`, async (t) => {
    const simulator = await startSimulator({
      seed: 7,
      practices: [{ id: 195900, patients: 9 }],
      limits: 'off',
      speed: 0,
      startAt: Date.UTC(2026, 2, 2, 15),
    })
    t.after(() => simulator.stop())
    const { call } = callerOf(simulator)
    const claims = [...simulator.truth.records(195900, 'claims')]
    const claim = claims.find(({ diagnoses }) => Array.isArray(diagnoses) && diagnoses.length > 1)
    const one = `/v1/195900/claims/${String(claim?.claimid)}`
    const list = '/v1/195900/providers'
    const sound = { one: (await call(one)).text, list: (await call(list)).text }
    simulator.faults.add([{ kind }])
    assert.match(sound.one, /"diagnoses":\[\{.*\},\{/)
    assert.equal((await call(one)).text, sound.one)
    assert.notEqual((await call(list)).text, sound.list)
  })
}
