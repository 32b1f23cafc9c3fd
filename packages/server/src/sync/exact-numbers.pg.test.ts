/** Numbers too large to be exact are mirrored digit by digit, and two that differ in the last one are a change. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { sql } from '../db/db.ts'
import type { Kind } from '../records/record-kind.ts'
import { coreFeeds } from './feed-name.ts'

const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }

/** Both are the same as numbers of JavaScript. */
const [first, next] = ['9007199254740992', '9007199254740993'] as const

/** Every record of a patient, of his chart and of an appointment has a large number, as a field that is known or not. */
function withNumber(mirrored: MirroredPractice, number: string): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const { status, headers } = response
    const text = (await response.text())
      .replace(/"(patientid|problemid|patientcaseid)":/g, `"ledger":${number},"$1":`)
      .replace(/"duration":"?[0-9]+"?/g, `"duration":${number}`)
    headers.delete('content-length')
    return new Response(text, { status, headers })
  }
}

async function held(mirrored: MirroredPractice, kind: Kind, field: string): Promise<unknown[]> {
  const values = (await mirrored.opened(kind)).map(({ body }) => body[field])
  return [...new Set(values.filter((value) => value !== undefined))]
}

async function changesOf(mirrored: MirroredPractice, kind: Kind, field: string): Promise<number> {
  const text = `select key from aegis.change where practice_id = $1 and kind = $2 and what = 'updated' and $3 = any(fields)`
  const statement = sql('test.changes', text)
  return (await mirrored.deps.db.practice(practice, (tx) => tx.rows(statement, [practice, kind, field]))).length
}

test('large numbers reach the mirror as they were sent, from lists, feeds, charts and reads by id', async (t) => {
  const feeds = [...coreFeeds, 'problems', 'patientcases'] as const
  const mirrored = await mirroredPractice(t, { patients: 6, settings: { ...few, feeds } })
  withNumber(mirrored, first)
  await mirrored.bringUp()
  await mirrored.run(2)
  const kinds = [
    ['patient', 'ledger'],
    ['problem', 'ledger'],
    ['patientcase', 'ledger'],
    ['appointment', 'duration'],
  ] as const
  for (const [kind, field] of kinds) assert.deepEqual(await held(mirrored, kind, field), [first], kind)

  const [byFeed, byId] = [...mirrored.simulator.truth.records(practice, 'patients')]
  withNumber(mirrored, next)
  mirrored.change({ kind: 'updatepatient', patient: byFeed?.patientid, fields: { lastname: 'Marigold' } })
  await mirrored.run(2)
  assert.equal(await changesOf(mirrored, 'patient', 'ledger'), 1)

  const withNext = mirrored.fetch
  let lost = false
  mirrored.fetch = async (url, init, call) => {
    const response = await withNext(url, init, call)
    if (lost || !call.consuming || call.route !== '/patients/changed') return response
    lost = true
    return new Response('')
  }
  mirrored.change({ kind: 'updatepatient', patient: byId?.patientid, fields: { lastname: 'Clover' } })
  await mirrored.run(3)
  assert.equal(await changesOf(mirrored, 'patient', 'ledger'), 2)
  for (const kind of ['patient', 'problem', 'patientcase', 'appointment'] as const)
    await mirrored.wantSnapshot(feedOf[kind])
  await mirrored.run(2)
  for (const [kind, field] of kinds) {
    assert.deepEqual(await held(mirrored, kind, field), [next], kind)
    assert.ok((await changesOf(mirrored, kind, field)) > 0, kind)
  }
})

const feedOf = {
  patient: 'patients',
  problem: 'problems',
  patientcase: 'patientcases',
  appointment: 'appointments',
} as const
