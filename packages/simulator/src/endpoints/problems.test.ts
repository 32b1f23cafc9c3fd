import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'

const problems = (patient: number | string): string => `/chart/${patient}/problems`
const chart = 'departmentid=1'

/** A patient with at least two problems, and their ids. */
function chronic(api: PracticeApi): { patient: string; ids: unknown[] } {
  for (let id = 1; id <= 300; id += 1) {
    const rows = api.rows(`GET ${problems(id)}?${chart}`)
    if (rows.length >= 2) return { patient: String(id), ids: rows.map(({ problemid }) => problemid) }
  }
  throw new RangeError('nobody has two problems')
}

const named = (api: PracticeApi): string[] => api.events.map(({ name, id }) => `${name} ${id}`)

function eventsOf(problem: Record<string, unknown> | undefined) {
  const events = problem?.['events']
  assert.ok(Array.isArray(events))
  return events as { eventtype: string; startdate: string }[] // recorded shape
}

test('old people have more problems than children, and most of the practice has some', () => {
  const api = practiceApi()
  const count = { old: 0, oldProblems: 0, young: 0, youngProblems: 0 }
  for (let id = 1; id <= 300; id += 1) {
    const year = Number(String(api.record(`GET /patients/${id}`)['dob']).slice(6))
    const rows = api.rows(`GET ${problems(id)}?${chart}`).length
    if (year < 1966) [count.old, count.oldProblems] = [count.old + 1, count.oldProblems + rows]
    if (year > 2010) [count.young, count.youngProblems] = [count.young + 1, count.youngProblems + rows]
  }
  assert.ok(count.oldProblems / count.old > 1.5, JSON.stringify(count))
  assert.ok(count.youngProblems / count.young < 0.7, JSON.stringify(count))
})

test('a problem in a chart has the recorded shape', () => {
  const api = practiceApi()
  const { patient } = chronic(api)
  const body = api.call(`GET ${problems(patient)}?${chart}&showdiagnosisinfo=true`).body
  const { problems: rows, ...envelope } = body as { problems: Record<string, unknown>[] }
  const [row = {}] = rows
  const { events, ...fields } = row
  assert.deepEqual(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value])), {
    problemid: 'number',
    name: 'string',
    code: 'string',
    codeset: 'string',
    lastmodifiedby: 'string',
    lastmodifieddatetime: 'string',
    bestmatchicd10code: 'string',
  })
  assert.match(String(row['lastmodifieddatetime']), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00$/)
  assert.deepEqual(Object.keys((events as object[])[0] ?? {}).toSorted(), [
    'createdby',
    'createddate',
    'eventtype',
    'onsetdate',
    'startdate',
    'status',
  ])
  assert.deepEqual(Object.keys(envelope).toSorted(), [
    'lastmodifiedby',
    'lastmodifieddatetime',
    'lastupdated',
    'totalcount',
  ])
})

test('a problem is added, changed, made inactive and shown again when asked for', () => {
  const api = practiceApi()
  const { patient, ids } = chronic(api)
  const form = `${chart}&snomedcode=84229001&startdate=01/11/2021&status=acute&laterality=left`
  const added = api.record(`POST ${problems(patient)}`, form)
  assert.deepEqual(added, { success: true, problemid: added['problemid'] })
  const id = String(added['problemid'])
  const list = () => api.rows(`GET ${problems(patient)}?${chart}`).map(({ problemid }) => String(problemid))
  assert.deepEqual(list(), [...ids.map(String), id])
  assert.deepEqual(api.practice.wireRecord('chart/healthhistory/problems', id), {
    patientid: Number(patient),
    problemid: Number(id),
    name: 'Fatigue',
    code: '84229001',
    codeset: 'SNOMED',
    events: [{ eventtype: 'START', startdate: '01/11/2021' }],
  })
  api.call(`PUT ${problems(patient)}/${id}`, `${chart}&note=worse&startdate=02/11/2021`)
  api.call(`DELETE ${problems(patient)}/${id}?${chart}`)
  assert.deepEqual(list(), ids.map(String))
  const ended = api.rows(`GET ${problems(patient)}?${chart}&showinactive=true`).at(-1)
  assert.equal(ended?.['deactivateddate'], '11/23/2026')
  assert.deepEqual(
    eventsOf(ended).map(({ eventtype, startdate }) => [eventtype, startdate]),
    [
      ['START', '02/11/2021'],
      ['END', '11/23/2026'],
    ],
  )
  api.call(`DELETE ${problems(patient)}/${id}?${chart}&remove=true`)
  assert.ok(
    !api
      .rows(`GET ${problems(patient)}?${chart}&showinactive=true`)
      .some((row) => row['problemid'] === ended?.['problemid']),
  )
  assert.equal(api.call(`PUT ${problems(patient)}/${id}`, chart).status, 404)
  assert.deepEqual(named(api), [
    `ProblemAdd ${id}`,
    `ProblemUpdate ${id}`,
    `ProblemUpdate ${id}`,
    `ProblemUpdate ${id}`,
  ])
})

const refusals: readonly (readonly [what: string, request: string, form: string, status: number, body: unknown])[] = [
  [
    'an empty department is of the wrong type, as recorded',
    `POST ${problems(5)}`,
    'departmentid=&snomedcode=',
    400,
    { detailedmessage: 'Expecting type integer, but value is ', error: 'The data provided is invalid.' },
  ],
  [
    'fields that were not sent are named',
    `POST ${problems(5)}`,
    '',
    400,
    { missingfields: ['departmentid', 'snomedcode'], error: 'Additional fields are required.' },
  ],
  [
    'a code that no concept has is a success that failed, as recorded',
    `POST ${problems(5)}`,
    'departmentid=1&snomedcode=0',
    200,
    { success: false, errormessage: "Submitted snomedcode of '0' is not valid." },
  ],
  [
    'a code with a wrong check digit is none',
    `POST ${problems(5)}`,
    'departmentid=1&snomedcode=84229002',
    200,
    { success: false, errormessage: "Submitted snomedcode of '84229002' is not valid." },
  ],
  [
    'an unknown patient has no chart',
    `GET ${problems(9999)}?${chart}`,
    '',
    404,
    { error: 'The patient does not exist.' },
  ],
  [
    'a department without charts has none of the patient',
    `GET ${problems(5)}?departmentid=121`,
    '',
    404,
    { error: 'The patient has no chart in this department.' },
  ],
  [
    'a department that is not there is refused',
    `GET ${problems(5)}?departmentid=7`,
    '',
    400,
    { detailedmessage: 'Invalid department.', error: 'The data provided is invalid.' },
  ],
]
for (const [what, request, form, status, body] of refusals) {
  test(what, () => {
    const api = practiceApi({ patients: 100 })
    assert.deepEqual(api.call(request, form), { status, body })
    assert.equal(api.events.length, 0)
  })
}

test("one patient's problem cannot be reached through another's chart", () => {
  const api = practiceApi()
  const { patient, ids } = chronic(api)
  const other = Number(patient) + 1
  assert.equal(api.call(`PUT ${problems(other)}/${ids[0]}`, `${chart}&note=mine`).status, 404)
  assert.equal(api.call(`DELETE ${problems(other)}/${ids[0]}?${chart}`).status, 404)
  assert.equal(api.rows(`GET ${problems(patient)}?${chart}`).length, ids.length)
})

test('a note on the section is appended to, or written over', () => {
  const api = practiceApi({ patients: 100 })
  const note = () => (api.call(`GET ${problems(5)}?${chart}`).body as Record<string, unknown>)['sectionnote']
  assert.equal(note(), undefined)
  api.call(`PUT ${problems(5)}`, `${chart}&sectionnote=one`)
  api.call(`PUT ${problems(5)}/sectionnote`, `${chart}&sectionnote=two`)
  assert.equal(note(), 'one\ntwo')
  api.call(`PUT ${problems(5)}/sectionnote`, `${chart}&sectionnote=three&replacenote=true`)
  assert.equal(note(), 'three')
  assert.equal(api.call(`PUT ${problems(5)}/sectionnote`, chart).status, 400)
})

test('after a merge the survivor has the problems of both, and the feed tells of those that moved', () => {
  const api = practiceApi()
  const { patient, ids } = chronic(api)
  const into = Number(patient) + 1
  const own = api.rows(`GET ${problems(into)}?${chart}`).map(({ problemid }) => problemid)
  api.events.length = 0
  applyChange(api.practice, { kind: 'mergepatients', from: patient, into })
  const shown = api.rows(`GET ${problems(into)}?${chart}`).map(({ problemid }) => problemid)
  assert.deepEqual(shown, [...own, ...ids])
  assert.deepEqual(
    api.rows(`GET ${problems(patient)}?${chart}`).map(({ problemid }) => problemid),
    shown,
  )
  const moved = api.events.filter(({ feed }) => feed === 'chart/healthhistory/problems').map(({ id }) => id)
  for (const id of ids) {
    assert.ok(moved.includes(String(id)))
    assert.equal(api.practice.wireRecord('chart/healthhistory/problems', String(id))?.['patientid'], into)
  }
})
