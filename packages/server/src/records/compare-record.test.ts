import assert from 'node:assert/strict'
import test from 'node:test'
import { compareRecord } from './compare-record.ts'
import type { Shape } from './record-kind.ts'
import { recordKinds } from './record-kinds.ts'
import type { WireRecord } from './wire-record.ts'

const booked = { appointmentid: '7', appointmentstatus: 'f', patientid: '12', date: '2026-03-02', copay: 0 }

const compare = (held: WireRecord, body: WireRecord, shape: Shape = 'feed') =>
  compareRecord(recordKinds.appointment, held, { body, shape })

test('equal records in another key order do not differ', () => {
  const incoming = { copay: 0, date: '2026-03-02', patientid: '12', appointmentstatus: 'f', appointmentid: '7' }
  assert.deepEqual(compare(booked, incoming).fields, [])
})

test('a field that this endpoint does not send is kept and is no difference', () => {
  const { copay: _, ...feed } = booked
  assert.deepEqual(compare(booked, { ...feed, copay: 0 }), { fields: [], next: booked })
  assert.deepEqual(compare(booked, feed), { fields: [], next: booked })
})

test('a field that some endpoint does not send is no difference when it is new to us', () => {
  const { copay: _, ...feed } = booked
  assert.deepEqual(compare(feed, booked, 'booked'), { fields: [], next: booked })
})

test('a field that this endpoint would have sent is unset upstream', () => {
  const { copay: _, ...without } = booked
  assert.deepEqual(compare(booked, without, 'booked'), { fields: ['copay'], next: without })
})

test('a patient whose phone number was taken away has none', () => {
  const { mobilephone: _, ...without } = { patientid: '1', status: 'active', mobilephone: '6175550101' }
  const held = { ...without, mobilephone: '6175550101' }
  const { fields, next } = compareRecord(recordKinds.patient, held, { body: without, shape: 'feed' })
  assert.deepEqual([fields, next], [['mobilephone'], without])
})

test('a patient who gives a phone number differs', () => {
  const held = { patientid: '1', status: 'active' }
  const body = { ...held, mobilephone: '6175550101' }
  assert.deepEqual(compareRecord(recordKinds.patient, held, { body, shape: 'list' }).fields, ['mobilephone'])
})

test('a provider read by id keeps what athenahealth shows in the list alone, and the list tells nothing new of it', () => {
  const byId = { providerid: 86, lastname: 'Bricker', specialty: 'Family Medicine' }
  const list = {
    ...byId,
    homedepartment: 'Main Street',
    scheduleresourcetype: 'Family Medicine',
    otherproviderids: [87],
  }
  const compared = (held: WireRecord, body: WireRecord, shape: Shape) =>
    compareRecord(recordKinds.provider, held, { body, shape })
  assert.deepEqual(compared(list, byId, 'get'), { fields: [], next: list })
  const other = { ...byId, specialty: 'Cardiology' }
  assert.deepEqual(compared(list, other, 'get'), { fields: ['specialty'], next: other })
  assert.deepEqual(compared(byId, list, 'list'), { fields: [], next: list })
})

test('a slot that is free again has no patient', () => {
  const freed = { appointmentid: '7', appointmentstatus: 'o', date: '2026-03-02' }
  assert.deepEqual(compare(booked, freed, 'open'), { fields: ['appointmentstatus', 'patientid'], next: freed })
})

test('a difference replaces the body whole, so that nothing out of date stays', () => {
  const cancelled = { ...booked, appointmentstatus: 'x', cancelledby: 'someone' }
  const { copay: _, ...reopened } = booked
  assert.equal('cancelledby' in compare(cancelled, reopened, 'booked').next, false)
})

test('differences inside nested values count', () => {
  const held = { ...booked, appointmentnotes: [{ id: 1, text: 'a' }] }
  const incoming = { ...booked, appointmentnotes: [{ text: 'b', id: 1 }] }
  assert.deepEqual(compare(held, incoming).fields, ['appointmentnotes'])
})

test('a later version replaces ours whole: what it does not carry may be out of date', () => {
  const slot = { appointmentid: '7', appointmentstatus: 'o', copay: 5 }
  const later = { appointmentid: '7', appointmentstatus: 'o', lastmodified: '03/01/2026 10:00:00' }
  const { next } = compareRecord(recordKinds.appointment, slot, { body: later, shape: 'feed', later: true })
  assert.deepEqual(next, later)
})

test('a later version that agrees names what it shows beyond what we hold', () => {
  // As a read by id left it: who cancelled it is not shown there.
  const held = { appointmentid: '7', appointmentstatus: 'x', patientid: '12' }
  const told = { ...held, lastmodified: '03/01/2026 10:00:00', cancelledby: 'someone', appointmentnotes: [] }
  const arrived = { body: told, shape: 'feed', later: true } as const
  const completed = { fields: ['cancelledby', 'lastmodified'], next: told, completes: true }
  assert.deepEqual(compareRecord(recordKinds.appointment, held, arrived), completed)
  const moved = compareRecord(recordKinds.appointment, { ...held, date: '2026-03-02' }, arrived)
  assert.deepEqual([moved.fields, moved.completes], [['date'], undefined])
})

test('what the feed shows of the version that a list showed before is named, what a list shows beyond the feed is not', () => {
  const listed = { ...booked, appointmentstatus: 'x', lastmodified: '03/01/2026 11:00:00' }
  const { copay: _, ...told } = { ...listed, cancelledby: 'someone', appointmentnotes: [] }
  const united = { ...listed, ...told }
  assert.deepEqual(compare(listed, told), { fields: ['cancelledby'], next: united })
  assert.deepEqual(compare(united, told), { fields: [], next: united })
  assert.deepEqual(compare(told, listed, 'booked'), { fields: [], next: united })
})

test('what a document shows by its id beyond its list is named, once', () => {
  const listed = { labresultid: '3', patientid: '12', lastmodifieddatetime: '2026-03-01T10:00:00-05:00' }
  const whole = { ...listed, observations: [{ value: '7' }], resultnotes: '' }
  const result = (held: WireRecord, body: WireRecord, shape: Shape) =>
    compareRecord(recordKinds.labresult, held, { body, shape })
  const came = { fields: ['observations'], next: whole, completes: true }
  assert.deepEqual(result(listed, whole, 'get'), came)
  assert.deepEqual(result(whole, listed, 'list'), { fields: [], next: whole })
  assert.deepEqual(result(whole, whole, 'get'), { fields: [], next: whole })
})

test('what a read by id shows of an appointment beyond what we hold is not', () => {
  const body = { ...booked, renderingproviderid: '71' }
  assert.deepEqual(compare(booked, body, 'get'), { fields: [], next: body })
})

test('a slot that was thawed is not frozen', () => {
  const frozen = { appointmentid: '7', appointmentstatus: 'o', frozen: true }
  const { fields } = compare(frozen, { appointmentid: '7', appointmentstatus: 'o' })
  assert.deepEqual(fields, ['frozen'])
})

test('a slot that the list of open ones shows is frozen no more', () => {
  const slot = { appointmentid: '7', appointmentstatus: 'o', date: '2026-03-02' }
  const known = { ...slot, lastmodified: '03/01/2026 10:00:00' }
  // What the list does not show stays known: by it, a later change is told from an earlier one.
  assert.deepEqual(compare({ ...known, frozen: true }, slot, 'open'), { fields: ['frozen'], next: known })
  assert.deepEqual(compare({ ...slot, frozen: true }, slot, 'get').fields, [])
})
