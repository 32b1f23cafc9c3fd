/*
 * The endpoints with state were written one by one; the contract was made from the documents at once. What the documents
 * require, and of which kind it must be, the endpoints must want too.
 */
import assert from 'node:assert/strict'
import { before, after, test } from 'node:test'
import { firstIds, isFormMethod, sampleRequest } from '../../testing/sample-request.ts'
import { callerOf, noon, type Called } from '../../testing/tiny-simulator.ts'
import { startSimulator, type Simulator } from '../index.ts'
import { endpointContract } from './contract.ts'
import type { ContractParameter, EndpointContract } from './endpoint-contract.ts'

type Fields = Readonly<Record<string, string>>

/** What a request needs beside what is required, to get as far as the field in question. */
const alsoSent: Readonly<Record<string, Fields>> = {
  'POST /appointments/open': { appointmenttypeid: '2', appointmenttime: '10:00' },
  'PUT /appointments/{appointmentid}': { appointmenttypeid: '2' },
  'PUT /appointments/{appointmentid}/mspq': { mspinsurancetypeid: '12' },
  'POST /appointments/{appointmentid}/chargeentrynotrequired': { chargeentrynotrequiredreason: 'NOCHARGE' },
  'POST /referringproviders': { entitytype: 'PERSON' },
  'POST /patients/{patientid}/insurances': { sequencenumber: '1' },
  'PUT /patients/{patientid}/insurances': { sequencenumber: '1' },
  'PUT /patients/{patientid}/insurances/{insuranceid}': { sequencenumber: '1' },
  'POST /patients': { zip: '02472' },
}

const badDob = (answer: Called): boolean => answer.body.error === ('Improper DOB.' as unknown)
const inPlace = (answer: Called): boolean => /^"Invalid [A-Z]+ input"$/.test(answer.text)

/** Parameters that the simulator has no use for, and does not look at. */
const notRead: ReadonlySet<string> = new Set([
  'GET /patients/{patientid}/claims/patientoutstandingdetailed communicatorbrandid',
])

/** Endpoints that say it in words of their own. */
const ownWords: Readonly<Record<string, (answer: Called) => boolean>> = {
  'POST /patients dob': badDob,
  'PUT /patients/{patientid} dob': badDob,
  ...Object.fromEntries(
    ['appointmenttypeid', 'departmentid', 'providerid', 'schedulingproviderid', 'supervisingproviderid'].map((name) => [
      `PUT /appointments/booked/{appointmentid} ${name}`,
      inPlace,
    ]),
  ),
}

let simulator: Simulator
let ids: Fields

before(async () => {
  const practices = [{ id: 195900, patients: 30 }]
  simulator = await startSimulator({ practices, startAt: noon, speed: 0, limits: 'off' })
  const first = firstIds((kind) => simulator.truth.records(195900, kind))
  ids = { ...first, newappointmentid: first.appointmentid ?? '' }
  await prepare()
})
after(() => simulator.stop())

/** Makes what must be there before anything else is looked at: subscriptions, and an entry of the waitlist. */
async function prepare(): Promise<void> {
  const { call } = callerOf(simulator)
  const make = async (path: string, form: Fields) => {
    const answer = await call(`/v1/195900${path}`, { method: 'POST', form: String(new URLSearchParams(form)) })
    assert.equal(answer.status, 200, answer.text)
    return answer
  }
  const feeds = simulator.truth
    .endpoints()
    .filter(({ basis, endpoint }) => basis === 'stateful' && isSubscribing(endpoint))
  for (const { endpoint } of feeds) await make(pathOf(endpoint), {})
  const { patientid = '', departmentid = '' } = ids
  const { body } = await make('/appointments/waitlist', { patientid, departmentid })
  const first = async (path: string, key: string, id: string) => {
    const answer = await call(`/v1/195900${path}`)
    assert.equal(answer.status, 200, answer.text)
    return String(answer.body[key]?.['0']?.[id])
  }
  const insurances = `/patients/${patientid}/insurances`
  await call(`/v1/195900${insurances}`, { method: 'POST', form: 'insurancepackageid=0&sequencenumber=1' })
  ids = {
    ...ids,
    insuranceid: await first(insurances, 'insurances', 'insuranceid'),
    waitlistid: String(body.waitlistid),
    claimid: await first('/claims?createdstartdate=12/01/2025&createdenddate=01/05/2026', 'claims', 'claimid'),
    referringproviderid: await first('/referringproviders', 'referringproviders', 'referringproviderid'),
    supervisingproviderid: ids.providerid ?? '',
  }
  simulator.clock.advance(15 * 60_000)
}

const isSubscribing = (endpoint: string): boolean => /^POST .*\/subscription$/.test(endpoint)
const pathOf = (endpoint: string): string => endpoint.replace(/^\w+ \/v1\/\{practiceid\}/, '')

test('every endpoint with state is documented', () => {
  assert.deepEqual(
    statefulEndpoints().filter(({ contract }) => contract === undefined),
    [],
  )
})

test('what is required and left out is named in the answer', async () => {
  const wrong = await answersTo(
    ({ place, required }) => place !== 'path' && required,
    (fields, { name }) => fields.delete(name),
    ({ status, body }, { name }) => status === 400 && namesOf(body.missingfields).includes(name.toLowerCase()),
  )
  assert.deepEqual(wrong, [])
})

test('a text where a number belongs is refused', async () => {
  const wrong = await answersTo(
    ({ type }) => type === 'integer',
    (fields, { name, place }) => place !== 'path' && fields.set(name, 'abc'),
    isRefused('type integer'),
  )
  assert.deepEqual(wrong, [])
})

test('what is no date where a date belongs is refused', async () => {
  const wrong = await answersTo(
    ({ type, name }) => type === 'text' && /date$|^dob$/.test(name),
    (fields, { name }) => fields.set(name, 'abc'),
    isRefused('format date(time)?'),
  )
  assert.deepEqual(wrong, [])
})

test('pages have as many rows as documented: by default, and at most', async () => {
  const { call } = callerOf(simulator)
  const wrong: string[] = []
  for (const { contract } of statefulEndpoints()) {
    if (contract?.limits === undefined) continue
    const { path, fields } = sampleRequest(contract, ids)
    // Behind all rows the link to the page before tells how long a page is.
    const stepBack = async (limit: string) => {
      const { body } = await call(`/v1/195900${path}?${fields}&offset=20000${limit}`)
      return 20_000 - Number(/offset=(\d+)/.exec(String(body.previous))?.[1])
    }
    const { defaultLimit, maxLimit } = contract.limits
    const found = [await stepBack(''), await stepBack('&limit=10000')]
    if (found[0] !== defaultLimit || found[1] !== maxLimit) wrong.push(`${contract.name}: ${found.join(', at most ')}`)
  }
  assert.deepEqual(wrong, [])
})

function isRefused(expected: string) {
  const words = new RegExp(`Expecting ${expected}, but value is abc`)
  return (answer: Called, { name }: ContractParameter, endpoint: string): boolean =>
    ownWords[`${endpoint} ${name}`]?.(answer) ?? (answer.status === 400 && words.test(answer.text))
}

function namesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function statefulEndpoints() {
  return simulator.truth
    .endpoints()
    .filter(({ basis }) => basis === 'stateful')
    .map(({ endpoint }) => {
      const [method = ''] = endpoint.split(' ')
      return { endpoint, contract: endpointContract({ method, path: pathOf(endpoint) }) }
    })
}

type Spoil = (fields: URLSearchParams, parameter: ContractParameter) => unknown
type Judge = (answer: Called, parameter: ContractParameter, endpoint: string) => boolean

/** Sends a request with each of some parameters spoilt, and lists the answers that are not as they should be. */
async function answersTo(
  isMeant: (parameter: ContractParameter) => boolean,
  spoil: Spoil,
  isRight: Judge,
): Promise<string[]> {
  const wrong: string[] = []
  for (const { contract } of statefulEndpoints()) {
    for (const parameter of contract?.parameters.filter(isMeant) ?? []) {
      if (contract === undefined) continue
      if (notRead.has(`${contract.name} ${parameter.name}`)) continue
      const answer = await send(contract, parameter, spoil)
      if (!isRight(answer, parameter, contract.name))
        wrong.push(`${contract.name} ${parameter.name}: ${answer.status} ${answer.text}`)
    }
  }
  return wrong
}

function send(contract: EndpointContract, parameter: ContractParameter, spoil: Spoil): Promise<Called> {
  const { method, fields, path } = sampleRequest(
    contract,
    parameter.place === 'path' ? { ...ids, [parameter.name]: 'abc' } : ids,
  )
  for (const [name, value] of Object.entries(alsoSent[contract.name] ?? {})) fields.set(name, value)
  spoil(fields, parameter)
  const isForm = isFormMethod(method)
  const target = `/v1/195900${path}${isForm ? '' : `?${fields}`}`
  return callerOf(simulator).call(target, isForm ? { method, form: String(fields) } : { method })
}
