import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'
import { applyChange } from './apply-change.ts'
import { soundex } from './match-patients.ts'

const jane = {
  firstname: 'Janet',
  lastname: 'Quill',
  dob: '04/05/1980',
  departmentid: '1',
  zip: '12207',
  mobilephone: '5185550142',
  email: 'janet.quill@example.com',
  ssn: '987654321',
}

function withJane() {
  const api = practiceApi({ patients: 150 })
  const [id = ''] = applyChange(api.practice, { kind: 'addpatient', fields: jane }).patients
  const ask = (fields: Record<string, string>) =>
    api
      .rows(`GET /patients/enhancedbestmatch?${new URLSearchParams(fields)}`)
      .map(({ patientid, score }) => [patientid, score])
  return { api, id, ask }
}

const exact = { firstname: 'janet', lastname: 'QUILL', dob: '04/05/1980' }

const scores: readonly (readonly [what: string, fields: Record<string, string>, score: number])[] = [
  ['exact name and date of birth', {}, 23],
  ['and the telephone', { homephone: '(518) 555-0142' }, 26],
  ['and the e-mail', { email: 'Janet.Quill@example.com' }, 27],
  ['and the zip', { zip: '12207-1234' }, 26],
  ['and the social security number', { ssn: '987-65-4321' }, 31],
  ['and all of them', { homephone: '5185550142', email: jane.email, zip: '12207', ssn: jane.ssn }, 41],
  ['and a telephone that is another', { homephone: '5185550199' }, 23],
]
for (const [what, fields, score] of scores) {
  test(`${what}: ${score}`, () => {
    const { id, ask } = withJane()
    assert.deepEqual(ask({ ...exact, ...fields }), [[id, score]])
  })
}

test('without flags less than the exact name and date of birth is no match', () => {
  const { ask } = withJane()
  assert.deepEqual(ask({ ...exact, dob: '04/06/1980' }), [])
  assert.deepEqual(ask({ ...exact, lastname: 'Quilt' }), [])
  assert.deepEqual(ask({ ...exact, lastname: 'Quilt', zip: '12207' }), [])
})

test('minscore raises or lowers the bar', () => {
  const { id, ask } = withJane()
  assert.deepEqual(ask({ ...exact, minscore: '26' }), [])
  assert.deepEqual(ask({ ...exact, dob: '04/06/1980', minscore: '13' }), [[id, 13]])
})

test('returnbestmatches shows the best five from 16 on, best first', () => {
  const { api, id, ask } = withJane()
  for (let twin = 0; twin < 6; twin += 1) {
    applyChange(api.practice, {
      kind: 'addpatient',
      fields: { ...jane, firstname: 'Jan', email: `${twin}@example.com` },
    })
  }
  const found = ask({ ...exact, zip: '12207', returnbestmatches: 'true' })
  assert.equal(found.length, 5)
  assert.deepEqual(found[0], [id, 26])
  assert.deepEqual(
    found.slice(1).map(([, score]) => score),
    [24, 24, 24, 24],
  )
})

test('two patients who match equally well are both shown', () => {
  const { api, id, ask } = withJane()
  const [twin] = applyChange(api.practice, { kind: 'addpatient', fields: jane }).patients
  assert.deepEqual(ask(exact), [
    [id, 23],
    [twin, 23],
  ])
})

test('a name that only sounds alike counts when asked for', () => {
  const { id, ask } = withJane()
  const sought = { ...exact, lastname: 'Quail', zip: '12207' }
  assert.deepEqual(ask({ ...sought, returnbestmatches: 'true' }), [[id, 19]])
  assert.deepEqual(ask({ ...sought, returnbestmatches: 'true', usesoundexsearch: 'true' }), [[id, 24]])
})

test('a deleted patient matches nobody', () => {
  const { api, id, ask } = withJane()
  applyChange(api.practice, { kind: 'deletepatient', patient: id })
  assert.deepEqual(ask(exact), [])
})

test('a merged patient matches as the survivor only', () => {
  const { api, id, ask } = withJane()
  applyChange(api.practice, { kind: 'mergepatients', from: id, into: 1 })
  assert.deepEqual(ask(exact), [])
})

for (const [name, code] of [
  ['Robert', 'R163'],
  ['Rupert', 'R163'],
  ['Tymczak', 'T522'],
  ['Pfister', 'P236'],
  ['Ashcraft', 'A261'],
  ['Lee', 'L000'],
] as const) {
  test(`${name} sounds ${code}`, () => assert.equal(soundex(name), code))
}
