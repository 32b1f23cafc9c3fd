import assert from 'node:assert/strict'
import test from 'node:test'
import { compareKind, type MirrorRecord, type WireRecord } from './oracle.ts'

const patient = { patientid: '7', firstname: 'Ada', status: 'active' }

interface Pair {
  readonly truth?: WireRecord
  readonly held?: WireRecord
  readonly state?: MirrorRecord['state']
}

/** What the oracle says of one true patient, or none, and one that is held, or none. */
function judged({ truth, held, state = 'present' }: Pair): string[] {
  const mirror = held ? [{ key: 'k', state, body: held }] : []
  const found = compareKind({ kind: 'patients', truth: truth ? [truth] : [], mirror, inScope: () => true })
  return found.map(({ what, field }) => field ?? what)
}

test('what is there and held as it is, is equal', () => {
  assert.deepEqual(judged({ truth: patient, held: patient }), [])
  assert.deepEqual(judged({ truth: patient, held: { ...patient, patientid: 7 } }), [], 'typed or not')
})

test('a record that is there and not held is missing, and one that is held and not there too many', () => {
  assert.deepEqual(judged({ truth: patient }), ['missing'])
  assert.deepEqual(judged({ held: patient }), ['extra'])
})

test('what is there is neither deleted nor merged into another', () => {
  assert.deepEqual(judged({ truth: patient, held: patient, state: 'deleted' }), ['state'])
  assert.deepEqual(judged({ truth: patient, held: patient, state: 'merged' }), ['state'])
  assert.deepEqual(judged({ held: patient, state: 'merged' }), [])
})
