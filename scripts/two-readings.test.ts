/*
 * The client's catalogue and the simulator's contract are two readings of the same documents, made by two programs that
 * share nothing. Where they agree, a slip of one of them is unlikely; where they do not, the reason stands here.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogueEntry, CatalogueParam } from '../packages/client/src/catalogue/catalogue-entry.ts'
import { catalogue } from '../packages/client/src/catalogue/catalogue.ts'
import { endpointContract, endpointHeads } from '../packages/simulator/src/contract/contract.ts'
import type { ContractParameter, EndpointContract } from '../packages/simulator/src/contract/endpoint-contract.ts'

/** Something on which the two differ. */
interface Difference {
  readonly about: string
  readonly endpoint: string
  /** The parameter or field; empty for the endpoint itself. */
  readonly name: string
  readonly client: string
  readonly simulator: string
}

/** Why they may differ: every difference has exactly one reason, and each reason as many as are counted here. */
interface Reason {
  readonly why: string
  readonly count: number
  readonly covers: (difference: Difference) => boolean
}

const isSubscription = (endpoint: string): boolean => /\/subscription(\/events)?$/.test(endpoint)
const isFeed = (endpoint: string): boolean => /^GET .*\/(changed|signedoff)$/.test(endpoint)
const isWrite = (endpoint: string): boolean => /^(POST|PUT) /.test(endpoint)

/** What the client's makers know of single endpoints from elsewhere: its corrections. */
const corrected: ReadonlySet<string> = new Set([
  'PUT /appointments/booked/{appointmentid}',
  'GET /departments/{departmentid}/checkinrequired',
  'POST /appointments/{appointmentid}/notes',
  'GET /ping',
  'GET /patients/{patientid}/photo',
  'GET /patients/{patientid}/driverslicense',
  'POST /appointments/{appointmentid}/checkout',
  'POST /claims',
  'POST /chart/{patientid}/problems',
])

const reasons: readonly Reason[] = [
  {
    why: 'The client sends all of a write in its form; documents of ten years ago put some fields into the query.',
    count: 130,
    covers: ({ about, endpoint, client, simulator }) =>
      about === 'place' && client === 'form' && simulator === 'query' && isWrite(endpoint),
  },
  {
    why: 'The client offers limit and offset on every list, whether they are documented or not.',
    count: 354,
    covers: ({ about, name, simulator }) =>
      about === 'parameter' && simulator === '' && (name === 'limit' || name === 'offset'),
  },
  {
    why: 'True and false as the only values are a boolean to the client.',
    count: 202,
    covers: ({ about, client, simulator }) =>
      about === 'values' && client === '' && /^(true,false|false,true)$/.test(simulator),
  },
  {
    why: 'A single documented value is no list of values to the client: more are likely.',
    count: 6,
    covers: ({ about, client, simulator }) => about === 'values' && client === '' && !simulator.includes(','),
  },
  {
    why: 'The client reads subscriptions of all feeds alike; the simulator knows the recorded ones.',
    count: 174,
    covers: ({ about, endpoint, simulator }) =>
      isSubscription(endpoint) && simulator === '' && ['wrapping', 'key', 'field', 'around'].includes(about),
  },
  {
    why: 'The client takes feeds nobody recorded for lists like the others, with an id for their records.',
    count: 26,
    covers: ({ about, endpoint, simulator }) =>
      isFeed(endpoint) && simulator === '' && (about === 'wrapping' || about === 'field'),
  },
  {
    why: "The client's corrections know more of single endpoints.",
    count: 21,
    covers: ({ about, endpoint }) => corrected.has(endpoint) && about !== 'around' && !isParameter(about),
  },
  {
    why: 'Totals and links are on every list: the client does not name them again.',
    count: 75,
    covers: ({ about, name, client }) =>
      about === 'around' && client === '' && ['totalcount', 'next', 'previous'].includes(name),
  },
  {
    why: 'The client reads objects, and what was always null, as they come.',
    count: 29,
    covers: ({ about, client, simulator }) => about === 'field' && client === '' && /\b(object|null)\b/.test(simulator),
  },
]

const isParameter = (about: string): boolean => ['parameter', 'place', 'required', 'type', 'values'].includes(about)

/** Types of the client that each documented type may become: ids, dates, files and JSON travel as text. */
const fitting: Readonly<Record<string, readonly string[]>> = {
  integer: ['integer', 'id'],
  number: ['number', 'id'],
  boolean: ['boolean'],
  text: ['text', 'id', 'date', 'file', 'json', 'boolean'],
  array: ['id several', 'text several', 'json'],
}

const wrappings: Readonly<Record<CatalogueEntry['envelope'], string>> = {
  list: 'envelope',
  array: 'array',
  one: 'array',
  object: 'object',
  scalar: 'scalar',
  unknown: '',
}

test('both readings name the same 818 endpoints', () => {
  const client = catalogue().map(({ name }) => name)
  const simulator = endpointHeads().map(({ name }) => name)
  assert.equal(client.length, 818)
  assert.deepEqual(client.toSorted(), simulator.toSorted())
})

test('every difference between the two has its reason', () => {
  const differences = catalogue().flatMap(differencesOf)
  const unexplained = differences.filter((difference) => reasonsOf(difference).length !== 1)
  assert.deepEqual(unexplained, [])
  const counted = reasons.map(({ why, covers }) => ({ why, count: differences.filter(covers).length }))
  assert.deepEqual(
    counted,
    reasons.map(({ why, count }) => ({ why, count })),
  )
})

function reasonsOf(difference: Difference): readonly Reason[] {
  return reasons.filter(({ covers }) => covers(difference))
}

function differencesOf(entry: CatalogueEntry): Difference[] {
  const contract = endpointContract(entry)
  assert.ok(contract)
  return [...aboutEndpoint(entry, contract), ...aboutParameters(entry, contract), ...aboutFields(entry, contract)]
}

/** Compares texts by what they are about. */
function compare(endpoint: string, name: string, pairs: Readonly<Record<string, readonly [unknown, unknown]>>) {
  return Object.entries(pairs).flatMap(([about, pair]): Difference[] => {
    const [client = '', simulator = ''] = pair.map((value) => String(value ?? ''))
    return client === simulator ? [] : [{ about, endpoint, name, client, simulator }]
  })
}

function aboutEndpoint(entry: CatalogueEntry, contract: EndpointContract): Difference[] {
  const { paging } = entry
  return compare(entry.name, '', {
    area: [entry.area.replaceAll('-', ' '), contract.area],
    source: [entry.known, contract.source],
    beta: [entry.beta, contract.beta],
    intensive: [entry.intensive, contract.intensive],
    wrapping: [wrappings[entry.envelope], contract.wrapping],
    key: [entry.recordKey, contract.key],
    'default limit': [paging?.limitDefault, contract.limits?.defaultLimit],
    'largest limit': [paging?.limitMax, contract.limits?.maxLimit],
  })
}

function aboutParameters({ name: endpoint, params }: CatalogueEntry, { parameters }: EndpointContract): Difference[] {
  const known = new Map<string, readonly [CatalogueParam | undefined, ContractParameter | undefined]>()
  for (const param of params) known.set(param.name, [param, undefined])
  for (const parameter of parameters) known.set(parameter.name, [known.get(parameter.name)?.[0], parameter])
  return [...known].flatMap(([name, [client, simulator]]) => {
    if (client === undefined || simulator === undefined)
      return compare(endpoint, name, { parameter: [client?.name, simulator?.name] })
    const type = client.array ? `${client.type} several` : client.type
    const fits = fitting[simulator.type]?.includes(type) === true
    return compare(endpoint, name, {
      place: [client.place, simulator.place],
      required: [client.required, simulator.required],
      type: [type, fits ? type : simulator.type],
      values: [client.values?.join(','), simulator.values.join(',')],
    })
  })
}

function aboutFields(entry: CatalogueEntry, contract: EndpointContract): Difference[] {
  const pairs = (about: string, client: readonly string[], simulator: ReadonlyMap<string, string>) =>
    [...new Set([...client, ...simulator.keys()])].flatMap((name) => {
      const has = client.includes(name)
      if (has && simulator.has(name)) return []
      return compare(entry.name, name, { [about]: [has ? name : '', simulator.get(name)] })
    })
  const types = new Map([...contract.fields].map(([name, seen]) => [name, seen.join(' ')] as const))
  const around = new Map(contract.around.map((name) => [name, name] as const))
  return [...pairs('field', Object.keys(entry.fields), types), ...pairs('around', Object.keys(entry.around), around)]
}
