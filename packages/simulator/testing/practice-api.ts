/** A small practice and its API without a socket: routes are called as the server would call them. */
import { routes } from '../src/endpoints/routes.ts'
import { createPractice } from '../src/practice/create-practice.ts'
import type { Practice, PracticeEvent } from '../src/practice/practice.ts'
import type { PracticeTraits } from '../src/practice/practice-traits.ts'
import type { SchedulingRules } from '../src/practice/scheduling-rules.ts'
import { ReplyError, type Reply, type Route } from '../src/route.ts'
import { parseInput } from '../src/server/input.ts'

/** Monday 23 November 2026, 10:00 in New York. */
export const monday = Date.UTC(2026, 10, 23, 15)

export interface PracticeApi {
  readonly practice: Practice
  readonly events: PracticeEvent[]
  /** Virtual time, epoch ms: set it to move on. */
  readonly clock: { now: number }
  /** Calls `METHOD /path?query` with an optional form; the path is what follows `/v1/{practiceid}`. */
  call(request: string, form?: string): Reply
  /** Calls and answers the body's only or first element, or the body itself when it is no array. */
  record(request: string, form?: string): Record<string, unknown>
  /** Calls and answers the array under the body's only list. */
  rows(request: string): Record<string, unknown>[]
}

export interface ApiOptions {
  readonly seed?: number
  readonly patients?: number
  readonly now?: number
  /** Restricted patients are shown unless this says otherwise: most tests are about other things. */
  readonly traits?: Partial<PracticeTraits>
  readonly scheduling?: Partial<SchedulingRules>
}

export function practiceApi(options: ApiOptions = {}): PracticeApi {
  const { seed = 7, patients = 300, now = monday, traits, scheduling = {} } = options
  const clock = { now }
  const practice = createPractice({
    id: 195900,
    seed,
    patients,
    now: () => clock.now,
    scheduling,
    traits: { restrictions: 'filtered', ...traits },
  })
  const api: PracticeApi = {
    practice,
    events: [],
    clock,
    call: (request, form = '') => callRoute(api, request, form),
    record: (request, form) => recordOf(callRoute(api, request, form ?? '').body),
    rows: (request) => rowsOf(callRoute(api, request, '').body),
  }
  practice.onEvent((event) => api.events.push(event))
  return api
}

function recordOf(body: unknown): Record<string, unknown> {
  const value: unknown = Array.isArray(body) ? body[0] : body
  if (typeof value !== 'object' || value === null) throw new TypeError(`no record in ${JSON.stringify(body)}`)
  // An object of parsed JSON has string keys.
  return value as Record<string, unknown>
}

function rowsOf(body: unknown): Record<string, unknown>[] {
  if (Array.isArray(body)) return body.map(recordOf)
  const list = Object.values(recordOf(body)).find((value) => Array.isArray(value))
  if (!Array.isArray(list)) throw new TypeError(`no list in ${JSON.stringify(body)}`)
  return list.map(recordOf)
}

function callRoute(api: PracticeApi, request: string, form: string): Reply {
  const [method = '', target = ''] = request.split(' ')
  const [path = '', query = ''] = target.split('?')
  for (const route of bySpecificity()) {
    const params = route.method === method ? matchPath(route.path, path) : undefined
    if (params === undefined) continue
    try {
      const reply = route.handle({
        practice: api.practice,
        reachable: [api.practice],
        app: { clientId: 'demo-client' },
        input: parseInput(query, form),
        url: `/v1/${api.practice.id}${path}`,
        path: params,
        now: api.clock.now,
      })
      if (reply.content !== undefined) return reply
      // What the wire would carry: absent instead of undefined, and nothing shared with the practice's state.
      return { status: reply.status, body: JSON.parse(JSON.stringify(reply.body)) }
    } catch (error) {
      if (error instanceof ReplyError) return error.reply
      throw error
    }
  }
  throw new RangeError(`no route for ${request}`)
}

/** Literal segments win over parameters, as in the server's router. */
function bySpecificity(): readonly Route[] {
  const parameters = (route: Route): number => route.path.split('{').length
  return routes.toSorted((a, b) => parameters(a) - parameters(b))
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith('{')) params[part.slice(1, -1)] = value
    else if (part !== value) return undefined
  }
  return params
}
