import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecord, type RecordShape } from '../wire/decode-record.ts'
import { appointmentNoteShape, appointmentShape } from './appointment.ts'
import { anyDocumentShape, documentShape, writtenShape } from './document.ts'
import { patientIdShape, patientShape } from './patient.ts'
import {
  appointmentReasonShape,
  appointmentTypeShape,
  departmentShape,
  practiceInfoShape,
  providerShape,
} from './practice-records.ts'

/** Of each kind of record a body as athenahealth may send it, with one field of each form, and what is read of it. */
const kinds: readonly [name: string, shape: RecordShape<unknown>, sent: object, read: object][] = [
  [
    'practice',
    practiceInfoShape,
    { practiceid: 195_900, name: 7, golivedate: '05/01/2010', hasclinicals: 'true', publicnames: '' },
    { practiceid: '195900', name: '7', golivedate: '2010-05-01', hasclinicals: true, publicnames: [] },
  ],
  [
    'department',
    departmentShape,
    { departmentid: 1, zip: 2116, timezoneoffset: '-5', doesnotobservedst: 'false', providerlist: '1,2' },
    { departmentid: '1', zip: '2116', timezoneoffset: -5, doesnotobservedst: false, providerlist: ['1', '2'] },
  ],
  [
    'provider',
    providerShape,
    { providerid: 71, npi: 1_234_567_890, billable: 'Y', otherproviderids: [5], providergrouplist: {} },
    { providerid: '71', npi: '1234567890', billable: true, otherproviderids: ['5'], providergrouplist: [] },
  ],
  [
    'appointment type',
    appointmentTypeShape,
    { appointmenttypeid: 82, duration: '15', generic: 'false' },
    { appointmenttypeid: '82', duration: 15, generic: false },
  ],
  [
    'appointment reason',
    appointmentReasonShape,
    { reasonid: 962, schedulingminhours: '24', reason: 'Cough' },
    { reasonid: '962', schedulingminhours: 24, reason: 'Cough' },
  ],
  [
    'patient',
    patientShape,
    { patientid: 5, dob: '05/01/1990', homebound: 'true', race: '2106-3', score: '26', firstappointment: '05/01/2010' },
    { patientid: '5', dob: '1990-05-01', homebound: true, race: ['2106-3'], score: 26, firstappointment: '05/01/2010' },
  ],
  ['patient’s id', patientIdShape, { patientid: 5, errormessage: 7 }, { patientid: '5', errormessage: '7' }],
  [
    'appointment',
    appointmentShape,
    { appointmentid: 9, date: '06/02/2020', starttime: '9:30', copay: '10.50', frozenyn: 'N', reasonid: [1] },
    { appointmentid: '9', date: '2020-06-02', starttime: '09:30', copay: 10.5, frozenyn: false, reasonid: ['1'] },
  ],
  [
    'appointment note',
    appointmentNoteShape,
    { noteid: 3, displayonschedule: 'true', notetext: 7 },
    { noteid: '3', displayonschedule: true, notetext: '7' },
  ],
  [
    'document',
    documentShape('adminid'),
    { adminid: 4, documentdate: '06/02/2020', departmentid: 1, pages: '' },
    { adminid: '4', documentdate: '2020-06-02', departmentid: '1', pages: [] },
  ],
  [
    'document of any class',
    anyDocumentShape,
    { documentid: 4, labresultid: 5, documentdate: '06/02/2020' },
    { documentid: '4', labresultid: '5', documentdate: '2020-06-02' },
  ],
  [
    'write',
    writtenShape('adminid'),
    { adminid: 4, success: 'true', errormessage: 7 },
    { adminid: '4', success: true, errormessage: '7' },
  ],
]

for (const [name, shape, sent, read] of kinds) {
  test(`what is known of a ${name} is read as what it means`, () => {
    assert.deepEqual(decodeRecord(shape, sent), { record: read, unreadable: [] })
  })

  if (shape.idField === undefined) continue
  test(`a ${name} without its id is none`, () => {
    const [id, ...others] = Object.entries(sent)
    assert.equal(id?.[0], shape.idField)
    assert.equal(decodeRecord(shape, Object.fromEntries(others)).record, undefined)
  })
}
