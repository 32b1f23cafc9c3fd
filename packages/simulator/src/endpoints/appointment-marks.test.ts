import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

/** An open slot, and an appointment of patient 5 with calls to its resources. */
function scene() {
  const api = practiceApi({ patients: 120 })
  const add = (time: string) => {
    const place = { department: '1', provider: '71', date: '12/01/2026', time, type: '82' }
    return applyChange(api.practice, { kind: 'addslot', ...place }).appointments[0] ?? ''
  }
  const [id, open] = [add('18:00'), add('19:00')]
  applyChange(api.practice, { kind: 'book', appointment: id, patient: 5, type: '11' })
  api.events.length = 0
  const call = (request: string, form?: string) => {
    const [method, resource] = request.split(' ')
    return api.call(`${method} /appointments/${id}/${resource}`, form)
  }
  return { api, id, open, call }
}

const done = { status: 200, body: { success: true } }

test('a confirmation is one of the list, is shown alone and in the list over departments, and is announced', () => {
  const { api, id, call } = scene()
  assert.deepEqual(call('GET confirmationstatus').body, {})
  assert.equal(call('PUT confirmationstatus', '').status, 400)
  assert.equal(call('PUT confirmationstatus', 'appointmentconfirmationid=99').status, 400)
  assert.equal(api.events.length, 0)
  const [, { appointmentconfirmationid = '' } = {}] = api.rows('GET /reference/appointmentconfirmationstatus')
  assert.deepEqual(call('PUT confirmationstatus', `appointmentconfirmationid=${appointmentconfirmationid}`), done)
  const confirmed = { appointmentconfirmationid: '2', appointmentconfirmationname: 'CONFIRMED' }
  assert.deepEqual(call('GET confirmationstatus').body, confirmed)
  const query = 'startdate=12/01/2026&enddate=12/01/2026&patientid=5'
  const [row] = api.rows(`GET /appointments/booked/multipledepartment?${query}`)
  assert.equal(row?.['appointmentconfirmationname'], 'CONFIRMED')
  assert.deepEqual(
    api.events.map(({ name, id: about }) => [name, about]),
    [['UpdateAppointment', id]],
  )
})

test('nothing to charge is noted with its reason', () => {
  const { api, id, call } = scene()
  const reasons = api.rows('GET /configuration/appointments/chargeentrynotrequiredreasons').map(({ reason }) => reason)
  assert.equal(call('POST chargeentrynotrequired', 'athenausername=x&chargeentrynotrequiredreason=NONE').status, 400)
  const form = `athenausername=jdoe&chargeentrynotrequiredreason=${reasons[0]}`
  assert.deepEqual(call('POST chargeentrynotrequired', form), done)
  const record = api.practice.wireRecord('appointments', id) ?? {}
  assert.deepEqual([record['chargeentrynotrequired'], record['lastmodifiedby']], [true, 'jdoe'])
})

test('an accident is of one kind, and a state goes with a car only', () => {
  const { call } = scene()
  const none = {
    anotherpartyresponsible: false,
    relatedtoautoaccident: false,
    relatedtoemployment: false,
    relatedtootheraccident: false,
  }
  assert.deepEqual(call('GET accidentdata').body, none)
  for (const wrong of [
    'relatedtoautoaccident=true&relatedtootheraccident=true',
    'autoaccidentstate=NY',
    'relatedtoautoaccident=true&autoaccidentstate=New York',
  ]) {
    assert.equal(call('PUT accidentdata', wrong).status, 400, wrong)
  }
  assert.deepEqual(call('GET accidentdata').body, none)
  assert.deepEqual(call('PUT accidentdata', 'relatedtoautoaccident=true&autoaccidentstate=ny'), done)
  assert.deepEqual(call('GET accidentdata').body, { ...none, relatedtoautoaccident: true, autoaccidentstate: 'NY' })
  call('PUT accidentdata', 'relatedtoautoaccident=false')
  assert.deepEqual(call('GET accidentdata').body, none)
})

test('who pays before Medicare is set, shown and taken back', () => {
  const { api, call } = scene()
  assert.deepEqual(call('GET mspq').body, { mspinsurancetypesetyn: false })
  assert.equal(call('PUT mspq', 'mspinsurancetypeid=1').status, 400)
  const [first] = api.rows('GET /mspinsurancetypes')
  assert.deepEqual(call('PUT mspq', `mspinsurancetypeid=${first?.['mspinsurancetypeid']}`), done)
  assert.deepEqual(call('GET mspq').body, {
    mspinsurancetypesetyn: true,
    mspinsurancetypeid: 12,
    mspinsurancetypename: 'Working aged',
  })
  assert.deepEqual(call('DELETE mspq'), done)
  assert.deepEqual(call('GET mspq').body, { mspinsurancetypesetyn: false })
})

test('what another system leaves is made once, changed, shown and deleted, and announced to nobody', () => {
  const { api, call } = scene()
  const write = (method: string, text: string) => call(`${method} thirdpartyexternaldata`, `externaldata=${text}`)
  assert.equal(call('GET thirdpartyexternaldata').status, 404)
  assert.equal(write('PUT', 'one').status, 404)
  assert.deepEqual(write('POST', 'one'), done)
  assert.equal(write('POST', 'two').status, 400)
  assert.equal(write('PUT', 'x'.repeat(4001)).status, 400)
  assert.deepEqual(write('PUT', 'x'.repeat(4000)), done)
  assert.deepEqual(call('GET thirdpartyexternaldata').body, { externaldata: 'x'.repeat(4000) })
  assert.deepEqual(call('DELETE thirdpartyexternaldata'), done)
  assert.equal(call('GET thirdpartyexternaldata').status, 404)
  assert.equal(call('POST thirdpartycodingstatus', 'status=DONE').status, 400)
  assert.deepEqual(call('POST thirdpartycodingstatus', 'status=started'), done)
  assert.deepEqual(call('GET thirdpartycodingstatus').body, { status: 'STARTED' })
  assert.equal(api.events.length, 0)
})

test('nothing is written on a slot nor on a cancelled appointment', () => {
  const { api, id, open } = scene()
  applyChange(api.practice, { kind: 'cancel', appointment: id })
  api.events.length = 0
  for (const target of [open, id]) {
    for (const [request, form] of [
      ['PUT confirmationstatus', 'appointmentconfirmationid=2'],
      ['PUT accidentdata', 'relatedtoemployment=true'],
      ['PUT mspq', 'mspinsurancetypeid=12'],
      ['POST thirdpartyexternaldata', 'externaldata=x'],
    ] as const) {
      const [method, resource] = request.split(' ')
      assert.equal(api.call(`${method} /appointments/${target}/${resource}`, form).status, 400, request)
    }
  }
  assert.equal(api.events.length, 0)
})
