import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'

const api = practiceApi({ patients: 300 })

const typeIds = (query: string) =>
  new Set(api.rows(`GET /appointmenttypes${query}`).map(({ appointmenttypeid }) => appointmenttypeid))

test('types that patients do not see are hidden unless asked for; generic and specific ones can be', () => {
  const [usual, all] = [typeIds(''), typeIds('?hidenonpatient=false')]
  assert.ok(usual.has(82) && usual.has(11) && !usual.has(201) && !usual.has(202))
  assert.ok(all.has(82) && all.has(11) && all.has(201) && all.has(202))
  assert.ok(!typeIds('?hidenonpatient=false&hidetemplatetypeonly=true').has(202))
  assert.ok(!typeIds('?hidegeneric=true').has(82) && typeIds('?hidegeneric=true').has(11))
  assert.ok(typeIds('?hidenongeneric=true').has(82) && !typeIds('?hidenongeneric=true').has(11))
})

test('types are narrowed to what departments and providers offer between them', () => {
  const tests = typeIds('?departmentids=121')
  assert.ok(tests.has(63) && !tests.has(62) && tests.has(82), 'a department for tests vaccinates nobody')
  assert.ok(typeIds('?departmentids=1&departmentids=121').has(62))
})

test('one type is an array of one; an unknown one is a 404', () => {
  assert.deepEqual(api.call('GET /appointmenttypes/8').body, [
    {
      appointmenttypeid: 8,
      name: 'New Patient Visit',
      shortname: 'NEW',
      patientdisplayname: 'New Patient Visit',
      duration: 30,
      generic: false,
      patient: true,
      templatetypeonly: false,
      createencounteroncheckin: true,
    },
  ])
  assert.equal(api.call('GET /appointmenttypes/9999').status, 404)
  assert.equal(api.call('PUT /appointmenttypes/9999', 'name=X').status, 404)
})

test('a type is made, changed where the change says so, and can be booked at once', () => {
  const own = practiceApi({ patients: 120 })
  const form = 'name=Wound care&shortname=WND&duration=15&patient=true'
  const id = Number(own.record('POST /appointmenttypes', form)['appointmenttypeid'])
  assert.deepEqual(own.call(`PUT /appointmenttypes/${id}`, 'name=Dressing').body, { success: true })
  const { name, shortname, duration, patient } = own.record(`GET /appointmenttypes/${id}`)
  assert.deepEqual([name, shortname, duration, patient], ['Dressing', 'WND', 15, true])
  const slot = 'appointmentdate=12/01/2026&appointmenttime=18:00&departmentid=1&providerid=71&appointmenttypeid=82'
  const [position = ''] = Object.keys(own.record('POST /appointments/open', slot)['appointmentids'] ?? {})
  const booked = own.record(`PUT /appointments/${position}`, `patientid=5&appointmenttypeid=${id}`)
  assert.equal(booked['appointmenttype'], 'Dressing')
})

for (const [what, form] of [
  ['without a name', 'shortname=WND&duration=15&patient=true'],
  ['with a name that is too long', `name=${'x'.repeat(31)}&shortname=WND&duration=15&patient=true`],
  ['with a short name that is too long', 'name=X&shortname=WOUND&duration=15&patient=true'],
  ['with a short name that is taken', 'name=X&shortname=ov&duration=15&patient=true'],
  ['that takes no time', 'name=X&shortname=WND&duration=0&patient=true'],
] as const) {
  test(`a type ${what} is refused`, () => {
    const before = typeIds('?hidenonpatient=false').size
    assert.equal(api.call('POST /appointmenttypes', form).status, 400)
    assert.equal(typeIds('?hidenonpatient=false').size, before)
  })
}

test('reasons are those a provider offers in a department, for new patients, known ones, or both', () => {
  // A physician assistant.
  const { providerid } = api.rows('GET /providers').find(({ specialtyid }) => specialtyid === 97) ?? {}
  const names = (more: string) =>
    api.rows(`GET /patientappointmentreasons${more}departmentid=1&providerid=${providerid}`).map(({ reason }) => reason)
  const [all, fresh, known] = [names('?'), names('/newpatient?'), names('/existingpatient?')]
  assert.ok(all.includes('New Patient') && all.includes('Follow Up') && all.includes('Exam'))
  assert.ok(fresh.includes('New Patient') && !fresh.includes('Follow Up') && fresh.includes('Exam'))
  assert.ok(!known.includes('New Patient') && known.includes('Follow Up') && known.includes('Exam'))
  assert.ok(!all.includes('Annual Physical'), 'who does no yearly check-ups')
  const missing = api.call('GET /patientappointmentreasons').body as Record<string, unknown>
  assert.deepEqual(missing['missingfields'], ['departmentid', 'providerid'])
})

test('cancel reasons are told apart by whether they free the time', () => {
  const reasons = (query: string) =>
    api.rows(`GET /appointmentcancelreasons${query}`).map(({ appointmentcancelreasonid: id }) => id)
  const [free, kept] = [reasons('?slotavailable=true'), reasons('?slotavailable=false')]
  assert.ok(free.includes(-5) && !free.includes(2) && kept.includes(2) && !kept.includes(-5))
  assert.equal(reasons('').length, free.length + kept.length)
})

test('the mapping has a row for every type a provider offers in a department', () => {
  const rows = api.rows('GET /appointments/appointmenttypedropdown/mapping?departmentid=121&limit=5000')
  assert.ok(rows.length > 0)
  for (const { departmentid, appointmenttypeid } of rows) {
    assert.equal(departmentid, 121)
    assert.ok(appointmenttypeid === 63 || appointmenttypeid === 2)
  }
})
