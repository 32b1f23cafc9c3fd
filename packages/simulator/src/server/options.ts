import type { FaultRule } from '../faults/fault-rule.ts'
import type { FallBackHour } from '../feeds/eastern-time.ts'
import { checkFeedNaming, type FeedNaming } from '../feeds/feed-naming.ts'
import { resolveLimits, type Limits, type LimitsOption } from '../limits/limits.ts'
import { demoApp, type AppOptions, type Encoding } from '../tokens/app-options.ts'
import { signatureAlgorithms, type SignatureAlgorithm } from '../tokens/public-key.ts'
import type { ScopeForms } from '../tokens/scopes.ts'
import { defaultTraits, type PracticeTraits } from '../practice/practice-traits.ts'
import { resolveScheduling, type SchedulingRules } from '../practice/scheduling-rules.ts'
import type { ThrottleStyle } from './gateway.ts'
import { checkQuirks, type Quirks } from './quirks.ts'
import type { RolloutOptions } from './rollout.ts'

/** A practice to simulate. */
export interface PracticeOptions extends Partial<PracticeTraits> {
  /** athenahealth's practice id, the number in the path. */
  readonly id: number
  /** Number of patients, 0 or more; 1,000 if absent. */
  readonly patients?: number
  /** How it schedules where that is up to the practice, or not known of athenahealth. */
  readonly scheduling?: Partial<SchedulingRules>
}

/** A practice with every default filled in. */
export interface PracticeSettings extends PracticeTraits {
  readonly id: number
  readonly patients: number
  readonly scheduling: SchedulingRules
}

/** How busy a practice is. */
export interface DayPace {
  /** Changes an hour at the busiest time of day, visits not counted; what suits the practice's size if absent. */
  readonly ratePerHour?: number
  /** Share of that rate at night and on Sundays, 0 to 1; 0.15 if absent. */
  readonly nightShare?: number
}

/** Options of `startSimulator`: plain data, all optional. */
export interface SimulatorOptions {
  /** Port to listen on; 0, the default, takes a free one. */
  readonly port?: number
  /** Address to listen on; `127.0.0.1` if absent: the simulator has no TLS and is not meant for a network. */
  readonly host?: string
  /** Practices and days with the same seed are the same; 1 if absent. */
  readonly seed?: number
  /** Practices, or their ids with 1,000 patients each; practice 195900 if absent. */
  readonly practices?: readonly (PracticeOptions | number)[]
  /** Limits per app; `preview` if absent. */
  readonly limits?: LimitsOption
  /** How a call over its limit is answered: 429 with JSON (default) or the older gateway's 403 with text. */
  readonly throttle?: ThrottleStyle
  /** Apps that may ask for tokens; `demo-client` with `demo-secret` if absent. */
  readonly apps?: readonly AppOptions[]
  /** Virtual seconds per real second; 1 if absent, 0 stands still. */
  readonly speed?: number
  /** Virtual time at the start, epoch ms; the machine's time if absent. */
  readonly startAt?: number
  /** Until a changed subscription takes effect, virtual ms; 15 minutes if absent, as athenahealth's preview may take. */
  readonly activationLagMs?: number
  /**
   * How long processed feed messages can be asked for again, virtual ms; 4 hours if absent. athenahealth says "a short
   * period of time" and gives no number: 4 hours is a guess.
   */
  readonly retentionMs?: number
  /** How long feed messages wait that nobody reads, virtual ms; for ever if absent. Not known: athenahealth names no end. */
  readonly unreadRetentionMs?: number
  /** How a replay window in the hour that comes twice in autumn is read; `first` (daylight time) if absent. Not known. */
  readonly fallBackHour?: FallBackHour
  /**
   * Names of the array in a feed's list, by feed, where they are not those of `feed-table.ts`: for some feeds
   * athenahealth's name is not known for certain, e.g. `{ 'documents/patientcase': 'cases' }`.
   */
  readonly feedKeys?: FeedNaming['feedKeys']
  /** Names of events by feed, for the same reason, e.g. `{ labresults: { LabResultAdd: 'AddLabResult' } }`. */
  readonly feedEvents?: FeedNaming['feedEvents']
  /** Whether `expires_in` is sent as `string` (default, as recorded) or `number`. */
  readonly expiresIn?: 'string' | 'number'
  /** Lifetime of a token in virtual seconds; 3,600 if absent. */
  readonly tokenLifetimeS?: number
  /** `opaque` tokens of 28 characters (default, as recorded) or `jwt`, as documented; `/oauth2/v1/keys` has the key. */
  readonly tokenFormat?: 'opaque' | 'jwt'
  /**
   * What `aud` of a signed assertion may be; the URL of the token endpoint, under the simulator's own URL or the preview's,
   * if absent. What athenahealth asks for is not known for certain.
   */
  readonly assertionAudiences?: readonly string[]
  /** Longest time from now to `exp` of an assertion, seconds: 300 if absent, as SMART has it; Okta allows 3,600. */
  readonly assertionLifetimeMaxS?: number
  /** Algorithms an assertion may be signed with; all of RS, PS and ES with 256, 384 and 512 if absent. */
  readonly assertionAlgorithms?: readonly SignatureAlgorithm[]
  /** Hosts that an app's `jwksUrl` may name with plain `http:` beside this machine; none if absent. */
  readonly jwksHosts?: readonly string[]
  /** Whether `athena/service/Athenanet.MDP.*` is the only scope of the API (`wildcard`, default) or areas are too. */
  readonly scopeForms?: ScopeForms
  /** Habits of the answers that are switched on for every app; none if absent. */
  readonly quirks?: Quirks
  /** Which practices have the endpoints that are rolled out practice by practice; all have them if absent. */
  readonly rollout?: RolloutOptions
  /** `string` answers with booleans and numbers as strings, as before 2019; `typed` if absent. An app may differ. */
  readonly encoding?: Encoding
  /**
   * Whether answers of practices bear marks that athenahealth's do not: `X-Sim-Basis`, what the answer stands on,
   * `X-Sim-Inferred`, the names in its body that were recorded on other endpoints only, and `X-Sim-Unknown`, those that were
   * recorded nowhere; false if absent.
   */
  readonly marks?: boolean
  /** Whether `/__sim/…` is served; true if absent. */
  readonly admin?: boolean
  /** Bearer token asked for under `/__sim/…`; none if absent. */
  readonly adminToken?: string
  /** Folder of recorded exchanges to serve instead of practices. */
  readonly recording?: string
  /** Whether the practices live through their day: bookings, check-ins, changes; false if absent. Or at which pace. */
  readonly day?: boolean | DayPace
  /**
   * File that keeps what callers changed; none if absent. Started again with it, the simulator is what it was, also after
   * kill -9: it begins at the same moment (`startAt` counts for a new file only) and lives quickly through the same calls
   * at the same times. Virtual time stands still in between. Seed, practices, day and activation lag must be the same.
   * Tokens, counters of limits and the log of requests begin anew.
   */
  readonly journal?: string
  /** What goes wrong on demand: rules, or the JSON file that has them; nothing if absent. More are added while it runs. */
  readonly faults?: readonly FaultRule[] | string
  /** Requests kept in the log; 100,000 if absent. Counters cover all. */
  readonly requestLogSize?: number
}

/** The options with every default filled in. */
export interface SimulatorSettings
  extends Required<
    Omit<
      SimulatorOptions,
      'practices' | 'limits' | 'startAt' | 'adminToken' | 'recording' | 'journal' | 'assertionAudiences' | 'rollout'
    >
  > {
  readonly practices: readonly PracticeSettings[]
  readonly limits: Limits
  readonly startAt: number | undefined
  readonly adminToken: string | undefined
  readonly recording: string | undefined
  readonly journal: string | undefined
  readonly assertionAudiences: readonly string[] | undefined
  readonly rollout: RolloutOptions | undefined
}

const minuteMs = 60_000
const defaultPractice = 195900
const defaultPatients = 1000

const defaults = {
  port: 0,
  host: '127.0.0.1',
  seed: 1,
  practices: [defaultPractice],
  limits: 'preview',
  throttle: 'json',
  apps: [demoApp],
  speed: 1,
  startAt: undefined,
  activationLagMs: 15 * minuteMs,
  retentionMs: 240 * minuteMs,
  unreadRetentionMs: Infinity,
  fallBackHour: 'first',
  feedKeys: {},
  feedEvents: {},
  expiresIn: 'string',
  tokenLifetimeS: 3600,
  tokenFormat: 'opaque',
  assertionAudiences: undefined,
  assertionLifetimeMaxS: 300,
  assertionAlgorithms: signatureAlgorithms,
  jwksHosts: [],
  scopeForms: 'wildcard',
  quirks: {},
  rollout: undefined,
  encoding: 'typed',
  marks: false,
  admin: true,
  adminToken: undefined,
  recording: undefined,
  day: false,
  journal: undefined,
  faults: [],
  requestLogSize: 100_000,
} as const satisfies Record<keyof SimulatorOptions, unknown>

/** The least each number may be. */
const minima = {
  port: 0,
  activationLagMs: 0,
  retentionMs: 0,
  unreadRetentionMs: 0,
  tokenLifetimeS: 1,
  assertionLifetimeMaxS: 1,
  requestLogSize: 1,
} as const

/** What each option of a few words may be. */
const words = {
  throttle: ['json', 'gateway-text'],
  fallBackHour: ['first', 'second'],
  expiresIn: ['string', 'number'],
  tokenFormat: ['opaque', 'jwt'],
  scopeForms: ['wildcard', 'areas'],
  encoding: ['typed', 'string'],
} as const satisfies Partial<{ readonly [Name in keyof SimulatorSettings]: readonly SimulatorSettings[Name][] }>

/** Programs in JavaScript have no types that would tell them of a word that is none. */
function checkWords(options: Readonly<Record<string, unknown>>): void {
  for (const [name, known] of Object.entries<readonly unknown[]>(words)) {
    if (!known.includes(options[name])) throw new TypeError(`${name}: give ${known.join(' or ')}`)
  }
}

/** Fills in the defaults. Throws RangeError or TypeError that names the option and what to give. */
export function resolveOptions(options: SimulatorOptions): SimulatorSettings {
  const stray = Object.keys(options).find((name) => !Object.hasOwn(defaults, name))
  if (stray !== undefined)
    throw new TypeError(`${stray}: no such option; there are ${Object.keys(defaults).join(', ')}`)
  const given: SimulatorOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const merged = { ...defaults, ...given }
  for (const [name, least] of Object.entries(minima)) {
    // Every key of the minima is an option.
    if (!(merged[name as keyof typeof minima] >= least)) throw new RangeError(`${name}: give ${least} or more`)
  }
  if (merged.journal !== undefined && merged.recording !== undefined)
    throw new TypeError('journal: recordings have no state to keep; leave one of them out')
  checkWords(merged)
  checkFeedNaming(merged)
  if (merged.assertionLifetimeMaxS > 3600) throw new RangeError('assertionLifetimeMaxS: give 3600 or less')
  checkQuirks(merged.quirks)
  if (!Number.isSafeInteger(merged.seed)) throw new RangeError('seed: give a whole number')
  return { ...merged, practices: resolvePractices(merged.practices), limits: resolveLimits(merged.limits) }
}

function resolvePractices(practices: readonly (PracticeOptions | number)[]): PracticeSettings[] {
  const resolved = practices.map((practice) =>
    resolvePractice(typeof practice === 'number' ? { id: practice } : practice),
  )
  for (const { id, patients, restrictions, patientSearchKey } of resolved) {
    if (restrictions !== 'hidden' && restrictions !== 'filtered')
      throw new TypeError(`practices: restrictions of ${id}: give hidden or filtered`)
    if (patientSearchKey === '') throw new TypeError(`practices: patientSearchKey of ${id}: give a name`)
    if (!Number.isSafeInteger(id) || id < 1) throw new RangeError('practices: an id is a whole number of 1 or more')
    if (!Number.isSafeInteger(patients) || patients < 0)
      throw new RangeError(`practices: patients of ${id}: give 0 or more`)
  }
  if (new Set(resolved.map(({ id }) => id)).size < resolved.length)
    throw new TypeError('practices: an id is given twice')
  return resolved
}

/** Every field in the same order, however the caller named them: a journal compares them as text. */
function resolvePractice(practice: PracticeOptions): PracticeSettings {
  const given = Object.fromEntries(Object.entries(practice).filter(([, value]) => value !== undefined))
  const settings = { id: practice.id, patients: defaultPatients, ...defaultTraits, ...given }
  return { ...settings, scheduling: schedulingOf(practice) }
}

function schedulingOf({ id, scheduling }: PracticeOptions): SchedulingRules {
  try {
    return resolveScheduling(scheduling)
  } catch (error) {
    throw new TypeError(`practices: ${error instanceof Error ? error.message : 'scheduling'} (${id})`, { cause: error })
  }
}
