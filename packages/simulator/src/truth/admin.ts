import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { FaultControl } from '../faults/fault-book.ts'
import { jsonAnswer, type Answer, type Arrival } from '../server/answer.ts'
import { parseInput } from '../server/input.ts'
import { appHandlers, type AppControl } from './admin-apps.ts'
import { faultHandlers } from './admin-faults.ts'
import { AdminError, bodyOf, numberOf, refuseUnknown } from './admin-request.ts'
import type { RecordKind } from '../practice/practice.ts'
import { recordKinds, type Since, type Truth } from './truth.ts'

/** Starts and stops the practices' days. */
export interface Days {
  readonly running: boolean
  pause(): void
  resume(): void
}

export interface AdminDeps {
  readonly clock: VirtualClock
  readonly truth: Truth
  readonly days: Days
  readonly apps: AppControl
  readonly faults: FaultControl
  /** Bearer token that opens the administration; none when undefined. */
  readonly token: string | undefined
}

export const adminPrefix = '/__sim/'

type Handler = (deps: AdminDeps, arrival: Arrival) => Answer

const handlers: Readonly<Record<string, Handler>> = {
  'GET clock': (deps) => clockAnswer(deps),
  'POST clock': setClock,
  'GET requests': ({ truth }, arrival) => jsonAnswer(200, truth.requests(sinceOf(arrival))),
  'GET endpoints': ({ truth }) => jsonAnswer(200, { endpoints: truth.endpoints() }),
  'GET pages': ({ truth }, arrival) => jsonAnswer(200, truth.pages(sinceOf(arrival))),
  'GET windows': ({ truth }) => jsonAnswer(200, truth.windows()),
  'GET writes': ({ truth }, arrival) => jsonAnswer(200, truth.writes(sinceOf(arrival))),
  'GET changes': changesAnswer,
  'GET defects': ({ truth }) => jsonAnswer(200, { defects: truth.defects() }),
  'POST changes': postChange,
  'GET day': ({ days }) => jsonAnswer(200, { running: days.running }),
  'POST day': setDay,
  'POST revoke': revoke,
  ...appHandlers,
  ...faultHandlers,
}

/** Answers a request under `/__sim/`: JSON in and out, errors as `{"error": "what to do"}`. */
export function answerAdmin(deps: AdminDeps, arrival: Arrival): Answer {
  if (deps.token !== undefined && arrival.authorization !== `Bearer ${deps.token}`) {
    return jsonAnswer(401, { error: 'send the admin token as "Authorization: Bearer …"' }, [
      'WWW-Authenticate',
      'Bearer',
    ])
  }
  const resource = arrival.path.slice(adminPrefix.length)
  const isState = arrival.method === 'GET' && resource.startsWith('state/')
  const handler = isState ? stateAnswer : handlers[`${arrival.method} ${resource}`]
  try {
    if (handler !== undefined) return handler(deps, arrival)
    const known = [...Object.keys(handlers), 'GET state/{practice}/{kind}']
    throw new AdminError(404, `there is no ${arrival.method} ${resource} but ${known.join(', ')}`)
  } catch (error) {
    if (error instanceof AdminError) return jsonAnswer(error.status, { error: error.message })
    if (error instanceof RangeError || error instanceof TypeError) return jsonAnswer(400, { error: error.message })
    throw error
  }
}

function clockAnswer({ clock }: AdminDeps): Answer {
  clock.catchUp()
  const now = clock.now()
  return jsonAnswer(200, { now, iso: new Date(now).toISOString(), speed: clock.speed })
}

function setClock(deps: AdminDeps, arrival: Arrival): Answer {
  const { advanceMs, jumpTo, speed, ...rest } = bodyOf(arrival)
  refuseUnknown(rest, 'advanceMs, jumpTo or speed')
  if (jumpTo !== undefined && advanceMs !== undefined) throw new AdminError(400, 'give advanceMs or jumpTo, not both')
  // Only moving the time can still be refused after this, and comes first: a refused request changes nothing.
  const factor = speed === undefined ? undefined : numberOf('speed', speed)
  if (jumpTo !== undefined)
    deps.clock.jumpTo(typeof jumpTo === 'string' ? Date.parse(jumpTo) : numberOf('jumpTo', jumpTo))
  if (advanceMs !== undefined) deps.clock.advance(numberOf('advanceMs', advanceMs))
  if (factor !== undefined) deps.clock.setSpeed(factor)
  return clockAnswer(deps)
}

function postChange({ truth }: AdminDeps, arrival: Arrival): Answer {
  const { practice, changes, change, ...rest } = bodyOf(arrival)
  refuseUnknown(rest, 'practice and change, or practice and changes')
  const wanted: readonly unknown[] = Array.isArray(changes) ? changes : change === undefined ? [] : [change]
  if (wanted.length === 0) throw new AdminError(400, 'give "change", or "changes" as an array of at least one')
  const id = numberOf('practice', practice)
  return jsonAnswer(200, { results: wanted.map((one) => truth.change(id, one) ?? null) })
}

/** What changed in a practice since a mark, which every answer brings for the next time. */
function changesAnswer({ truth }: AdminDeps, { query }: Arrival): Answer {
  const input = parseInput(query)
  const practice = numberOf('practice', Number(input.text('practice') ?? Number.NaN))
  return jsonAnswer(200, truth.changes(practice, numberOf('since', Number(input.text('since') ?? 0))))
}

function setDay({ days }: AdminDeps, arrival: Arrival): Answer {
  const { action, ...rest } = bodyOf(arrival)
  refuseUnknown(rest, 'action')
  if (action === 'pause') days.pause()
  else if (action === 'resume') days.resume()
  else throw new AdminError(400, 'give {"action": "pause"} or {"action": "resume"}')
  return jsonAnswer(200, { running: days.running })
}

function revoke({ truth }: AdminDeps, arrival: Arrival): Answer {
  const { clientId, ...rest } = bodyOf(arrival)
  refuseUnknown(rest, 'clientId, or {} for all')
  if (clientId !== undefined && typeof clientId !== 'string') throw new AdminError(400, 'clientId must be text')
  truth.revokeTokens(clientId)
  return jsonAnswer(200, {})
}

/** The state as pages of JSON, or with `format=ndjson` as one record a line, however many there are. */
function stateAnswer({ truth, clock }: AdminDeps, arrival: Arrival): Answer {
  const [, practice, ...name] = arrival.path.slice(adminPrefix.length).split('/')
  const kind = name.join('/')
  if (!isKind(kind)) throw new AdminError(404, `give state/{practice}/${recordKinds.join('|')}`)
  const records = truth.records(numberOf('practice', Number(practice)), kind)
  const input = parseInput(arrival.query)
  if (input.text('format') === 'ndjson') {
    return { status: 200, headers: ['Content-Type', 'application/x-ndjson'], body: lines(records) }
  }
  const offset = numberOf('offset', Number(input.text('offset') ?? 0))
  const limit = numberOf('limit', Number(input.text('limit') ?? 1000))
  const page: unknown[] = []
  let totalcount = 0
  for (const record of records) {
    if (totalcount >= offset && page.length < limit) page.push(record)
    totalcount += 1
  }
  const more = offset + limit < totalcount ? { next: `${arrival.path}?offset=${offset + limit}&limit=${limit}` } : {}
  return jsonAnswer(200, { now: clock.now(), kind, totalcount, records: page, ...more })
}

/** Records in pieces of some hundred lines: fewer writes than lines, and little memory. */
function* lines(records: Iterable<unknown>): Iterable<string> {
  let piece: string[] = []
  for (const record of records) {
    piece.push(JSON.stringify(record))
    if (piece.length < 200) continue
    yield `${piece.join('\n')}\n`
    piece = []
  }
  if (piece.length > 0) yield `${piece.join('\n')}\n`
}

function isKind(kind: string): kind is RecordKind {
  return recordKinds.some((known) => known === kind)
}

function sinceOf({ query }: Arrival): Since {
  const input = parseInput(query)
  return {
    since: numberOf('since', Number(input.text('since') ?? 0)),
    limit: numberOf('limit', Number(input.text('limit') ?? 1000)),
  }
}
