import { VirtualClock } from '../clock/virtual-clock.ts'
import { feedTable } from '../feeds/feed-table.ts'
import { Feeds } from '../feeds/feeds.ts'
import { Limiter } from '../limits/limiter.ts'
import type { Practice } from '../practice/practice.ts'
import type { Route } from '../route.ts'
import { registerApps } from '../tokens/apps.ts'
import { TokenStore } from '../tokens/token-store.ts'
import { adminPrefix, answerAdmin, type Days } from '../truth/admin.ts'
import { PageLog } from '../truth/page-log.ts'
import { RateWitness } from '../truth/rate-witness.ts'
import { RequestLog } from '../truth/request-log.ts'
import { createTruth, type Truth } from '../truth/truth.ts'
import { jsonAnswer, type Answer, type Arrival } from './answer.ts'
import type { Backend } from './backend.ts'
import { Defects } from './defects.ts'
import { answerAtGate } from './gate.ts'
import { listen } from './http-listener.ts'
import { inProcessFetch } from './in-process-fetch.ts'
import { type Journal, openJournal } from './journal.ts'
import { journaledAdmin, journaledBackend, replayJournal } from './journaled.ts'
import { resolveOptions, type DayPace, type SimulatorOptions, type SimulatorSettings } from './options.ts'
import { practiceBackend } from './practice-backend.ts'
import { loadRecording } from './recording-backend.ts'
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
  /** Closes sockets and timers at once; a second call does nothing more. */
  readonly stop: () => Promise<void>
}

/** What a simulated practice consists of; the simulator's server knows practices through these only. */
export interface SimulatorParts {
  readonly routes: readonly Route[]
  createPractice(options: { id: number; seed: number; patients: number; now: () => number }): Practice
  startDay(practice: Practice, options: DayPace & { clock: VirtualClock; seed: number }): { stop(): void }
  /** Makes one change at `now` (epoch ms); throws TypeError or RangeError that says what is wrong with it. */
  applyChange(practice: Practice, change: unknown, now: number): unknown
}

/** Most feed ids kept in the log of pages. */
const loggedIdsMax = 500_000

/** Starts a simulator of the given parts. Rejects when an option makes no sense or the port cannot be had. */
export async function startWith(parts: SimulatorParts, options: SimulatorOptions): Promise<Simulator> {
  const settings = resolveOptions(options)
  const journal = settings.journal === undefined ? undefined : openJournal(settings.journal, settings)
  try {
    return await start(parts, settings, journal)
  } catch (error) {
    journal?.abandon()
    throw error
  }
}

async function start(
  parts: SimulatorParts,
  settings: SimulatorSettings,
  journal: Journal | undefined,
): Promise<Simulator> {
  const defects = new Defects()
  const startAt = journal?.startAt ?? settings.startAt
  const clock = new VirtualClock({
    // With a journal nothing may depend on how long the start takes.
    speed: journal ? 0 : settings.speed,
    onError: (error) => defects.add(error),
    ...(startAt !== undefined && { startAt }),
  })
  journal?.begin(clock.now())
  const practices = new Map<number, Practice>()
  if (settings.recording === undefined) {
    for (const { id, patients } of settings.practices) {
      practices.set(id, parts.createPractice({ id, seed: settings.seed, patients, now: () => clock.now() }))
    }
  }
  const { seed } = settings
  const pace = typeof settings.day === 'object' ? settings.day : {}
  const days = createDays(() =>
    [...practices.values()].map((practice) => parts.startDay(practice, { ...pace, clock, seed })),
  )
  const { truth, handle, replay } = await assemble(parts, { settings, clock, practices, days, defects, journal })
  const date = dateHeaderOf(clock)
  const listener = await listen({ host: settings.host, port: settings.port, handle, date })
  if (settings.day !== false) days.resume()
  replay()
  clock.setSpeed(settings.speed)
  const stop = () => {
    days.pause()
    journal?.close(clock.exactNow())
    clock.stop()
    return listener.stop()
  }
  let stopped: Promise<void> | undefined
  return {
    url: listener.url,
    fetch: inProcessFetch(handle, date),
    clock,
    truth,
    days,
    stop: () => (stopped ??= stop()),
  }
}

interface Running {
  readonly settings: SimulatorSettings
  readonly clock: VirtualClock
  readonly practices: ReadonlyMap<number, Practice>
  readonly days: Days
  readonly defects: Defects
  readonly journal: Journal | undefined
}

async function assemble(parts: SimulatorParts, { settings, clock, practices, days, defects, journal }: Running) {
  const apps = registerApps(settings.apps, settings.encoding)
  const tokens = new TokenStore()
  const limiter = new Limiter(settings.limits)
  const requestLog = new RequestLog(settings.requestLogSize)
  const pageLog = new PageLog(loggedIdsMax)
  const witness = new RateWitness()
  const feeds = createFeeds(settings, { pageLog, witness })
  for (const practice of practices.values()) feeds.attach(practice)
  const backend: Backend =
    settings.recording === undefined
      ? practiceBackend({
          practices,
          router: new Router([...parts.routes, ...feeds.routes()]),
          onDefect: (error) => defects.add(error),
        })
      : await loadRecording(settings.recording)
  const truth = createTruth({
    requestLog,
    pageLog,
    witness,
    practices,
    applyChange: (practice, change) => parts.applyChange(practice, change, clock.now()),
    revokeTokens: (clientId) => tokens.revoke(clientId === undefined ? undefined : apps.get(clientId)),
    defects: defects.texts,
    catchUp: () => clock.catchUp(),
  })
  const { throttle, tokenLifetimeS, expiresIn } = settings
  const tokenEndpoint = { apps, tokens, limiter, throttle, lifetimeS: tokenLifetimeS, expiresIn }
  const kept = journal ? journaledBackend(backend, journal) : backend
  const gate = { clock, tokens, tokenEndpoint, limiter, throttle, backend: kept, requests: requestLog, witness }
  const administer = (token: string | undefined) => (arrival: Arrival) =>
    answerAdmin({ clock, truth, days, token }, arrival)
  const open = administer(settings.adminToken)
  const admin = journal ? journaledAdmin(open, { journal, clock }) : open
  const replay = () => {
    if (journal) replayJournal(journal, { clock, backend, apps, admin: administer(undefined), speed: settings.speed })
  }
  const handle = (arrival: Arrival): Answer => {
    try {
      const isAdmin = settings.admin && arrival.path.startsWith(adminPrefix)
      return isAdmin ? admin(arrival) : answerAtGate(gate, arrival)
    } catch (error) {
      defects.add(error)
      return jsonAnswer(500, { error: 'The request could not be processed.' })
    }
  }
  return { truth, handle, replay }
}

function createFeeds(settings: SimulatorSettings, log: { pageLog: PageLog; witness: RateWitness }): Feeds {
  return new Feeds({
    table: feedTable,
    activationLagMs: settings.activationLagMs,
    retentionMs: settings.retentionMs,
    fallBackHour: settings.fallBackHour,
    onPage({ context, feed, mode, ids, offset, limit }) {
      const { now: at, app, practice } = context
      log.pageLog.add({ at, app: app.clientId, practice: practice.id, feed, mode, ids, offset, limit })
      if (mode !== 'consume') return
      log.witness.consume({ app: app.clientId, practice: practice.id, feed, at, isFull: ids.length >= limit })
    },
  })
}

function createDays(start: () => readonly { stop(): void }[]): Days {
  let running: readonly { stop(): void }[] | undefined
  return {
    get running() {
      return running !== undefined
    },
    pause() {
      for (const day of running ?? []) day.stop()
      running = undefined
    },
    resume() {
      running ??= start()
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
