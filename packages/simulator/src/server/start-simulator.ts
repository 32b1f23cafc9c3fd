import { VirtualClock } from '../clock/virtual-clock.ts'
import { createFaults } from '../faults/create-faults.ts'
import type { FaultControl } from '../faults/fault-book.ts'
import { namedFeeds } from '../feeds/feed-naming.ts'
import { Feeds } from '../feeds/feeds.ts'
import { Limiter } from '../limits/limiter.ts'
import type { EndpointContract } from '../contract/endpoint-contract.ts'
import type { JournalFile } from '../journal/journal-file.ts'
import { writeEntry } from '../journal/journal-entry.ts'
import { Journal } from '../journal/journal.ts'
import { liveAgain } from '../journal/live-again.ts'
import { openJournal, worldOptions } from '../journal/open-journal.ts'
import { entryRepeater } from '../journal/repeat-entry.ts'
import { WorldDigest } from '../journal/world-digest.ts'
import type { Practice } from '../practice/practice.ts'
import type { PracticeTraits } from '../practice/practice-traits.ts'
import type { SchedulingRules } from '../practice/scheduling-rules.ts'
import type { Route } from '../route.ts'
import { createOauth } from '../tokens/create-oauth.ts'
import { encodingRoutes } from '../tokens/encoding-routes.ts'
import { createAppControl, type AppControl } from '../truth/admin-apps.ts'
import { adminPrefix, answerAdmin, type Days } from '../truth/admin.ts'
import { ChangeLog } from '../truth/change-log.ts'
import { PageLog } from '../truth/page-log.ts'
import { RateWitness } from '../truth/rate-witness.ts'
import { RequestLog } from '../truth/request-log.ts'
import { createTruth, type Truth } from '../truth/truth.ts'
import { intentOf, WriteLog } from '../truth/write-log.ts'
import { formOf, jsonAnswer, type Answer, type Arrival } from './answer.ts'
import type { Backend, Call } from './backend.ts'
import { Defects } from './defects.ts'
import { answerAtGate } from './gate.ts'
import { connectionReset } from './connection-reset.ts'
import { listen, type Listener } from './http-listener.ts'
import { inProcessFetch } from './in-process-fetch.ts'
import { lineOf } from './line.ts'
import { resolveOptions, type DayPace, type SimulatorOptions, type SimulatorSettings } from './options.ts'
import { markHeaders } from './mark-headers.ts'
import { practiceBackend } from './practice-backend.ts'
import { loadRecording } from './recording-backend.ts'
import { Whims } from './quirky-body.ts'
import { createRollout } from './rollout.ts'
import { Router } from './router.ts'

/** A running simulator. */
export interface Simulator {
  /** Base URL, e.g. `http://127.0.0.1:41234`: it stands for `https://api.preview.platform.athenahealth.com`. */
  readonly url: string
  /** Sends a request to the simulator without a socket; same limits, log and truth as over HTTP. */
  readonly fetch: typeof globalThis.fetch
  readonly clock: VirtualClock
  readonly truth: Truth
  /** Pauses and resumes the practices' days. */
  readonly days: Days
  /** Registers and changes apps, and the habits of the answers. */
  readonly apps: AppControl
  /** Lets requests fail on demand. */
  readonly faults: FaultControl
  /** Closes sockets and timers at once; a second call does nothing more. */
  readonly stop: () => Promise<void>
}

/** What a simulated practice consists of; the simulator's server knows practices through these only. */
export interface SimulatorParts {
  readonly routes: readonly Route[]
  /** What athenahealth's documents say of its endpoints; nothing if absent. */
  readonly contract?: ContractParts
  createPractice(options: {
    id: number
    seed: number
    patients: number
    scheduling: SchedulingRules
    traits: PracticeTraits
    now: () => number
  }): Practice
  startDay(practice: Practice, options: DayPace & { clock: VirtualClock; seed: number }): { stop(): void }
  /** Makes one change at `now` (epoch ms); throws TypeError or RangeError that says what is wrong with it. */
  applyChange(practice: Practice, change: unknown, now: number): unknown
}

export interface ContractParts {
  /** Routes for the documented endpoints that none of `served` answers. */
  routes(served: readonly Route[]): readonly Route[]
  find(endpoint: Pick<Route, 'method' | 'path'>): EndpointContract | undefined
}

/** Most feed ids kept in the log of pages. */
const loggedIdsMax = 500_000

/** Starts a simulator of the given parts. Rejects when an option makes no sense or the port cannot be had. */
export async function startWith(parts: SimulatorParts, options: SimulatorOptions): Promise<Simulator> {
  const settings = resolveOptions(options)
  const file = settings.journal === undefined ? undefined : openJournal(settings.journal, settings)
  const defects = new Defects()
  const startAt = file?.origin()?.startAt ?? settings.startAt
  const clock = new VirtualClock({
    // What a journal leads back to may not depend on how long a start takes.
    speed: file === undefined ? settings.speed : 0,
    onError: (error) => defects.add(error),
    ...(startAt !== undefined && { startAt }),
  })
  try {
    return await start(parts, { settings, file, defects, clock })
  } catch (error) {
    clock.stop()
    file?.close()
    throw error
  }
}

interface Base {
  readonly settings: SimulatorSettings
  readonly file: JournalFile | undefined
  readonly defects: Defects
  readonly clock: VirtualClock
}

async function start(parts: SimulatorParts, { settings, file, defects, clock }: Base): Promise<Simulator> {
  const practices = new Map<number, Practice>()
  const { seed } = settings
  for (const { id, patients, scheduling, ...traits } of settings.recording === undefined ? settings.practices : []) {
    practices.set(id, parts.createPractice({ id, seed, patients, scheduling, traits, now: () => clock.now() }))
  }
  const digest = new WorldDigest()
  if (file !== undefined) for (const practice of practices.values()) digest.follow(practice)
  const journal = file && new Journal({ file, clock, digest })
  const pace = typeof settings.day === 'object' ? settings.day : {}
  const days = createDays({ clock, journal }, () =>
    [...practices.values()].map((practice) => parts.startDay(practice, { ...pace, clock, seed })),
  )
  // Where it listens is known only when everything behind it is there.
  const place = { url: '' }
  const running = { settings, clock, practices, days, defects, journal, place }
  const { truth, apps, faults, handle, repeat } = await assemble(parts, running)
  if (settings.day !== false) days.resume()
  if (file !== undefined) await liveAgain({ file, clock, digest, repeat, options: worldOptions(settings) })
  const date = dateHeaderOf(clock)
  const line = lineOf(clock, journal)
  const listener = await listen({ host: settings.host, port: settings.port, handle, date, line })
  place.url = listener.url
  journal?.open((error) => defects.add(error))
  clock.setSpeed(settings.speed)
  const hangUp = new AbortController()
  let stopped: Promise<void> | undefined
  return {
    url: listener.url,
    fetch: inProcessFetch({ handle, date, line, hungUp: hangUp.signal }),
    clock,
    truth,
    days,
    apps,
    faults,
    stop: () => (stopped ??= stop({ listener, journal, days, clock, hangUp })),
  }
}

interface Stoppable {
  readonly listener: Listener
  readonly journal: Journal | undefined
  readonly days: Days
  readonly clock: VirtualClock
  readonly hangUp: AbortController
}

async function stop({ listener, journal, days, clock, hangUp }: Stoppable): Promise<void> {
  const closed = listener.stop()
  hangUp.abort(connectionReset())
  try {
    journal?.close()
  } finally {
    days.pause()
    clock.stop()
    await closed
  }
}

interface Running {
  readonly settings: SimulatorSettings
  readonly clock: VirtualClock
  readonly practices: ReadonlyMap<number, Practice>
  readonly days: Days
  readonly defects: Defects
  readonly journal: Journal | undefined
  readonly place: { readonly url: string }
}

async function assemble(parts: SimulatorParts, { settings, clock, practices, days, defects, journal, place }: Running) {
  const limiter = new Limiter(settings.limits)
  const oauth = createOauth(settings, { limiter, url: () => place.url, realTime: () => clock.realTime() })
  const { apps, tokens } = oauth
  const whims = new Whims(settings.seed)
  const logs = createLogs(settings)
  const { requestLog, pageLog, writeLog, changeLog, witness } = logs
  const feeds = createFeeds(settings, { pageLog, witness, journal })
  for (const practice of practices.values()) {
    feeds.attach(practice)
    writeLog.follow(practice)
    changeLog.follow(practice)
  }
  const { contract } = parts
  const stateful = [...parts.routes, ...feeds.routes(), ...encodingRoutes(apps)]
  const routes = [...stateful, ...(contract?.routes(stateful) ?? [])]
  const servedRoutes = settings.recording === undefined ? routes : []
  const backend: Backend =
    settings.recording === undefined
      ? practiceBackend({
          practices,
          router: new Router(routes),
          whims,
          rollout: rolloutOf(settings, routes, contract),
          marks: settings.marks ? (route, reply) => markHeaders(route, reply, contract?.find(route)) : undefined,
          onWrite(call, { basis = 'stateful' }, resource) {
            // Where nothing is kept there is nothing to live through again.
            if (basis === 'stateful') journal?.note(writeEntry(call, resource))
            writeLog.begin()
          },
          onWritten(call, route, { status }) {
            if (!call.isRepeated) writeLog.add(writtenOf(call, route, status))
          },
          onDefect: (error) => defects.add(error),
        })
      : await loadRecording(settings.recording)
  const applyChange = (practice: Practice, change: unknown) =>
    clock.still((at) => {
      journal?.note({ kind: 'change', practice: practice.id, change })
      return parts.applyChange(practice, change, Math.floor(at))
    })
  const truth = createTruth({
    ...logs,
    practices,
    served: () => servedRoutes.map((route) => ({ route, documented: contract?.find(route) })),
    applyChange,
    revokeTokens: (clientId) => tokens.revoke(clientId),
    defects: defects.texts,
    catchUp: () => clock.catchUp(),
  })
  const faults = await createFaults(settings, { routes, feeds, backend, practices, journal })
  const { throttle } = settings
  const gate = { clock, oauth, limiter, throttle, backend, requests: requestLog, witness, whims, faults }
  const control = createAppControl(apps, tokens)
  const admin = { clock, truth, days, apps: control, faults, token: settings.adminToken }
  const handle = guarded(
    (arrival) =>
      settings.admin && arrival.path.startsWith(adminPrefix)
        ? answerAdmin(admin, arrival)
        : answerAtGate(gate, arrival),
    { journal, defects },
  )
  const repeat = entryRepeater({ backend, feeds, practices, applyChange, days, now: () => clock.now() })
  return { truth, apps: control, faults, handle, repeat }
}

function rolloutOf({ rollout }: SimulatorSettings, routes: readonly Route[], contract: ContractParts | undefined) {
  return rollout && createRollout({ rollout, routes, isBeta: (route) => contract?.find(route)?.beta ?? false })
}

function createLogs({ requestLogSize }: SimulatorSettings) {
  return {
    requestLog: new RequestLog(requestLogSize),
    pageLog: new PageLog(loggedIdsMax),
    writeLog: new WriteLog(requestLogSize),
    changeLog: new ChangeLog(),
    witness: new RateWitness(),
  }
}

type Answerer = (arrival: Arrival) => Answer | Promise<Answer>

/** Answers come what may: before one leaves, time is written down; a failure of the simulator is kept and told as 500. */
function guarded(answer: Answerer, { journal, defects }: Pick<Running, 'journal' | 'defects'>): Answerer {
  const covered = (given: Answer): Answer => {
    journal?.cover()
    return given
  }
  const failed = (error: unknown): Answer => {
    defects.add(error)
    return jsonAnswer(500, { error: 'The request could not be processed.' })
  }
  return (arrival) => {
    try {
      const given = answer(arrival)
      return given instanceof Promise ? given.then(covered).catch(failed) : covered(given)
    } catch (error) {
      return failed(error)
    }
  }
}

/** A write as its log has it. */
function writtenOf({ app, practiceId, arrival, now }: Call, { method, path }: Route, status: number) {
  return {
    at: now,
    app: app.clientId,
    practice: practiceId,
    method,
    route: `/v1/{practiceid}${path}`,
    status,
    intent: intentOf(arrival.requestId),
    query: arrival.query,
    form: formOf(arrival),
  }
}

interface FeedWitnesses {
  readonly pageLog: PageLog
  readonly witness: RateWitness
  readonly journal: Journal | undefined
}

function createFeeds(settings: SimulatorSettings, { pageLog, witness, journal }: FeedWitnesses): Feeds {
  return new Feeds({
    table: namedFeeds(settings),
    activationLagMs: settings.activationLagMs,
    retentionMs: settings.retentionMs,
    unreadRetentionMs: settings.unreadRetentionMs,
    fallBackHour: settings.fallBackHour,
    onPage({ context, feed, mode, ids, offset, limit }) {
      const { now: at, app, practice } = context
      const read = { app: app.clientId, practice: practice.id, feed }
      pageLog.add({ at, ...read, mode, ids, offset, limit })
      if (mode !== 'consume') return
      witness.consume({ ...read, at, isFull: ids.length >= limit })
      if (ids.length > 0) journal?.note({ kind: 'read', ...read, ids })
    },
  })
}

function createDays(
  { clock, journal }: { clock: VirtualClock; journal: Journal | undefined },
  begin: () => readonly { stop(): void }[],
): Days {
  let running: readonly { stop(): void }[] | undefined
  return {
    get running() {
      return running !== undefined
    },
    pause() {
      if (running === undefined) return
      clock.still(() => {
        journal?.note({ kind: 'day', running: false })
        for (const day of running ?? []) day.stop()
        running = undefined
      })
    },
    resume() {
      if (running !== undefined) return
      clock.still(() => {
        journal?.note({ kind: 'day', running: true })
        running = begin()
      })
    },
  }
}

/** The `Date` header in virtual time; formatted once a second at most. */
function dateHeaderOf(clock: VirtualClock): () => string {
  let second = Number.NaN
  let text = ''
  return () => {
    const now = clock.now()
    if (Math.floor(now / 1000) !== second) {
      second = Math.floor(now / 1000)
      text = new Date(now).toUTCString()
    }
    return text
  }
}
