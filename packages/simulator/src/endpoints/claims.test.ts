import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monday, practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange } from '../practice/apply-change.ts'
import { appointmentAt, appointmentId, statusOf } from '../practice/appointment-table.ts'
import { dateText, dayMs, parseDate } from '../practice/calendar-date.ts'
import { stateOf } from '../practice/create-practice.ts'

const today = Math.floor(monday / dayMs)
const lineOf = (code: string, more = {}) => ({ PROCEDURECODE: code, UNITS: '1', ICD10CODE1: 'I10', ...more })
const form = (fields: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString()

/** The first appointment with a status. */
function appointmentWith(api: PracticeApi, status: string): string {
  const { appointments } = stateOf(api.practice)
  for (let position = 0; position < appointments.count; position += 1) {
    if (statusOf(appointments, position) === status) return appointmentId(position)
  }
  throw new RangeError(`no appointment has status ${status}`)
}

/** A visit that is over and not charged yet; nothing of how it came to be is left among the events. */
function visitOver(api: PracticeApi): string {
  const appointment = appointmentWith(api, 'f')
  applyChange(api.practice, { kind: 'checkin', appointment })
  applyChange(api.practice, { kind: 'checkout', appointment })
  api.events.length = 0
  return appointment
}

const claims = (api: PracticeApi, query = ''): Record<string, unknown>[] => api.rows(`GET /claims?limit=5000${query}`)
const valueOf = (record: Record<string, unknown> | undefined, name: string): unknown => record?.[name]

test('every visit charged before the practice was made has a claim of the recorded shape', () => {
  const api = practiceApi()
  const { appointments } = stateOf(api.practice)
  let charged = 0
  for (let position = 0; position < appointments.count; position += 1) {
    if (statusOf(appointments, position) === '4') charged += 1
  }
  const rows = claims(api)
  assert.ok(charged > 100)
  assert.equal(rows.length, charged)
  const [claim = {}] = rows
  assert.deepEqual(Object.keys(claim).sort(), [
    'billedproviderid',
    'billedservicedate',
    'claimcreateddate',
    'claimid',
    'departmentid',
    'diagnoses',
    'patientid',
    'patientpayer',
    'primaryinsurancepayer',
    'procedures',
    'secondaryinsurancepayer',
    'transactiondetails',
  ])
  assert.deepEqual(
    [
      typeof claim['claimid'],
      typeof claim['patientid'],
      typeof claim['departmentid'],
      typeof claim['billedproviderid'],
    ],
    ['string', 'number', 'number', 'number'],
  )
  const [line] = claim['procedures'] as Record<string, unknown>[]
  assert.deepEqual(Object.keys(line ?? {}), [
    'transactionid',
    'procedurecode',
    'proceduredescription',
    'procedurecategory',
    'chargeamount',
  ])
  assert.equal(
    valueOf(claim['transactiondetails'] as Record<string, unknown>, String(line?.['transactionid'])),
    line?.['chargeamount'],
  )
  assert.deepEqual(api.record(`GET /claims/${claim['claimid']}`), claim)
  assert.deepEqual(valueOf(api.record(`GET /claims/${claim['claimid']}?showcustomfields=true`), 'customfields'), [])
})

test('the same seed has the same claims whether they were looked at before or after other changes', () => {
  const [early, late] = [practiceApi(), practiceApi()]
  const before = claims(early)
  for (const api of [early, late]) applyChange(api.practice, { kind: 'entercharges', appointment: visitOver(api) })
  assert.deepEqual(claims(late).slice(0, before.length), before)
  assert.deepEqual(claims(late), claims(early))
})

test('the list is narrowed by dates of service and of creation, both ends included', () => {
  const api = practiceApi()
  const [from, to] = [today - 12, today - 9]
  for (const [name, field] of [
    ['service', 'billedservicedate'],
    ['created', 'claimcreateddate'],
  ] as const) {
    const wanted = (record: Record<string, unknown>): boolean => {
      const day = parseDate(String(record[field])) ?? 0
      return day >= from && day <= to
    }
    const query = `&${name}startdate=${dateText(from)}&${name}enddate=${dateText(to)}`
    const expected = claims(api).filter(wanted)
    assert.ok(expected.length > 0)
    assert.deepEqual(claims(api, query), expected)
  }
  assert.equal(claims(api, `&servicestartdate=${dateText(today - 150)}`).length, claims(api).length)
  assert.equal(api.call('GET /claims?servicestartdate=2026-01-01').status, 400)
})

test('the list is narrowed by patient, department, provider, procedure and appointment', () => {
  const api = practiceApi()
  const all = claims(api)
  const sample = all[20] ?? {}
  const procedureOf = (record: Record<string, unknown>): unknown =>
    (record['procedures'] as Record<string, unknown>[]).map(({ procedurecode }) => procedurecode)
  for (const [name, field] of [
    ['patientid', 'patientid'],
    ['departmentid', 'departmentid'],
    ['providerid', 'billedproviderid'],
  ] as const) {
    const expected = all.filter((record) => record[field] === sample[field])
    assert.deepEqual(claims(api, `&${name}=${sample[field]}`), expected)
  }
  const withCode = all.filter((record) => String(procedureOf(record)).includes('99203'))
  assert.ok(withCode.length > 0 && withCode.length < all.length)
  assert.deepEqual(claims(api, '&procedurecodes=99203'), withCode)
  const appointment = appointmentWith(api, '4')
  assert.deepEqual(claims(api, `&appointmentid=${appointment}`), all.slice(0, 1))
  const { patientid } = api.record(`GET /appointments/${appointment}`)
  assert.equal(String(all[0]?.['patientid']), patientid)
  assert.equal(api.call('GET /claims?departmentid=4711').status, 400)
})

test('the list has pages of 1,500, at most 5,000, whose next page goes on', () => {
  const api = practiceApi({ patients: 1500 })
  const { body } = api.call('GET /claims?DEPARTMENTID=1&limit=7&offset=7')
  const page = body as Record<string, unknown>
  assert.equal((page['claims'] as unknown[]).length, 7)
  assert.equal(page['next'], '/v1/195900/claims?DEPARTMENTID=1&limit=7&offset=14')
  const all = api.call('GET /claims').body as { claims: unknown[]; totalcount: number }
  assert.equal(all.claims.length, Math.min(1500, all.totalcount))
  assert.ok(all.totalcount > 1500)
})

test('entering charges makes a claim, billed to the insurances of the day, that the feed and the visit show', () => {
  const api = practiceApi()
  const appointment = visitOver(api)
  const before = claims(api).length
  const { claims: [id = ''] = [] } = applyChange(api.practice, { kind: 'entercharges', appointment })
  assert.equal(claims(api).length, before + 1)
  assert.deepEqual(
    api.events.map(({ feed, name }) => `${feed} ${name}`),
    ['appointments UpdateAppointment', 'claims CreateClaim'],
  )
  const claim = api.record(`GET /claims/${id}`)
  const patient = api.record(`GET /patients/${claim['patientid']}?showinsurance=true`)
  const insurances = patient['insurances'] as Record<string, unknown>[]
  const primary = insurances.find(({ sequencenumber }) => sequencenumber === 1)
  const { primarypatientinsuranceid } = claim['primaryinsurancepayer'] as Record<string, unknown>
  assert.equal(primarypatientinsuranceid, Number(primary?.['insuranceid'] ?? 0))
  const shown = api.record(`GET /appointments/${appointment}?showclaimdetail=true`)
  assert.deepEqual(shown['claims'], [claim])
})

test('claims go from held or ready over sent and paid to settled, one step a change', () => {
  const api = practiceApi()
  const statuses = (claim: Record<string, unknown>): string =>
    ['primaryinsurancepayer', 'patientpayer']
      .map((payer) => (claim[payer] as Record<string, unknown>)['status'])
      .join(' ')
  const insured = (claim: Record<string, unknown>): boolean =>
    (claim['primaryinsurancepayer'] as Record<string, unknown>)['primarypatientinsuranceid'] !== 0
  const seen = new Set(claims(api).filter(insured).map(statuses))
  for (const state of ['DROP ATHENAHOLD', 'BILLED ATHENAHOLD', 'CLOSED BILLED', 'CLOSED CLOSED']) {
    assert.ok(seen.has(state), `none is ${state} but ${[...seen].join(', ')}`)
  }
  const ready = claims(api).find((claim) => insured(claim) && statuses(claim) === 'DROP ATHENAHOLD')
  const claim = String(ready?.['claimid'])
  const touched = applyChange(api.practice, { kind: 'advanceclaim', claim })
  assert.deepEqual(touched.claims, [claim])
  assert.equal(statuses(api.record(`GET /claims/${claim}`)), 'BILLED ATHENAHOLD')
  applyChange(api.practice, { kind: 'setclaimstatus', claim, payer: 'primary', status: 'FOLLOWUP' })
  assert.equal(statuses(api.record(`GET /claims/${claim}`)), 'FOLLOWUP ATHENAHOLD')
  assert.throws(() => applyChange(api.practice, { kind: 'advanceclaim', claim }), RangeError)
})

test('a claim that is voided is gone from the list, and its end is announced', () => {
  const api = practiceApi()
  const claim = String(claims(api)[3]?.['claimid'])
  applyChange(api.practice, { kind: 'voidclaim', claim })
  assert.equal(api.call(`GET /claims/${claim}`).status, 404)
  assert.ok(!claims(api).some(({ claimid }) => claimid === claim))
  assert.deepEqual(
    api.events.map(({ name, id }) => [name, id]),
    [['DeleteClaim', claim]],
  )
  assert.throws(() => applyChange(api.practice, { kind: 'voidclaim', claim }), /unknown_claim/)
})

test('a list that was never made may be sent as null', () => {
  const api = practiceApi()
  const [{ departmentid, billedproviderid, patientid } = {}] = claims(api)
  const fields = { departmentid, patientid, supervisingproviderid: billedproviderid, customfields: null }
  const made = api.record('POST /claims', form({ ...fields, claimcharges: [lineOf('99213')] }))
  assert.equal(made['success'], true)
  assert.equal(api.call('POST /claims', form({ ...fields, claimcharges: null })).status, 400)
})

test('a caller makes a claim without a visit, with its own charges, custom fields and providers', () => {
  const api = practiceApi()
  const [{ departmentid, billedproviderid, patientid } = {}] = claims(api)
  const fields = {
    departmentid: String(departmentid),
    patientid: String(patientid),
    supervisingproviderid: String(billedproviderid),
    claimcharges: [lineOf('99213', { ICD10CODE2: 'E11.9', ICD9CODE1: '401.9' }), lineOf('81002')],
    customfields: [{ customfieldid: '7', customfieldvalue: 'left hand' }],
  }
  const { success, claimids, errormessage } = api.record('POST /claims', form(fields))
  assert.deepEqual([success, errormessage, (claimids as unknown[]).length], [true, '', 1])
  const claim = api.record(`GET /claims/${String(claimids)}?showcustomfields=true&showsupervisingprovider=true`)
  assert.deepEqual(claim['customfields'], [{ customfieldid: '7', customfieldvalue: 'left hand' }])
  assert.equal(claim['supervisingproviderid'], billedproviderid)
  assert.equal(claim['billedservicedate'], dateText(today))
  const codes = (claim['diagnoses'] as Record<string, unknown>[]).map((one) => [
    one['diagnosisrawcode'],
    one['diagnosiscodeset'],
  ])
  assert.deepEqual(codes, [
    ['I10', 'ICD10'],
    ['E11.9', 'ICD10'],
    ['401.9', 'ICD9'],
  ])
  assert.equal(api.events.at(-1)?.name, 'CreateClaim')
})

const refusedCharges: readonly (readonly [what: string, claimcharges: unknown])[] = [
  ['that are no JSON', 'x'],
  ['that are no list', {}],
  ['that are an empty list', []],
  ['without a procedure', [{ ICD10CODE1: 'I10' }]],
  ['without an ICD-10 diagnosis', [{ PROCEDURECODE: '99213', ICD9CODE1: '401.9' }]],
  ['with an amount that is none', [lineOf('99213', { ALLOWABLE: 'much' })]],
  ['with an amount below nothing', [lineOf('99213', { ALLOWABLE: '-5' })]],
  ['with an empty procedure', [lineOf('')]],
]
for (const [what, claimcharges] of refusedCharges) {
  test(`charges ${what} are refused and leave nothing`, () => {
    const api = practiceApi()
    const fields = { departmentid: '1', patientid: '1', supervisingproviderid: '71', claimcharges }
    assert.equal(api.call('POST /claims', form(fields)).status, 400)
    assert.equal(api.call(`POST /appointments/${visitOver(api)}/claim`, form({ claimcharges })).status, 400)
    assert.equal(api.events.length, 0)
  })
}

test('a claim names what it needs, and takes no day to come and no insurance of somebody else', () => {
  const api = practiceApi()
  assert.deepEqual(api.call('POST /claims').body, {
    missingfields: ['claimcharges', 'departmentid', 'patientid', 'supervisingproviderid'],
    error: 'Additional fields are required.',
  })
  const [{ departmentid, billedproviderid, patientid } = {}] = claims(api)
  const fields = { departmentid, patientid, supervisingproviderid: billedproviderid, claimcharges: [lineOf('99213')] }
  for (const wrong of [
    { servicedate: dateText(today + 2) },
    { primarypatientinsuranceid: '999999' },
    { patientid: '99999' },
    { departmentid: '4711' },
  ]) {
    assert.equal(api.call('POST /claims', form({ ...fields, ...wrong })).status, 400, JSON.stringify(wrong))
  }
})

test('a claim for a visit enters its charges; a charged visit takes more, one that is not over takes none', () => {
  const api = practiceApi()
  const appointment = visitOver(api)
  const charges = form({ claimcharges: [lineOf('99214')] })
  const first = api.record(`POST /appointments/${appointment}/claim`, charges)
  assert.equal(api.record(`GET /appointments/${appointment}`)['appointmentstatus'], '4')
  const second = api.record(`POST /appointments/${appointment}/claim`, charges)
  const { appointments } = stateOf(api.practice)
  assert.equal(statusOf(appointments, appointmentAt(appointments, appointment) ?? 0), '4')
  assert.deepEqual(
    claims(api, `&appointmentid=${appointment}`).map(({ claimid }) => [claimid]),
    [first['claimids'], second['claimids']],
  )
  assert.equal(api.call(`POST /appointments/${appointmentWith(api, 'f')}/claim`, charges).status, 400)
})

test('a claim is changed and noted on: amounts, custom fields one by one, notes in order', () => {
  const api = practiceApi()
  const [claim = {}] = claims(api)
  const [line] = claim['procedures'] as Record<string, unknown>[]
  const path = `/claims/${claim['claimid']}`
  const charges = [{ PROCEDURECODE: line?.['procedurecode'], ALLOWABLE: '77.5' }]
  api.call(
    `PUT ${path}`,
    form({ claimcharges: charges, customfields: [{ customfieldid: '1', customfieldvalue: 'a' }] }),
  )
  api.call(`PUT ${path}`, form({ customfields: [{ customfieldid: '2', customfieldvalue: 'b' }] }))
  const changed = api.record(`GET ${path}?showcustomfields=true`)
  assert.equal(valueOf((changed['procedures'] as Record<string, unknown>[])[0], 'chargeamount'), '77.5')
  assert.equal((changed['customfields'] as unknown[]).length, 2)
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['UpdateClaim', 'UpdateClaim'],
  )
  // An empty amount is none: it takes nothing away.
  const emptied = [{ PROCEDURECODE: line?.['procedurecode'], ALLOWABLE: '' }]
  assert.equal(api.call(`PUT ${path}`, form({ claimcharges: emptied })).status, 400)
  const [transaction] = api.rows(`GET ${path}/claimtransactions`)
  assert.equal(transaction?.['amount'], '77.5')
  assert.equal(api.call(`POST ${path}/note`).status, 400)
  for (const claimnote of ['first', 'second']) {
    assert.deepEqual(api.record(`POST ${path}/note`, form({ claimnote })), { success: true, errormessage: '' })
  }
  const notes = api.rows(`GET ${path}/claimnotes`).filter(({ type }) => type === 'NOTE')
  assert.deepEqual(
    notes.map(({ note }) => note),
    ['first', 'second'],
  )
})

test("a patient's claims are outstanding until the patient's part is closed", () => {
  const api = practiceApi()
  const statusOfPatient = (claim: Record<string, unknown>): unknown =>
    valueOf(claim['patientpayer'] as Record<string, unknown>, 'status')
  for (const claim of claims(api).slice(0, 60)) {
    const path = `/patients/${claim['patientid']}/claims`
    const ids = (name: string): unknown[] => api.rows(`GET ${path}/${name}`).map(({ claimid }) => claimid)
    const closed = statusOfPatient(claim) === 'CLOSED'
    assert.equal(ids('patientclosed').includes(claim['claimid']), closed)
    assert.equal(ids('patientoutstanding').includes(claim['claimid']), !closed)
    assert.equal(ids('patientoutstandingdetailed').includes(claim['claimid']), statusOfPatient(claim) === 'BILLED')
  }
})

test('a merge gives the claims to the survivor, and the feed tells of each', () => {
  const api = practiceApi()
  const [claim = {}, other = {}] = claims(api)
  const [from, into] = [claim['patientid'], other['patientid']]
  const insurer = claim['primaryinsurancepayer']
  const moving = claims(api, `&patientid=${from}`).map(({ claimid }) => claimid)
  const filed = api.record(
    'POST /claims',
    form({
      departmentid: claim['departmentid'],
      patientid: from,
      supervisingproviderid: claim['billedproviderid'],
      claimcharges: [lineOf('99213')],
    }),
  )
  moving.push(String(filed['claimids']))
  api.events.length = 0
  applyChange(api.practice, { kind: 'mergepatients', from: String(from), into: String(into) })
  const told = api.events.filter(({ feed }) => feed === 'claims')
  assert.deepEqual(
    told.map(({ id, name }) => [id, name]),
    moving.map((id) => [id, 'UpdateClaim']),
  )
  const now = claims(api, `&patientid=${into}`)
  assert.ok(moving.every((id) => now.some(({ claimid }) => claimid === id)))
  assert.deepEqual(claims(api, `&patientid=${from}`), now, 'the merged id means the survivor')
  const moved = api.record(`GET /claims/${claim['claimid']}`)
  assert.deepEqual([moved['patientid'], moved['primaryinsurancepayer']], [into, insurer], 'the insurer stays')
})

test('the claims of a hidden patient are as if not there for who does not ignore restrictions', () => {
  const api = practiceApi({ patients: 1500, traits: { restrictions: 'hidden' } })
  const { patients } = stateOf(api.practice)
  const all = claims(api, '&ignorerestrictions=true')
  const hidden = all.filter(({ patientid }) => patients.restricted.get(Number(patientid)) === 1)
  assert.ok(hidden.length > 0)
  assert.equal(claims(api).length, all.length - hidden.length)
  const { claimid, patientid } = hidden[0] ?? {}
  for (const path of [
    `/claims/${claimid}`,
    `/claims/${claimid}/claimnotes`,
    `/patients/${patientid}/claims/patientclosed`,
  ]) {
    assert.equal(api.call(`GET ${path}`).status, 404)
    assert.equal(api.call(`GET ${path}?ignorerestrictions=true`).status, 200)
  }
  const sees = api.practice.sees?.('claims', { ignoreRestrictions: false, confidentialityCodes: undefined })
  assert.equal(sees?.(String(claimid)), false)
})
