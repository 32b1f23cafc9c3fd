import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'
import { stateOf } from '../practice/create-practice.ts'
import { startSimulator } from '../index.ts'

const hidden = () => practiceApi({ patients: 1500, traits: { restrictions: 'hidden' } })
const filtered = () => practiceApi({ patients: 1500, traits: { restrictions: 'filtered' } })

/** An active patient whose record the seed made restricted, as the practice's staff sees it. */
function restrictedPatient(api: PracticeApi): Record<string, unknown> {
  const { patients } = stateOf(api.practice)
  for (const id of api.practice.ids('patients')) {
    const record = api.practice.wireRecord('patients', id, { fullSsn: true }) ?? {}
    if (patients.restricted.get(Number(id)) === 1 && record['status'] === 'active') return record
  }
  throw new RangeError('no patient of this seed is restricted')
}

function waysToFind({ patientid, firstname, lastname, dob, zip }: Record<string, unknown>) {
  const named = `lastname=${encodeURIComponent(String(lastname))}&firstname=${encodeURIComponent(String(firstname))}`
  return [
    ['the list by name', `/patients?${named}&limit=5000`],
    ['the list by a field of the record', `/patients?zip=${zip}&dob=${dob}&limit=5000`],
    ['the search by name', `/patients/search?maxresults=5000&searchterm=${encodeURIComponent(String(lastname))}`],
    ['the search by id', `/patients/search?searchterm=${patientid}`],
    ['the match', `/patients/enhancedbestmatch?${named}&dob=${dob}&minscore=1`],
  ] as const
}

const finds = (api: PracticeApi, path: string, id: unknown): boolean =>
  api.rows(`GET ${path}`).some(({ patientid }) => patientid === id)

for (const [what] of waysToFind({})) {
  test(`where restricted patients are hidden ${what} finds them only for who ignores restrictions`, () => {
    const api = hidden()
    const patient = restrictedPatient(api)
    const [, path = ''] = waysToFind(patient).find(([name]) => name === what) ?? []
    assert.equal(finds(api, path, patient['patientid']), false)
    assert.equal(finds(api, `${path}&ignorerestrictions=true`, patient['patientid']), true)
    // A code has no effect here.
    assert.equal(finds(api, `${path}&confidentialitycode=R`, patient['patientid']), false)
  })

  test(`where restricted patients are filtered ${what} finds them unless the codes leave them out`, () => {
    const api = filtered()
    const patient = restrictedPatient(api)
    const [, path = ''] = waysToFind(patient).find(([name]) => name === what) ?? []
    const shown = [
      '',
      '&confidentialitycode=R',
      '&confidentialitycode=N,R',
      '&confidentialitycode=N&ignorerestrictions=1',
    ]
    assert.deepEqual(
      shown.map((codes) => finds(api, path + codes, patient['patientid'])),
      [true, true, true, false],
    )
  })
}

test('a hidden patient is answered like one who never was, and takes no change', () => {
  const api = hidden()
  const { patientid: id } = restrictedPatient(api)
  const nobody = api.call('GET /patients/99999')
  assert.equal(nobody.status, 404)
  for (const request of [`GET /patients/${id}`, `PUT /patients/${id}?lastname=Changed`]) {
    assert.deepEqual(api.call(request), nobody)
  }
  assert.equal(api.events.length, 0)
  const shown = api.record(`GET /patients/${id}?ignorerestrictions=true`)
  assert.deepEqual([shown['patientid'], shown['confidentialitycode']], [id, 'R'])
})

test('registering a hidden patient again tells nothing of the first record', () => {
  const api = hidden()
  const { patientid, firstname, lastname, dob, zip, ssn, departmentid } = restrictedPatient(api)
  const sent = new URLSearchParams({ firstname, lastname, dob, zip, ssn, departmentid } as Record<string, string>)
  assert.equal(api.record('POST /patients', `${sent}&ignorerestrictions=true`)['patientid'], patientid)
  assert.notEqual(api.record('POST /patients', String(sent))['patientid'], patientid)
})

test('a code that is neither N nor R is refused', () => {
  assert.equal(filtered().call('GET /patients?confidentialitycode=X').status, 400)
})

test('the feed keeps changes of a hidden patient until somebody asks for them', async (t) => {
  const practices = [{ id: 195900, patients: 1500 }]
  const startAt = Date.UTC(2026, 10, 23, 15)
  const simulator = await startSimulator({ practices, seed: 7, startAt, speed: 0, limits: 'off', activationLagMs: 0 })
  t.after(() => simulator.stop())
  const ids = [...simulator.truth.records(195900, 'patients')].map(({ patientid }) => String(patientid))
  const call = caller(simulator)
  const lists = new Set((await call('GET', '/patients?limit=5000')).patients.map(({ patientid }) => patientid))
  const [restricted = ''] = ids.filter((id) => !lists.has(id))
  const [open = ''] = [...lists]
  await call('POST', '/patients/changed/subscription')
  for (const patient of [restricted, open]) {
    simulator.truth.change(195900, { kind: 'updatepatient', patient, fields: { notes: 'Calls back.' } })
  }
  const read = async (query = '') =>
    (await call('GET', `/patients/changed${query}`)).patients.map(({ patientid }) => patientid)
  assert.deepEqual(await read(), [open])
  assert.deepEqual(await read(), [])
  assert.deepEqual(await read('?ignorerestrictions=true'), [restricted])
  assert.deepEqual(await read('?ignorerestrictions=true'), [])
})

test("a hidden patient's documents are in no answer, whether the path names the patient or not", () => {
  const api = hidden()
  const { patientid: id, departmentid } = restrictedPatient(api)
  const own = `departmentid=${departmentid}`
  const form = `${own}&documentsource=PATIENT&documentsubclass=PATIENTCASE&ignorerestrictions=true`
  const { patientcaseid } = api.record(`POST /patients/${id}/documents/patientcase`, form)
  api.call(`POST /patients/${id}/documents/phonemessage`, `${own}&ignorerestrictions=true`)
  const range = `${own}&startdate=11/23/2026&enddate=11/23/2026&showdocumentswithpatientid=true`
  const messages = (more: string) => api.rows(`GET /documents/phonemessage?${range}${more}`).length
  const statuses = (more: string) =>
    [
      `/patients/${id}/documents?${own}`,
      `/documents/patientcase/${patientcaseid}/actions?${own}`,
      `/reference/documents/patientcase/closereasons?patientcaseid=${patientcaseid}`,
    ].map((path) => api.call(`GET ${path}${more}`).status)
  assert.deepEqual([...statuses(''), messages('')], [404, 404, 404, 0])
  assert.deepEqual([...statuses('&ignorerestrictions=true'), messages('&ignorerestrictions=true')], [200, 200, 200, 1])
  const inFeed = (ignoreRestrictions: boolean) =>
    api.practice.sees?.('documents/patientcase', { ignoreRestrictions, confidentialityCodes: undefined })
  assert.deepEqual([inFeed(false)?.(String(patientcaseid)), inFeed(true)], [false, undefined])
})

type Simulator = Awaited<ReturnType<typeof startSimulator>>
type List = readonly { readonly patientid: string }[]
interface Lists {
  readonly patients: List
  readonly appointments: List
}

function caller(simulator: Simulator) {
  const token = simulator
    .fetch(`${simulator.url}/oauth2/v1/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
    })
    .then(async (response) => String(((await response.json()) as Record<string, unknown>)['access_token']))
  return async (method: string, path: string): Promise<Lists> => {
    const headers = { Authorization: `Bearer ${await token}` }
    const response = await simulator.fetch(`${simulator.url}/v1/195900${path}`, { method, headers })
    return (await response.json()) as Lists
  }
}

test('a chart that the staff restrict is gone for callers until it is free again, and the feed tells of both', () => {
  const api = hidden()
  const events: string[] = []
  api.practice.onEvent(({ name, id }) => void events.push(`${name} ${id}`))
  const sees = (): number => api.call('GET /patients/7').status
  assert.equal(sees(), 200)
  applyChange(api.practice, { kind: 'restrictpatient', patient: 7 })
  assert.equal(sees(), 404)
  applyChange(api.practice, { kind: 'unrestrictpatient', patient: 7 })
  assert.equal(sees(), 200)
  assert.deepEqual(events, ['UpdatePatient 7', 'UpdatePatient 7'])
  assert.throws(() => applyChange(api.practice, { kind: 'restrictpatient', patient: 99_999 }), RangeError)
})

test('appointments of hidden patients are listed, without details of the patient unless restrictions are ignored', () => {
  const api = practiceApi({ patients: 120, traits: { restrictions: 'hidden' } })
  const slot = { kind: 'addslot', department: '1', provider: '71', date: '12/01/2026', time: '18:00', type: '82' }
  const [id = ''] = applyChange(api.practice, slot).appointments
  applyChange(api.practice, { kind: 'book', appointment: id, patient: 5, type: '11' })
  applyChange(api.practice, { kind: 'restrictpatient', patient: 5 })
  const span = 'startdate=12/01/2026&enddate=12/01/2026&patientid=5'
  for (const path of [
    `/appointments/booked?${span}`,
    `/appointments/booked/multipledepartment?${span}`,
    `/appointments/${id}?`,
  ]) {
    const seen = (more: string) => {
      const [row = {}] = api.rows(`GET ${path}&showpatientdetail=true&showinsurance=true${more}`)
      return [row['patientid'], 'patient' in row, 'insurances' in row]
    }
    assert.deepEqual(seen(''), ['5', false, false], path)
    assert.deepEqual(seen('&ignorerestrictions=true'), ['5', true, true], path)
    applyChange(api.practice, { kind: 'unrestrictpatient', patient: 5 })
    assert.deepEqual(seen(''), ['5', true, true], path)
    applyChange(api.practice, { kind: 'restrictpatient', patient: 5 })
  }
})

test('the feed of appointments keeps to the same', async (t) => {
  const practices = [{ id: 195900, patients: 120 }]
  const simulator = await startSimulator({ practices, speed: 0, limits: 'off', activationLagMs: 0 })
  t.after(() => simulator.stop())
  const call = caller(simulator)
  await call('POST', '/appointments/changed/subscription')
  const records = [...simulator.truth.records(195900, 'appointments')]
  const appointment = records.findLast((record) => record['appointmentstatus'] === 'o')?.['appointmentid']
  simulator.truth.change(195900, { kind: 'restrictpatient', patient: 5 })
  simulator.truth.change(195900, { kind: 'book', appointment, patient: 5 })
  const path = '/appointments/changed?leaveunprocessed=true&showpatientdetail=true'
  for (const [more, isShown] of [
    ['', false],
    ['&ignorerestrictions=true', true],
  ] as const) {
    const [row] = (await call('GET', path + more)).appointments
    assert.deepEqual([row?.patientid, row !== undefined && 'patient' in row], ['5', isShown])
  }
})
