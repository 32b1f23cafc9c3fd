import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogue } from '../catalogue/catalogue.ts'
import { checkId, checkPathText, encodeParams, type Params } from './params.ts'
import { fillRoute, textBraces } from './plan-call.ts'

for (const [params, expected] of [
  [{ departmentid: 1, name: 'O’Brien & Söhne' }, 'departmentid=1&name=O%E2%80%99Brien+%26+S%C3%B6hne'],
  [{ dob: '1990-05-01' }, 'dob=05%2F01%2F1990'],
  [{ DOB: '05/01/1990', startdate: '2024-02-29' }, 'DOB=05%2F01%2F1990&startdate=02%2F29%2F2024'],
  [{ startlastmodified: '06/02/2020 09:06:50' }, 'startlastmodified=06%2F02%2F2020+09%3A06%3A50'],
  [{ startlastmodified: '2020-06-02T09:06:50' }, 'startlastmodified=06%2F02%2F2020+09%3A06%3A50'],
  [{ SHOWPROCESSEDSTARTDATETIME: '2020-06-02 09:06' }, 'SHOWPROCESSEDSTARTDATETIME=06%2F02%2F2020+09%3A06'],
  [
    { observationdate: '2024-02-29', servicedate: '02/29/2024' },
    'observationdate=02%2F29%2F2024&servicedate=02%2F29%2F2024',
  ],
  [
    { dateofservice: '2024-02-29', insurancepolicyholderdob: '1990-05-01' },
    'dateofservice=02%2F29%2F2024&insurancepolicyholderdob=05%2F01%2F1990',
  ],
  [{ administerdate: '2019', businessdate: '022924' }, 'administerdate=2019&businessdate=022924'],
  [{ specimenreceiveddatetime: '2024-02-29T08:00:00' }, 'specimenreceiveddatetime=2024-02-29T08%3A00%3A00'],
  [{ notetext: '2024-02-29' }, 'notetext=2024-02-29'],
  [{ dobtext: '2024-02-29', datetype: '2024-02-29' }, 'dobtext=2024-02-29&datetype=2024-02-29'],
  [{ updateof: '2024-02-29', daterangestarts: '2024-02-29' }, 'updateof=2024-02-29&daterangestarts=2024-02-29'],
  [{ patientdob: 'unknown', startdates: 'any' }, 'patientdob=unknown&startdates=any'],
  [
    { daterangestart: '2024-02-29', datecreated: '2024-02-29' },
    'daterangestart=02%2F29%2F2024&datecreated=02%2F29%2F2024',
  ],
  [{ laststartlastmodified: '2020-06-02' }, 'laststartlastmodified=2020-06-02'],
  [{ endlastmodifiedby: '2020-06-02' }, 'endlastmodifiedby=2020-06-02'],
  [{ endlastmodified: '2020-06-02' }, 'endlastmodified=06%2F02%2F2020'],
  [{ address: { movedate: '2024-02-29' } }, `address=${encodeURIComponent('{"movedate":"02/29/2024"}')}`],
  [{ departmentid: [1, 2, '3'] }, 'departmentid=1%2C2%2C3'],
  [{ appointmenttime: ['a,b', 'c'] }, 'appointmenttime=a%2Cb&appointmenttime=c'],
  [{ showcancelled: true, urgentyn: true, hasmobileyn: false }, 'showcancelled=true&urgentyn=Y&hasmobileyn=N'],
  [{ customfields: [{ customfieldid: 1 }] }, 'customfields=%5B%7B%22customfieldid%22%3A1%7D%5D'],
  [
    { allergies: [{ onsetdate: '2024-02-29', note: '2024-02-29', reactions: [{ DATE: '02/29/2024' }] }] },
    `allergies=${encodeURIComponent('[{"onsetdate":"02/29/2024","note":"2024-02-29","reactions":[{"DATE":"02/29/2024"}]}]')}`,
  ],
  [{ a: undefined, b: null, c: '' }, 'c='],
  [{}, ''],
] as const satisfies readonly (readonly [Params, string])[]) {
  test(`${JSON.stringify(params)} leaves as ${expected || 'nothing'}`, () => {
    assert.equal(encodeParams(params), expected)
  })
}

for (const [title, params, field] of [
  ['a date that is none', { dob: '1990-02-30' }, 'dob'],
  ['a date with a time', { startdate: '2024-01-01T00:00:00Z' }, 'startdate'],
  ['a moment where a wall time belongs', { startlastmodified: '2024-01-01T00:00:00Z' }, 'startlastmodified'],
  ['a file in a query', { image: new Uint8Array(2024) }, 'image'],
  // What a caller without types could pass.
  ['a Date', { dob: new Date(0) as never }, 'dob'],
  ['a number that is none', { departmentid: Number.NaN }, 'departmentid'],
] as const) {
  test(`${title} is refused with the field’s name and without its value`, () => {
    assert.throws(
      () => encodeParams(params),
      (error: Error & { code?: string; invalidFields?: unknown }) => {
        assert.equal(error.code, 'invalid-argument')
        assert.deepEqual(error.invalidFields, [field])
        assert.ok(!/1990|2024|NaN/.test(error.message))
        return true
      },
    )
  })
}

for (const id of ['1', 'a-195900.E-1', 'H40976', '0071', 71111]) {
  test(`${id} is an id`, () => assert.equal(checkId('patientid', id), String(id)))
}

for (const id of [
  '',
  '.',
  '..',
  '../1',
  '1/2',
  '1?x=1',
  '1#',
  'a b',
  '%2e',
  '1\n',
  1.5,
  Number.NaN,
  2 ** 60,
  'x'.repeat(65),
]) {
  test(`${JSON.stringify(id)} is no id`, () =>
    assert.throws(() => checkId('patientid', id), { code: 'invalid-argument' }))
}

test('a text may stand in a path where the catalogue has one, and only there', () => {
  const inPaths = catalogue().flatMap(({ params }) =>
    params.filter(({ place, type }) => place === 'path' && type !== 'id'),
  )
  assert.deepEqual([...new Set(inPaths.map(({ name }) => name))].sort(), [...textBraces].sort())
  const route = '/patients/customfields/{customfieldid}/{customfieldvalue}'
  const path = { customfieldid: 22, customfieldvalue: 'Pick up é&?#%2F' }
  assert.equal(fillRoute({ route, path }), '/patients/customfields/22/Pick%20up%20%C3%A9%26%3F%23%252F')
})

for (const text of ['v1.', 'v1..', '...', 'x'.repeat(200), 7]) {
  test(`${JSON.stringify(text)} can stand in a path`, () =>
    assert.equal(checkPathText('customfieldvalue', text), String(text)))
}

for (const text of ['', '.', '..', 'a/b', '..\\b', 'a\nb', 'x'.repeat(201)]) {
  test(`${JSON.stringify(text)} cannot stand in a path`, () =>
    assert.throws(() => checkPathText('customfieldvalue', text), {
      code: 'invalid-argument',
      invalidFields: ['customfieldvalue'],
    }))
}
