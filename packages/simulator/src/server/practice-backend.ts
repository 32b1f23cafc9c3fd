import type { Practice } from '../practice/practice.ts'
import { ReplyError, type Reply, type Route, type RouteContext } from '../route.ts'
import type { Encoding, RegisteredApp } from '../tokens/apps.ts'
import { formOf, type Answer } from './answer.ts'
import type { Backend, Call } from './backend.ts'
import { unroutedAnswer } from './gateway.ts'
import { parseInput } from './input.ts'
import { badAuth, invalidPractice } from './reply.ts'
import type { Match, Router } from './router.ts'

/** The practice every app may name to list its own practices (recorded: `GET /v1/1/practiceinfo`). */
const directoryPractice = 1
const directoryRoute = '/practiceinfo'

export interface PracticeBackendDeps {
  readonly practices: ReadonlyMap<number, Practice>
  readonly router: Router
  /** Called before a request that may change something is handled. */
  readonly onWrite?: (call: Call, resource: string) => void
  /** Called when a handler fails by a defect of the simulator; the caller gets a 500. */
  readonly onDefect: (error: unknown) => void
}

type Found = Pick<RouteContext, 'practice' | 'reachable'>

/** Serves simulated practices. Checks in this order: the practice exists, the app may use it, the path is served. */
export function practiceBackend(deps: PracticeBackendDeps): Backend {
  const reachable = new Map<RegisteredApp, readonly Practice[]>()
  const reachableBy = (app: RegisteredApp) => {
    let known = reachable.get(app)
    if (known === undefined) {
      known = [...deps.practices.values()].filter(({ id }) => app.practices?.has(id) ?? true)
      reachable.set(app, known)
    }
    return known
  }
  const findPractice = ({ app, practiceId }: Call, route: Route | undefined): Found | Reply => {
    const practice = deps.practices.get(practiceId)
    const isDirectory = practiceId === directoryPractice && route?.path === directoryRoute
    if (practice === undefined && !isDirectory) return invalidPractice()
    const reachable = reachableBy(app)
    const served = practice ?? reachable[0]
    if (served === undefined || !reachable.includes(served)) return badAuth()
    return { practice: served, reachable }
  }
  return {
    find(arrival, resource) {
      const match = deps.router.match(arrival.method, resource)
      return {
        route: match && `/v1/{practiceid}${match.route.path}`,
        answer(call) {
          const found = findPractice(call, match?.route)
          if ('status' in found) return encodeReply(found, call.app.encoding)
          if (match === undefined) return unroutedAnswer()
          if (match.route.method !== 'GET') deps.onWrite?.(call, resource)
          return encodeReply(handle(deps, match.route, contextOf(call, match, found)), call.app.encoding)
        },
      }
    },
  }
}

function contextOf({ arrival, app, now }: Call, match: Match, found: Found): RouteContext {
  return {
    practice: found.practice,
    reachable: found.reachable,
    app,
    input: parseInput(arrival.query, arrival.body === '' ? '' : formOf(arrival)),
    url: arrival.path,
    path: match.path,
    now,
  }
}

function handle(deps: PracticeBackendDeps, route: Route, context: RouteContext): Reply {
  try {
    return route.handle(context)
  } catch (error) {
    if (error instanceof ReplyError) return error.reply
    deps.onDefect(error)
    return { status: 500, body: { error: 'The request could not be processed.' } }
  }
}

/** A reply in the app's encoding, with the headers recorded on athenahealth's answers. */
export function encodeReply({ status, body }: Reply, encoding: Encoding): Answer {
  return {
    status,
    headers: status < 400 ? successHeaders : errorHeaders,
    body: encoding === 'typed' ? JSON.stringify(body) : JSON.stringify(body, stringify),
  }
}

function stringify(_name: string, value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

const successHeaders = [
  'Cache-Control',
  'no-cache, no-store',
  'Content-Type',
  'application/json; charset=UTF-8',
  'Expires',
  'Mon, 06 Jan 1975 16:00:00 GMT',
  'Pragma',
  'No-cache',
]
const errorHeaders = ['Content-Type', 'application/json', 'Pragma', 'No-cache']
