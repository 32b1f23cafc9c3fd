import assert from 'node:assert/strict'
import test from 'node:test'
import { compareKind, type Kind, type MirrorRecord, type WireRecord } from './oracle.ts'

const patient = { patientid: '7', firstname: 'Ada', mobilephone: '6175550101', status: 'active' }

interface Pair {
  readonly isHidden?: boolean
  readonly kind?: Kind
  readonly truth?: WireRecord
  readonly held?: WireRecord
  readonly state?: MirrorRecord['state']
}

/** What the oracle says of one true record, or none, and one that is held, or none. */
function judged({ kind = 'patients', truth, held, state = 'present', isHidden = false }: Pair): string[] {
  const mirror = held ? [{ key: 'k', state, body: held }] : []
  const found = compareKind({
    kind,
    truth: truth ? [truth] : [],
    mirror,
    inScope: () => true,
    isHidden: () => isHidden,
  })
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

test('a record is withheld only while its patient is hidden, and is deleted no more by that than merged', () => {
  assert.deepEqual(judged({ truth: patient, held: patient, state: 'withheld' }), ['state'])
  const hidden = { truth: patient, isHidden: true }
  assert.deepEqual(judged({ ...hidden, held: patient, state: 'withheld' }), [])
  assert.deepEqual(judged(hidden), [], 'never shown')
  assert.deepEqual(judged({ ...hidden, held: { ...patient, firstname: 'Eve' } }), [], 'nothing tells')
  assert.deepEqual(judged({ ...hidden, held: patient, state: 'deleted' }), ['state'])
  assert.deepEqual(judged({ ...hidden, held: patient, state: 'merged' }), ['state'])
  assert.deepEqual(judged({ ...hidden, truth: { ...patient, status: 'deleted' }, held: patient, state: 'deleted' }), [])
})

test('a true field that is not held is a difference, unless a route that may have been the last one leaves it out', () => {
  const { mobilephone: _, ...unreachable } = patient
  assert.deepEqual(judged({ truth: patient, held: unreachable }), ['mobilephone'])
  assert.deepEqual(judged({ truth: { ...patient, email: '' }, held: patient }), [], 'empty')
  const booked = { appointmentid: '1', appointmentstatus: 'f', scheduledby: 'ada', startcheckin: '10:00' }
  const kind = 'appointments'
  const { scheduledby: __, ...alone } = booked
  assert.deepEqual(judged({ kind, truth: booked, held: alone }), [])
  assert.deepEqual(judged({ kind, truth: booked, held: { ...booked, scheduledby: 'bob' } }), ['scheduledby'])
  const { startcheckin: ___, ...unseen } = booked
  assert.deepEqual(judged({ kind, truth: booked, held: unseen }), ['startcheckin'])
})
