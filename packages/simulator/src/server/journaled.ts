import type { VirtualClock } from '../clock/virtual-clock.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import { adminPrefix } from '../truth/admin.ts'
import type { Answer, Arrival } from './answer.ts'
import type { Backend } from './backend.ts'
import type { Journal, JournalEntry } from './journal.ts'

/** A backend whose calls are kept in the journal when they changed something: writes, and reads that consume a feed. */
export function journaledBackend(backend: Backend, journal: Journal): Backend {
  return {
    find(arrival, resource) {
      const destination = backend.find(arrival, resource)
      if (arrival.method === 'GET' && !resource.endsWith('/changed')) return destination
      return {
        route: destination.route,
        answer(call) {
          const answer = destination.answer(call)
          if (answer.status < 400) journal.write({ at: call.at, app: call.app.clientId, arrival: openPart(arrival) })
          return answer
        },
      }
    },
  }
}

/** What the administration may do to practices; it moves time and ends tokens as well, which needs no journal. */
const CHANGING = ['changes', 'day'].map((resource) => `${adminPrefix}${resource}`)

/** An administration whose changes are kept in the journal. */
export function journaledAdmin(
  answer: (arrival: Arrival) => Answer,
  { journal, clock }: { journal: Journal; clock: VirtualClock },
): (arrival: Arrival) => Answer {
  return (arrival) => {
    const at = clock.catchUp()
    const given = answer(arrival)
    const isChange = arrival.method === 'POST' && CHANGING.includes(arrival.path)
    if (isChange && given.status < 400) journal.write({ at, arrival: openPart(arrival) })
    return given
  }
}

/** A token has no business in a file, and is worth nothing when the file is read. */
function openPart({ method, path, query, contentType, body }: Arrival): JournalEntry['arrival'] {
  return { method, path, query, contentType, body }
}

export interface ReplayDeps {
  readonly clock: VirtualClock
  readonly backend: Backend
  readonly apps: ReadonlyMap<string, RegisteredApp>
  readonly admin: (arrival: Arrival) => Answer
  /** Virtual milliseconds per real one, once it runs. */
  readonly speed: number
}

/** How long time may have gone on after the last entry of a process that was killed, in real ms. */
const graceMs = 60_000

/**
 * Does again what the journal holds, each call at its time, with the practices' life in between, and leaves the clock
 * where it stood: after a kill, no earlier than it can have stood, since time never goes back.
 */
export function replayJournal({ entries, last }: Journal, deps: ReplayDeps): void {
  const { clock, backend, apps, admin, speed } = deps
  for (const { at, app, arrival } of entries) {
    if (at > clock.exactNow()) clock.jumpTo(at)
    const whole = { ...arrival, authorization: undefined, contentType: arrival.contentType ?? undefined }
    const registered = app === undefined ? undefined : apps.get(app)
    if (app === undefined) admin(whole)
    else if (registered) answerAgain({ backend, app: registered, arrival: whole, at })
  }
  if (!last) return
  const lostMs = last.isCleanStop ? 0 : Math.min(graceMs, Math.max(0, clock.realTime() - last.writtenAt)) * speed
  clock.jumpTo(Math.max(last.at + lostMs, clock.exactNow()))
}

function answerAgain(call: { backend: Backend; app: RegisteredApp; arrival: Arrival; at: number }): void {
  const { backend, app, arrival, at } = call
  const [, practice = '', resource = ''] = /^\/v1\/(\d+)(\/.*)$/.exec(arrival.path) ?? []
  backend.find(arrival, resource).answer({ app, practiceId: Number(practice), arrival, now: Math.floor(at), at })
}
