import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from './apply-change.ts'
import { documentRunners, type DocumentChange } from './change-documents.ts'

/** A practice with a case, a laboratory result, a closed case and a consent, each under its id. */
function stage() {
  const api = practiceApi({ patients: 120 })
  const apply = (change: DocumentChange): string => {
    applyChange(api.practice, change)
    return String(Math.max(...[...api.practice.ids('documents')].map(Number)))
  }
  const ids = {
    open: apply({ kind: 'addpatientcase', patient: 5, subject: 'A form' }),
    result: apply({ kind: 'addlabresult', patient: 5 }),
    done: apply({ kind: 'addpatientcase', patient: 6 }),
    consent: apply({ kind: 'adddocument', patient: 5, subclass: 'ADMIN_CONSENT' }),
    images: apply({ kind: 'adddocument', patient: 5, subclass: 'IMAGINGRESULT' }),
    renewal: apply({ kind: 'adddocument', patient: 5, subclass: 'PRESCRIPTION_RENEWAL' }),
  }
  applyChange(api.practice, { kind: 'closedocument', document: ids.done })
  api.events.length = 0
  return { api, ...ids }
}

type Stage = ReturnType<typeof stage>

const cases: readonly (readonly [change: (at: Stage) => DocumentChange, events: readonly string[]])[] = [
  [() => ({ kind: 'adddocument', patient: 5, subclass: 'ADMIN_BILLING' }), []],
  [() => ({ kind: 'adddocument', patient: 5, subclass: 'PRESCRIPTION' }), ['PrescriptionAdd']],
  [() => ({ kind: 'adddocument', patient: 5, subclass: 'PRESCRIPTION_RENEWAL' }), ['PrescriptionRefillAdd']],
  [() => ({ kind: 'adddocument', patient: 5, subclass: 'IMAGINGRESULT', provider: 71 }), ['ImagingResultAdd']],
  [() => ({ kind: 'addlabresult', patient: 5, type: 386304, published: true }), ['LabResultAdd']],
  [() => ({ kind: 'addpatientcase', patient: 5, subject: 'Bill', department: 1 }), ['PatientCaseAdd']],
  [({ open }) => ({ kind: 'updatedocument', document: open, priority: '1' }), ['PatientCaseUpdate']],
  [({ open }) => ({ kind: 'updatedocument', document: open, status: 'NOTIFY' }), ['PatientCaseNotifyPatient']],
  [({ renewal }) => ({ kind: 'updatedocument', document: renewal, note: 'Yes' }), ['PrescriptionRefillUpdate']],
  [({ consent }) => ({ kind: 'updatedocument', document: consent, note: 'Signed' }), []],
  [({ result }) => ({ kind: 'closedocument', document: result }), ['LabResultClose']],
  [({ images }) => ({ kind: 'closedocument', document: images }), ['ImagingResultClose']],
  [({ done }) => ({ kind: 'reopendocument', document: done }), ['PatientCaseUpdate']],
  [({ result }) => ({ kind: 'deletedocument', document: result }), ['LabResultDelete']],
  [({ open }) => ({ kind: 'assigndocument', document: open, user: 'tfrost' }), ['PatientCaseUpdate']],
  [({ open }) => ({ kind: 'adddocumentaction', document: open, text: 'Called' }), ['PatientCaseActionUpdate']],
]

for (const [index, [change, expected]] of cases.entries()) {
  const { kind } = change(stage())
  test(`${kind} (${index + 1}) is announced as ${expected.join(', ') || 'nothing'}, with a record to it`, () => {
    const at = stage()
    applyChange(at.api.practice, change(at))
    assert.deepEqual(
      at.api.events.map(({ name }) => name),
      expected,
    )
    for (const { feed, id, departmentId } of at.api.events) {
      assert.ok(at.api.practice.wireRecord(feed, id) !== undefined)
      assert.ok(departmentId !== undefined)
    }
  })
}

test('every kind of change of documents has a case here', () => {
  assert.deepEqual(new Set(cases.map(([change]) => change(stage()).kind)), new Set(Object.keys(documentRunners)))
})

const record = ({ practice }: PracticeApi, id: string) => practice.wireRecord('documents/patientcase', id) ?? {}

test('each change shows on the record', () => {
  const { api, open } = stage()
  const { practice } = api
  applyChange(practice, { kind: 'updatedocument', document: open, subject: 'Two forms', note: 'Both', priority: 1 })
  applyChange(practice, { kind: 'updatedocument', document: open, note: 'Soon' })
  applyChange(practice, { kind: 'assigndocument', document: open, user: 'akapoor' })
  const { subject, internalnote, priority, assignedto, status } = record(api, open)
  assert.deepEqual(
    { subject, internalnote, priority, assignedto, status },
    { subject: 'Two forms', internalnote: 'Both\nSoon', priority: 1, assignedto: 'akapoor', status: 'REVIEW' },
  )
  applyChange(practice, { kind: 'closedocument', document: open })
  assert.equal(record(api, open)['status'], 'CLOSED')
})

const wrong: readonly (readonly [what: string, change: (at: Stage) => unknown, message: RegExp])[] = [
  ['an unknown document', () => ({ kind: 'closedocument', document: 1 }), /unknown_document/],
  ['an unknown patient', () => ({ kind: 'addpatientcase', patient: 'x' }), /unknown_patient/],
  ['an unknown subclass', () => ({ kind: 'adddocument', patient: 5, subclass: 'ADMIN_SONG' }), /no subclass/],
  ['an unknown type', () => ({ kind: 'addlabresult', patient: 5, type: 1 }), /unknown_document_type/],
  ['an unknown user', ({ open }) => ({ kind: 'assigndocument', document: open, user: 'TFROST' }), /unknown_user/],
  ['a closed one closed', ({ done }) => ({ kind: 'closedocument', document: done }), /closed_already/],
  [
    'a closed one moved on',
    ({ done }) => ({ kind: 'updatedocument', document: done, status: 'NOTIFY', note: 'Told' }),
    /closed_already/,
  ],
  ['an open one reopened', ({ open }) => ({ kind: 'reopendocument', document: open }), /not_closed/],
  ['a change of nothing', ({ open }) => ({ kind: 'updatedocument', document: open }), /give "note"/],
  ['a status of no step', ({ open }) => ({ kind: 'updatedocument', document: open, status: 'CLOSED' }), /"status"/],
]
for (const [what, change, message] of wrong) {
  test(`${what} is refused with a RangeError and nothing is changed`, () => {
    const at = stage()
    assert.throws(
      () => applyChange(at.api.practice, change(at)),
      (error) => error instanceof RangeError && message.test(error.message),
    )
    assert.equal(at.api.events.length, 0)
  })
}
