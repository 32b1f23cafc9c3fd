import type { Practice } from '../practice/practice.ts'
import { ReplyError, type Reply, type Route, type RouteContext } from '../route.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import type { Encoding } from '../tokens/app-options.ts'
import type { Answer } from './answer.ts'
import type { Backend, Call } from './backend.ts'
import { unroutedAnswer } from './gateway.ts'
import { inputOf } from './input.ts'
import { encodeQuirky, type Whims } from './quirky-body.ts'
import { badAuth, invalidPractice } from './reply.ts'
import type { Rollout } from './rollout.ts'
import type { Match, Router } from './router.ts'
import { inStringEra } from './string-era.ts'

/** The practice every app may name to list its own practices (recorded: `GET /v1/1/practiceinfo`). */
const directoryPractice = 1
const directoryRoute = '/practiceinfo'

export interface PracticeBackendDeps {
  readonly practices: ReadonlyMap<number, Practice>
  readonly router: Router
  /** Called before a request that may change something is handled. */
  readonly onWrite?: (call: Call, route: Route, resource: string) => void
  /** Called when such a request has been handled. */
  readonly onWritten?: (call: Call, route: Route, reply: Reply) => void
  /** Endpoints that not every practice has; none if absent. */
  readonly rollout?: Rollout | undefined
  readonly whims: Whims
  /** Headers that tell what an answer stands on; none if absent. */
  readonly marks?: ((route: Route, reply: Reply) => readonly string[]) | undefined
  /** Called when a handler fails by a defect of the simulator; the caller gets a 500. */
  readonly onDefect: (error: unknown) => void
}

type Found = Pick<RouteContext, 'practice' | 'reachable'>

/** Serves simulated practices. Checks in this order: the practice exists, the app may use it, the path is served. */
export function practiceBackend(deps: PracticeBackendDeps): Backend {
  const all = [...deps.practices.values()]
  // By the list of practices, not by the app: an app may be given another list.
  const lists = new WeakMap<ReadonlySet<number>, readonly Practice[]>()
  const reachableBy = ({ practices }: RegisteredApp) => {
    if (practices === undefined) return all
    const known = lists.get(practices) ?? all.filter(({ id }) => practices.has(id))
    lists.set(practices, known)
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
        basis: match && (match.route.basis ?? 'stateful'),
        answer(call) {
          const found = findPractice(call, match?.route)
          if ('status' in found) return encodeReply(found, call, deps)
          if (match === undefined) return unroutedAnswer()
          const { route } = match
          const withheld = call.isRepeated ? undefined : deps.rollout?.(route, call.practiceId)
          if (withheld !== undefined) return encodeReply(withheld, call, deps)
          const isWrite = route.method !== 'GET'
          if (isWrite) deps.onWrite?.(call, route, resource)
          const reply = handle(deps, route, contextOf(call, match, found))
          if (isWrite) deps.onWritten?.(call, route, reply)
          const answer = encodeReply(reply, call, { whims: deps.whims, isRecord: route.path.endsWith('}') })
          return deps.marks === undefined
            ? answer
            : { ...answer, headers: [...answer.headers, ...deps.marks(route, reply)] }
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
    input: inputOf(arrival),
    accept: arrival.accept,
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

/** A reply in the app's encoding and with its quirks, with the headers recorded on athenahealth's answers. */
function encodeReply(
  reply: Reply,
  { app, arrival }: Call,
  { whims, isRecord = false }: { readonly whims: Whims; readonly isRecord?: boolean },
): Answer {
  const { encoding, quirks } = app
  const { content } = reply
  if (content !== undefined) return { status: reply.status, headers: contentHeaders(content.type), body: content.bytes }
  const { status, body } =
    quirks === undefined
      ? { status: reply.status, body: encodeBody(reply.body, encoding) }
      : encodeQuirky(reply, { encoding, quirks, random: whims.next(), isWrite: arrival.method !== 'GET', isRecord })
  if (status >= 400) return { status, headers: errorHeaders, body }
  return { status, headers: encoding === 'typed' ? successHeaders : contentHeaders('application/json'), body }
}

function encodeBody(body: unknown, encoding: Encoding): string {
  return encoding === 'typed' ? JSON.stringify(body) : JSON.stringify(body, inStringEra)
}

function contentHeaders(type: string): readonly string[] {
  return successHeaders.map((text) => (text === jsonType ? type : text))
}

const jsonType = 'application/json; charset=UTF-8'
const successHeaders = [
  'Cache-Control',
  'no-cache, no-store',
  'Content-Type',
  jsonType,
  'Expires',
  'Mon, 06 Jan 1975 16:00:00 GMT',
  'Pragma',
  'No-cache',
]
const errorHeaders = ['Content-Type', 'application/json', 'Pragma', 'No-cache']
