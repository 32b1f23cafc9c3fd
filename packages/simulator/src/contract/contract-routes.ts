/**
 * Endpoints that keep no state: what a request must have is checked by athenahealth's documents, and the answer has the
 * recorded fields with invented values. Where nothing was recorded, the smallest likely answer is given.
 */
import { pathAppointment, pathNumber, pathPatient } from '../endpoints/request-fields.ts'
import { stateOf } from '../practice/create-practice.ts'
import { departmentById, providerById } from '../practice/practice-state.ts'
import { ReplyError, type Basis, type Input, type Reply, type Route, type RouteContext } from '../route.ts'
import { invalid, invalidEnum, list, missingFields, notFound, ok, success } from '../server/reply.ts'
import { endpointContract, endpointHeads } from './contract.ts'
import { shapeOf, type ContractParameter, type EndpointContract, type EndpointHead } from './endpoint-contract.ts'
import { sampleRecord } from './sample-record.ts'

/** A route for every endpoint of the contract that none of `served` answers. */
export function contractRoutes(served: readonly Route[]): readonly Route[] {
  const known = new Set(served.map(shapeOf))
  return endpointHeads()
    .filter((head) => !known.has(head.shape))
    .map((head) => ({
      method: head.method,
      path: head.path,
      basis: basisOf(head),
      handle: (context) => answerByContract(head, context),
    }))
}

/** What nobody recorded, as a public client reads it: a record without anything in it. */
const readByClients: Readonly<Record<string, unknown>> = {
  'GET /encounter/{encounterid}/services': [{ count: 0, note: '', procedures: [] }],
}

const isSubscription = (path: string): boolean => /\/subscription(\/events)?$/.test(path)

/** Writes answer success on nearly every recording, and subscriptions are alike for all feeds; no list is like another. */
function basisOf({ source, name, method, path, key }: EndpointHead): Basis {
  if (source === 'recorded') return 'recorded'
  if (name in readByClients) return 'inferred'
  return method !== 'GET' || key !== undefined || isSubscription(path) ? 'inferred' : 'unknown'
}

function answerByContract(head: EndpointHead, context: RouteContext): Reply {
  const contract = endpointContract(head)
  if (contract === undefined) throw new RangeError(`${head.name} is not in the contract`)
  checkPath(context)
  checkParameters(contract, context.input)
  // What is subscribed to is state, so none is invented; that there may be none is recorded too.
  const hasState = head.method === 'GET' && head.path.endsWith('/subscription')
  return contract.source === 'recorded' && !hasState
    ? recordedAnswer(contract, context)
    : likelyAnswer(contract, context)
}

/** 404 for a record of the practice that a path names and that is not there. */
function checkPath(context: RouteContext): void {
  const { path, practice } = context
  if (path.patientid !== undefined) pathPatient(context)
  if (path.appointmentid !== undefined) pathAppointment(context)
  const state = stateOf(practice)
  const isThere =
    (path.departmentid === undefined || departmentById(state, pathNumber(context, 'departmentid')) !== undefined) &&
    (path.providerid === undefined || providerById(state, pathNumber(context, 'providerid')) !== undefined)
  if (!isThere) throw new ReplyError(notFound())
}

/** Refuses what lacks a required field or holds a value of the wrong kind, in the recorded words. */
function checkParameters({ parameters }: EndpointContract, input: Input): void {
  const sent = parameters.filter(({ place }) => place !== 'path')
  const missing = sent.filter(({ required, name }) => required && input.text(name.toLowerCase()) === undefined)
  if (missing.length > 0) throw new ReplyError(missingFields(missing.map(({ name }) => name)))
  for (const parameter of sent) checkValue(parameter, input)
}

function checkValue({ name, type, values }: ContractParameter, input: Input): void {
  const key = name.toLowerCase()
  if (type === 'integer') input.integer(key)
  const text = input.text(key)
  if (text === undefined) return
  if (type === 'number' && !Number.isFinite(Number(text))) throw new ReplyError(invalid('number', text))
  if (type === 'text' && values.length > 0 && !values.includes(text)) throw new ReplyError(invalidEnum(name, text))
}

function recordedAnswer(contract: EndpointContract, context: RouteContext): Reply {
  const { seed } = stateOf(context.practice)
  const record = sampleRecord(contract, { seed, path: context.path, now: context.now })
  const { key, wrapping, limits, around } = contract
  if (wrapping === 'array') return ok([record])
  if (wrapping !== 'envelope' || key === undefined) return ok(record)
  if (around.includes('totalcount')) return list(context, { key, items: [record], ...limits })
  return ok({ [key]: [record] })
}

/** Nothing was recorded: an empty list under the path's last name, or success (both inferred). */
function likelyAnswer({ name, method, path, key, limits }: EndpointContract, context: RouteContext): Reply {
  if (name in readByClients) return ok(readByClients[name])
  if (method !== 'GET') return success()
  if (path.endsWith('/subscription')) return ok({ status: 'INACTIVE', subscriptions: [] })
  if (path.endsWith('/subscription/events')) return ok({ subscriptions: [] })
  // The array of one that athenahealth sends for a single record, without the record: none of its fields is known.
  if (path.endsWith('}')) return ok([])
  const lastName = path.split('/').findLast((segment) => !segment.startsWith('{'))
  return list(context, { key: key ?? lastName ?? 'records', items: [], ...limits })
}
