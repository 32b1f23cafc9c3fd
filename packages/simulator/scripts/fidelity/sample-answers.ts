/*
 * What the endpoints with state really answer, and which parameters they look at: found by calling all of them in a small
 * practice, with what is required and with everything that shows more.
 */
import { markFields, type FieldMark } from '../../src/contract/field-marks.ts'
import { endpointContract } from '../../src/contract/contract.ts'
import { shapeOf, type EndpointContract } from '../../src/contract/endpoint-contract.ts'
import { routes } from '../../src/endpoints/routes.ts'
import { feedTable } from '../../src/feeds/feed-table.ts'
import { Feeds } from '../../src/feeds/feeds.ts'
import { createPractice } from '../../src/practice/create-practice.ts'
import { applyChange } from '../../src/practice/apply-change.ts'
import { patientWriteFields } from '../../src/practice/patient-write-fields.ts'
import type { Practice, RecordKind } from '../../src/practice/practice.ts'
import { ReplyError, type Reply, type Route } from '../../src/route.ts'
import { parseInput } from '../../src/server/input.ts'
import { Router } from '../../src/server/router.ts'
import { encodingRoutes } from '../../src/tokens/encoding-routes.ts'
import { firstIds, sampleRequest } from '../../testing/sample-request.ts'
import { recordingInput, type Asked } from './recording-input.ts'
import type { Stop } from './stop.ts'
import { tour } from './tour.ts'

/** What was seen of one endpoint. */
export interface Sample {
  /** Names in the answers. */
  readonly sent: Readonly<Record<FieldMark, Set<string>>>
  readonly asked: Asked
  /** Answers that were no refusal. */
  answered: number
}

/** Most records of a kind that an endpoint is read for. */
const variantsMost = 40

const kinds = {
  patientid: 'patients',
  appointmentid: 'appointments',
  providerid: 'providers',
  departmentid: 'departments',
} as const
const variedNames = ['patientid', 'appointmentid', 'providerid', 'departmentid'] as const

/** Monday 23 November 2026, 10:00 in New York. */
const monday = Date.UTC(2026, 10, 23, 15)
const quarterMs = 15 * 60_000

/** The routes of the endpoints with state. */
export function sampledRoutes(): readonly Route[] {
  return new SampledWorld().routes
}

/** The endpoints with state, by shape. */
export function sampleAnswers(): ReadonlyMap<string, Sample> {
  const world = new SampledWorld()
  for (const stop of tour) world.follow(stop)
  return world.samples
}

class SampledWorld {
  readonly samples = new Map<string, Sample>()
  readonly routes: readonly Route[]
  readonly #practice: Practice
  readonly #router: Router
  readonly #ids: Record<string, string>
  #now = monday

  constructor() {
    this.#practice = createPractice({ id: 195900, seed: 7, patients: 200, now: () => this.#now })
    const feeds = new Feeds({
      table: feedTable,
      activationLagMs: quarterMs,
      retentionMs: 16 * quarterMs,
      unreadRetentionMs: Infinity,
      fallBackHour: 'first',
      onPage: () => undefined,
    })
    feeds.attach(this.#practice)
    const encodings = encodingRoutes({ encodingOf: () => 'typed', setEncoding: () => undefined })
    this.routes = [...routes, ...feeds.routes(), ...encodings]
    this.#router = new Router(this.routes)
    const [prescriptionid = ''] = this.#practice.ids('prescriptions')
    const prescription = this.#practice.wireRecord('prescriptions', prescriptionid)
    this.#ids = {
      ...firstIds((kind) => this.#records(kind)),
      prescriptionid,
      prescribedto: String(prescription?.['patientid']),
    }
  }

  *#records(kind: RecordKind): Iterable<Record<string, unknown>> {
    for (const id of this.#practice.ids(kind)) {
      const record = this.#practice.wireRecord(kind, id)
      if (record !== undefined) yield record
    }
  }

  /** Makes a stop of the tour. */
  follow(stop: Stop): void {
    if (stop.request === 'later') this.#now += quarterMs
    else if (stop.change !== undefined) applyChange(this.#practice, stop.change, this.#now)
    else if (stop.request === 'read all') {
      for (const route of this.routes) if (route.method === 'GET') this.#sweep(route)
    } else this.#request(stop)
  }

  /** Throws when a request is refused: what follows would have nothing to stand on. */
  #request({ request, form = '', keep = {} }: Stop): void {
    const [method = '', target = ''] = this.#filled(request).split(' ')
    const [path = '', query = ''] = target.split('?')
    const { status, body } = this.#call({ method, path, query, form: this.#filled(form) })
    if (status !== 200) throw new Error(`the tour is refused at ${request}: ${JSON.stringify(body)}`)
    for (const [name, place] of Object.entries(keep)) this.#ids[name] = textAt(body, place)
  }

  /** Braces filled with ids, encoded or not. */
  #filled(text: string): string {
    return text.replaceAll(/(?:\{|%7B)(\w+)(?:\}|%7D)/g, (braces, name: string) => this.#ids[name] ?? braces)
  }

  /** Reads an endpoint plainly and with all that shows more, for each of the first patients and appointments. */
  #sweep(route: Route): void {
    const contract = endpointContract(route)
    if (contract === undefined) return
    for (const ids of this.#variants(route.path)) {
      const { path, fields } = sampleRequest(contract, ids)
      this.#call({ method: 'GET', path, query: String(fields), form: '' })
      for (const [name, value] of showing(contract)) fields.set(name, value)
      this.#call({ method: 'GET', path, query: String(fields), form: '' })
    }
  }

  /** Ids to read an endpoint with: those of the tour, and those of other records of the kind its path names. */
  #variants(path: string): Record<string, string>[] {
    if (path === '/patients/enhancedbestmatch')
      return [...this.#records('patients')].slice(0, variantsMost).map(personOf)
    const { newpatientid = '', slot2 = '', visitid = '' } = this.#ids
    const name = variedNames.find((varied) => path.includes(`{${varied}}`))
    if (name === undefined) return [this.#ids]
    const ofTour = { patientid: [newpatientid], appointmentid: [slot2, visitid], providerid: [], departmentid: [] }[
      name
    ]
    const others = [...this.#practice.ids(kinds[name])].slice(0, variantsMost)
    return [this.#ids, ...[...ofTour, ...others].map((id) => ({ ...this.#ids, [name]: id }))]
  }

  #call({ method, path, query, form }: { method: string; path: string; query: string; form: string }): Reply {
    const match = this.#router.match(method, path)
    if (match === undefined) throw new Error(`no route for ${method} ${path}`)
    const sample = this.#sampleOf(match.route)
    const context = {
      practice: this.#practice,
      reachable: [this.#practice],
      app: { clientId: 'demo-client' },
      input: recordingInput(parseInput(query, form), sample.asked),
      url: `/v1/${this.#practice.id}${path}`,
      path: match.path,
      now: this.#now,
    }
    const reply = answered(() => match.route.handle(context))
    // What is written of a patient is read by a table.
    if (sample.asked.has('*') && method !== 'GET' && path.startsWith('/patients'))
      for (const name of Object.keys(patientWriteFields)) sample.asked.add(name)
    if (reply.status === 200 && reply.content === undefined) note(sample, reply.body, endpointContract(match.route))
    return reply
  }

  #sampleOf(route: Route): Sample {
    const shape = shapeOf(route)
    const known = this.samples.get(shape)
    if (known !== undefined) return known
    const sent = { proven: new Set<string>(), inferred: new Set<string>(), unknown: new Set<string>() }
    const sample: Sample = { sent, asked: new Set(), answered: 0 }
    this.samples.set(shape, sample)
    return sample
  }
}

/** What a match is asked with. */
function personOf(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(['firstname', 'lastname', 'dob'].map((name) => [name, String(record[name])]))
}

const fieldMarks = ['proven', 'inferred', 'unknown'] as const

function note(sample: Sample, body: unknown, contract: EndpointContract | undefined): void {
  // What is undefined is not sent.
  const marks = markFields(JSON.parse(JSON.stringify(body)), contract)
  for (const mark of fieldMarks) for (const name of marks[mark]) sample.sent[mark].add(name)
  sample.answered += 1
}

/** The text at a place in a body. */
function textAt(body: unknown, place: readonly (string | number)[]): string {
  let value: unknown = JSON.parse(JSON.stringify(body))
  for (const name of place) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new Error(`nothing at ${place.join('.')} of ${JSON.stringify(body)}`)
}

function answered(handle: () => Reply): Reply {
  try {
    return handle()
  } catch (error) {
    if (error instanceof ReplyError) return error.reply
    throw error
  }
}

/** Flags that make an answer say more; some are documented as numbers or texts. */
function showing({ parameters }: EndpointContract): [name: string, value: string][] {
  return parameters.flatMap(({ name, type, required }): [string, string][] => {
    const saysMore = /^(show|include|full|provider|ignore)/.test(name)
    const isValue = type === 'integer' || type === 'array' || /(date|time|threshold)$/.test(name)
    return required || !saysMore || isValue ? [] : [[name, type === 'number' ? '1' : 'true']]
  })
}
