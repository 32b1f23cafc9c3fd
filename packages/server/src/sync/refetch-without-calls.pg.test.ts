/** No calls are left for asking by id: the feed's drains, which go first, must not wait for it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { AegisError } from '../errors/aegis-error.ts'

const minute = 60_000
const hour = 60 * minute

interface Asked {
  readonly purpose: unknown
  readonly route: string
  readonly waitMs: unknown
}

/** Loses a page of patients, so that they are to be asked for by id, and refuses that; notes all that is asked. */
function refuseRefetches(mirrored: MirroredPractice, refusal: () => AegisError): Asked[] {
  const asked: Asked[] = []
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    const { purpose, waitMs }: { purpose?: unknown; waitMs?: unknown } = { ...(call.context as object | undefined) }
    asked.push({ purpose, route: call.route, waitMs })
    if (purpose === 'sync.refetch') throw refusal()
    if (!broken && call.route === '/patients/changed' && call.consuming) {
      broken = true
      await mirrored.toSimulator(url, init, call)
      return new Response('', { status: 504 })
    }
    return mirrored.toSimulator(url, init, call)
  }
  return asked
}

const refusals: readonly [title: string, refusal: (mirrored: MirroredPractice) => AegisError, triesMost: number][] = [
  [
    'the day is used up for it',
    ({ deps }) => new AegisError('quota.day-exhausted', { until: deps.clock.now() + 10 * hour }),
    1,
  ],
  ['more urgent calls come first', () => new AegisError('quota.timeout', { retryAfterMs: 1_000 }), 7],
]
for (const [title, refusal, triesMost] of refusals) {
  test(`drains go on while ${title}, and records are asked for when there are calls again`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    const [one, other] = [...mirrored.simulator.truth.records(practice, 'patients')]
    mirrored.change({ kind: 'updatepatient', patient: one?.patientid, fields: { lastname: 'Larch' } })
    const asked = refuseRefetches(mirrored, () => refusal(mirrored))
    await mirrored.run(2)
    const from = asked.length
    mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Marigold' } })
    await mirrored.run(5)
    const of = (route: string) => asked.slice(from).filter((call) => call.route === route).length
    assert.ok(of('/patients/changed') >= 5, `${of('/patients/changed')} drains in 5 minutes`)
    const tries = asked.filter(({ purpose }) => purpose === 'sync.refetch')
    assert.ok(tries.length > 0 && tries.length <= triesMost, `${tries.length} tries`)
    for (const { waitMs } of tries) assert.ok(Number(waitMs) <= mirrored.deps.settings.pollIntervalMs, String(waitMs))
    const states = await mirrored.states()
    assert.ok(states.every((row) => row.failure_code === null && row.retry_at === null))
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(16)
    assert.deepEqual(await mirrored.gaps(), [])
    await assertEqualsTruth(mirrored)
  })
}
