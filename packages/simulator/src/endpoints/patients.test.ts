import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const ada = {
  firstname: 'Ada',
  lastname: 'Quill',
  dob: '01/02/1990',
  departmentid: '21',
  zip: '23219',
  mobilephone: '8045550101',
}
const form = (fields: Record<string, string>): string => String(new URLSearchParams(fields))

const adding = () => practiceApi({ patients: 150 })

test('registering a patient answers the id as an array of one and announces it', () => {
  const api = adding()
  assert.deepEqual(api.call('POST /patients', form(ada)), { status: 200, body: [{ patientid: '151' }] })
  assert.deepEqual(
    api.events.map(({ feed, name, id, departmentId }) => [feed, name, id, departmentId]),
    [['patients', 'AddPatient', '151', '21']],
  )
})

test('registering a patient who is known answers the known id and creates nobody', () => {
  const api = adding()
  api.call('POST /patients', form(ada))
  api.events.length = 0
  const again = { ...ada, firstname: 'ADA', zip: '99999', mobilephone: '(804) 555-0101' }
  assert.deepEqual(api.call('POST /patients', form(again)).body, [{ patientid: '151' }])
  const { patientid, errormessage } = api.record('POST /patients', form({ ...again, showerrormessage: 'true' }))
  assert.equal(patientid, '151')
  assert.notEqual(errormessage, '')
  assert.equal(api.events.length, 0)
  assert.equal(
    api.record('POST /patients', form({ ...ada, lastname: 'New', showerrormessage: '1' }))['errormessage'],
    '',
  )
})

test('a namesake born the same day is a new patient as long as nothing else agrees', () => {
  const api = adding()
  api.call('POST /patients', form(ada))
  const { firstname, lastname, dob, departmentid } = ada
  const namesake = { firstname, lastname, dob, departmentid, zip: '99999', mobilephone: '(804) 555-0177' }
  const query = `GET /patients/enhancedbestmatch?${form({ firstname, lastname, dob, zip: '99999' })}`
  assert.deepEqual(
    api.rows(query).map(({ patientid, score }) => [patientid, score]),
    [['151', 23]],
  )
  assert.equal(api.record('POST /patients', form(namesake))['patientid'], '152')
})

test('when two patients fit equally well neither is taken for the new one', () => {
  const api = adding()
  for (const fields of [ada, ada]) applyChange(api.practice, { kind: 'addpatient', fields })
  assert.equal(api.record('POST /patients', form(ada))['patientid'], '153')
})

const invalidData = (detailedmessage: string) => ({ detailedmessage, error: 'The data provided is invalid.' })
const refused: readonly (readonly [what: string, fields: Record<string, string>, body: unknown])[] = [
  [
    'no names and no date of birth',
    { departmentid: '21' },
    {
      invalidfields: [],
      missingfields: ['firstname', 'lastname', 'dob'],
      error: 'Additional fields are required.',
    },
  ],
  [
    'nothing to tell namesakes apart',
    { firstname: 'Ada', lastname: 'Quill', dob: '01/02/1990', departmentid: '21' },
    {
      invalidfields: [],
      missingfields: ['email', 'guarantoremail', 'ssn', 'homephone', 'mobilephone', 'workphone', 'zip'],
      error: 'Additional fields are required.',
    },
  ],
  ['a date of birth that is none', { ...ada, dob: '02/30/1990' }, { error: 'Improper DOB.' }],
  ['a date of birth to come', { ...ada, dob: '11/24/2026' }, { error: 'Improper DOB.' }],
  ['a department that is none', { ...ada, departmentid: '5' }, invalidData('Invalid department.')],
  [
    'a first name of 21 characters and an e-mail without @',
    { ...ada, firstname: 'A'.repeat(21), email: 'nobody' },
    { invalidfields: ['firstname', 'email'], missingfields: [], error: 'The data provided is invalid.' },
  ],
  [
    'a sex outside the list',
    { ...ada, sex: 'patient' },
    invalidData("The value 'patient' did not match any of the enum values for SEX"),
  ],
]
for (const [what, fields, body] of refused) {
  test(`registering with ${what} is refused with 400`, () => {
    const api = adding()
    assert.deepEqual(api.call('POST /patients', form(fields)), { status: 400, body })
    assert.equal(api.events.length, 0)
  })
}

test('the longest names the documentation allows are taken', () => {
  const api = adding()
  const long = { ...ada, firstname: 'A'.repeat(20), lastname: 'B'.repeat(30), address1: 'C'.repeat(100) }
  const { patientid } = api.record('POST /patients', form(long))
  assert.equal(api.record(`GET /patients/${patientid}`)['lastname'], 'B'.repeat(30))
})

test('a patient is changed by query or form; what was not sent stays', () => {
  const api = adding()
  const before = api.record('GET /patients/7')
  assert.deepEqual(api.call('PUT /patients/7?workphone=804-555-0177', 'lastname=Changed&homephone=555-01').body, [
    { patientid: '7' },
  ])
  const { workphone, lastname, ...rest } = api.record('GET /patients/7')
  assert.deepEqual([workphone, lastname], ['8045550177', 'Changed'])
  const { workphone: _, lastname: __, ...unchanged } = before
  assert.deepEqual(rest, unchanged)
})

test('a masked number may be written back: it changes nothing and identifies nobody', () => {
  const api = adding()
  const full = 'GET /patients/7?showfullssn=true'
  const before = api.record(full)
  assert.equal(api.call('PUT /patients/7', 'ssn=*****0000').status, 200)
  assert.deepEqual(api.record(full), before)
  const { zip: _, ...unknown } = { ...ada, email: '', mobilephone: '' }
  assert.equal(api.call('POST /patients', form({ ...unknown, ssn: '*****1234' })).status, 400)
  assert.equal(api.call('PUT /patients/7', 'ssn=****1234').status, 400)
})

test('status=deleted deletes: the record stays with that status and the lists lose it', () => {
  const api = adding()
  const listed = () => api.rows('GET /patients?limit=5000').length
  const before = listed()
  api.call('PUT /patients/7', 'status=deleted')
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['DeletePatient'],
  )
  assert.equal(api.record('GET /patients/7')['status'], 'deleted')
  assert.equal(listed(), before - 1)
  assert.deepEqual(
    api.rows('GET /patients?status=deleted').map(({ patientid }) => patientid),
    ['7'],
  )
  const [open] = api.rows('GET /appointments/open?departmentid=1,21,41&reasonid=-1&ignoreschedulablepermission=1')
  const booking = `patientid=7&appointmenttypeid=${open?.['appointmenttypeid']}`
  assert.equal(api.call(`PUT /appointments/${open?.['appointmentid']}`, booking).status, 400)
})

test('after a merge the old id answers as the survivor, which has its appointments and can name it', () => {
  const api = practiceApi({ patients: 100 })
  const owner = (patient: number) =>
    api
      .rows(`GET /patients/${patient}/appointments?showpast=1&showcancelled=1`)
      .map(({ appointmentid }) => appointmentid)
  const [from, into] = [owner(8), owner(9)]
  assert.ok(from.length > 0)
  applyChange(api.practice, { kind: 'mergepatients', from: 8, into: 9 })
  applyChange(api.practice, { kind: 'mergepatients', from: 9, into: 10 })
  assert.equal(api.record('GET /patients/8')['patientid'], '10')
  assert.deepEqual(api.record('GET /patients/10?showpreviouspatientids=true')['previouspatientids'], [
    { previouspatientid: '9' },
    { previouspatientid: '8' },
  ])
  assert.equal('previouspatientids' in api.record('GET /patients/10'), false)
  for (const id of [...from, ...into]) assert.equal(api.record(`GET /appointments/${id}`)['patientid'], '10')
  assert.ok(owner(8).length >= from.length + into.length)
  assert.equal(api.rows('GET /patients?limit=5000').length, 98)
  const merges = api.events.filter(({ name }) => name === 'MergePatient').map(({ id }) => id)
  assert.deepEqual(merges, ['9', '10'])
})

test('the visits of a merged patient become those of the survivor', () => {
  const api = practiceApi({ patients: 100 })
  const visits = (id: number) => {
    const { firstappointment, lastappointment } = api.record(`GET /patients/${id}`)
    return [firstappointment, lastappointment].map((text) => sortable(String(text)))
  }
  const [from = 0, into = 0] = api
    .rows('GET /patients?limit=100')
    .flatMap(({ patientid, lastappointment }) => (lastappointment === undefined ? [] : Number(patientid)))
  const [one, other] = [visits(from), visits(into)]
  applyChange(api.practice, { kind: 'mergepatients', from, into })
  assert.deepEqual(visits(into), [
    String(one[0]) < String(other[0]) ? one[0] : other[0],
    String(one[1]) > String(other[1]) ? one[1] : other[1],
  ])
})

function sortable(text: string): string {
  return text.replace(/^(\d\d)\/(\d\d)\/(\d{4})/, '$3-$1-$2')
}

const searches: readonly (readonly [query: string, holds: (patient: Record<string, unknown>) => boolean])[] = [
  ['departmentid=21', ({ departmentid }) => departmentid === '21'],
  ['lastname=ROWE', ({ lastname }) => lastname === 'Rowe'],
  ['firstname=maria&departmentid=1', ({ firstname, departmentid }) => firstname === 'Maria' && departmentid === '1'],
  ['status=inactive', ({ status }) => status === 'inactive'],
  ['zip=85701-4444', ({ zip }) => zip === '85701'],
  ['sex=F&state=AZ', ({ sex, state }) => sex === 'F' && state === 'AZ'],
  [
    'anyphone=(518)555-0142',
    ({ homephone, mobilephone, workphone, contacthomephone }) =>
      [homephone, mobilephone, workphone, contacthomephone].includes('5185550142'),
  ],
  ['primaryproviderid=71', ({ primaryproviderid }) => primaryproviderid === '71'],
]
const many = practiceApi({ patients: 3000 })
const everyone = [...many.practice.ids('patients')].map((id) => many.practice.wireRecord('patients', id) ?? {})
for (const [query, holds] of searches) {
  test(`GET /patients?${query} lists exactly the patients it holds for, by id`, () => {
    const found = many.rows(`GET /patients?${query}&limit=5000`).map(({ patientid }) => Number(patientid))
    const expected = everyone.filter(holds).map(({ patientid }) => Number(patientid))
    assert.ok(expected.length > 0)
    assert.deepEqual(found, expected)
  })
}

test('patients are found by date of birth', () => {
  const { dob, patientid } = everyone[41] ?? {}
  assert.deepEqual(
    many.rows(`GET /patients?dob=${dob}`).map((patient) => patient['patientid']),
    everyone.filter((patient) => patient['dob'] === dob).map((patient) => patient['patientid']),
  )
  assert.equal(patientid, '42')
})

test('the list has ten patients by default and pages on to the last', () => {
  const seen: unknown[] = []
  let next = '/patients?departmentid=101'
  for (let page = 0; next !== '' && page < 500; page += 1) {
    const body = many.call(`GET ${next}`).body as Record<string, unknown>
    seen.push(...many.rows(`GET ${next}`).map(({ patientid }) => patientid))
    next = String(body['next'] ?? '').replace('/v1/195900', '')
    if (page === 0) assert.equal(seen.length, 10)
  }
  assert.deepEqual(
    seen,
    everyone.filter(({ departmentid }) => departmentid === '101').map(({ patientid }) => patientid),
  )
})

for (const [term, expected] of [
  ['rowe', ({ lastname }) => lastname === 'Rowe'],
  ['Rowe, Mo', ({ lastname, firstname }) => lastname === 'Rowe' && String(firstname).startsWith('Mo')],
  ['mo rowe', ({ lastname, firstname }) => lastname === 'Rowe' && String(firstname).startsWith('Mo')],
  ['77', ({ patientid }) => patientid === '77'],
  ['99999', () => false],
] as readonly (readonly [string, (patient: Record<string, unknown>) => boolean])[]) {
  test(`searching "${term}" finds names that begin so, or the id`, () => {
    const found = many.rows(`GET /patients/search?searchterm=${encodeURIComponent(term)}&maxresults=3000`)
    assert.deepEqual(
      found.map(({ patientid }) => patientid),
      everyone.filter(expected).map(({ patientid }) => patientid),
    )
  })
}

test('patients with an appointment in the hours ahead are found by its department', () => {
  const api: PracticeApi = practiceApi({ patients: 1000 })
  const found = api.rows('GET /patients?appointmentdepartmentid=1&upcomingappointmenthours=3&limit=5000')
  const booked = api
    .rows('GET /appointments/booked?startdate=11/23/2026&enddate=11/23/2026&departmentid=1&appointmentstatus=f')
    .filter(({ starttime }) => String(starttime) >= '08:00' && String(starttime) <= '13:00')
  assert.ok(found.length > 0)
  assert.deepEqual(
    found.map(({ patientid }) => patientid),
    [...new Set(booked.map(({ patientid }) => patientid))].sort((a, b) => Number(a) - Number(b)),
  )
})
