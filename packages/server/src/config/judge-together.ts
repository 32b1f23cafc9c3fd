import { isAthenaError, resolveBaseUrl } from '@aegis/client'
import { quotaPresets } from '../quota/quota-limits.ts'
import type { Problem } from './config-error.ts'
import type { Settings } from './settings.ts'

export interface Facts {
  readonly settings: Partial<Settings>
  readonly demo: boolean
  /** Whether a PostgreSQL server is named: rightly or not. */
  readonly hasServer: boolean
  readonly originOf: (path: readonly string[]) => string | undefined
}

/** The demo's app: never to be sent to athenahealth itself. */
const DEMO_CLIENT_ID = 'demo-client'

/** Mistakes that lie between settings which are right one by one. Sections with mistakes of their own are passed over. */
export function judgeTogether(facts: Facts): Problem[] {
  const judges = [environment, loopback, baseUrl, slavedClock, databaseUrls, sharedDatabase]
  return [...judges, namedPractices, pollInterval, unreadRetention, services].flatMap((judge) => judge(facts))
}

/** At a start nobody can have meant it; while the key server runs, it is how the last one is taken off. */
function services(facts: Facts): Problem[] {
  const { listen, services: named = {} } = facts.settings.keyServer ?? {}
  if (listen === undefined || Object.keys(named).length > 0) return []
  const remedy = 'Name the services that may: {worker: {practices: all}}.'
  return problem(facts, 'keyServer.services', ['is empty, so that nobody could have a token.', remedy])
}

/** A feed that is read as planned must not pass for one that nobody read: it would have a gap, and a snapshot, each time. */
function unreadRetention(facts: Facts): Problem[] {
  const { sync } = facts.settings
  if (sync === undefined) return []
  const latest = Math.max(
    sync.pollInterval,
    sync.latest,
    ...Object.values(sync.latestOf).filter((ms) => ms !== undefined),
  )
  if (sync.unreadRetention >= 2 * latest) return []
  const remedy =
    'Make it twice as long as feeds may be apart (sync.pollInterval, sync.latest, sync.latestOf), or those shorter.'
  return problem(facts, 'sync.unreadRetention', ['is shorter than two readings of a feed may be apart.', remedy])
}

/** What is allowed and most likely not meant. */
export function cautions({ settings: { environment, limits } }: Facts): string[] {
  if (!environment || !limits || environment === 'local') return []
  const granted = quotaPresets[environment]
  return (['perSecond', 'perDay', 'tokensPerMinute'] as const)
    .filter((name) => (limits[name] ?? 0) > granted[name])
    .map((name) => `limits.${name} is above the ${granted[name]} that athenahealth grants in ${environment}.`)
}

function problem(
  facts: Pick<Facts, 'originOf'>,
  path: string,
  [what, remedy]: readonly [what: string, remedy: string],
): Problem[] {
  const origin = facts.originOf(path.split('.'))
  return [{ path, ...(origin !== undefined && { origin }), what, remedy }]
}

function environment(facts: Facts): Problem[] {
  const { environment: named, athena } = facts.settings
  if (facts.demo && named !== undefined && named !== 'local') {
    const remedy = 'Start the demo elsewhere, or leave out --demo to mirror what is configured here.'
    return problem(facts, 'environment', [`is ${named}; the demo runs against its own simulator only.`, remedy])
  }
  if (athena?.clientId === DEMO_CLIENT_ID && named !== undefined && named !== 'local') {
    const remedy = `Give the client id and secret of your own app for ${named}, from athenahealth's developer portal.`
    return problem(facts, 'athena.clientId', [`is the demo's, which ${named} does not know.`, remedy])
  }
  return []
}

function loopback(facts: Facts): Problem[] {
  const host = facts.settings.http?.host
  if (host === undefined || ['127.0.0.1', '::1', 'localhost'].includes(host)) return []
  const remedy = 'Leave it at 127.0.0.1, and put a TLS proxy in front if it must be reached from elsewhere.'
  return problem(facts, 'http.host', ['is not the loopback interface; that would need TLS.', remedy])
}

function baseUrl(facts: Facts): Problem[] {
  const { environment: named, athena } = facts.settings
  if (facts.demo || named === undefined || athena === undefined) return []
  try {
    resolveBaseUrl(baseUrlOptions(named, athena))
    return []
  } catch (error) {
    if (!isAthenaError(error)) throw error
    const remedy =
      'Use the address that belongs to the environment (for preview and production leave it out), or name the host in athena.allowedHosts if it is yours.'
    return problem(facts, 'athena.baseUrl', [`is refused: ${error.hint ?? error.code}.`, remedy])
  }
}

/** What `resolveBaseUrl` is asked with. */
export function baseUrlOptions(environment: Settings['environment'], athena: Settings['athena']) {
  const { baseUrl, allowedHosts } = athena
  return { environment, allowedHosts, ...(baseUrl !== undefined && { baseUrl }) }
}

function slavedClock(facts: Facts): Problem[] {
  const { clock, environment: named } = facts.settings
  if (clock !== 'simulator' || named === undefined || named === 'local') return []
  return problem(facts, 'clock', [`cannot be the simulator's in ${named}.`, 'Remove it, or set it to system.'])
}

function databaseUrls(facts: Facts): Problem[] {
  const { urlFile, ownerUrlFile } = facts.settings.database ?? {}
  if (urlFile !== undefined || ownerUrlFile === undefined) return []
  const remedy = "Name it (DATABASE_URL_FILE), for a login that owns nothing: the owner's is used for migrations only."
  return problem(facts, 'database.urlFile', ["is missing while the owner's is given.", remedy])
}

/** A part of an installation is of use only beside the others, on a database that all of them reach. */
function sharedDatabase(facts: Facts): Problem[] {
  const { role } = facts.settings
  if (facts.hasServer || role === undefined || role === 'all') return []
  const remedy =
    'Name a PostgreSQL server with DATABASE_URL_FILE and DATABASE_OWNER_URL_FILE, or leave the role out: one process then does everything on the embedded database.'
  return problem(facts, 'role', [`is ${role}, which needs a database that several processes share.`, remedy])
}

/** A practice misspelt here would be mirrored as a whole, or asked of as any other, which is what somebody wanted to prevent. */
function namedPractices(facts: Facts): Problem[] {
  const { practices, sync, policy } = facts.settings
  if (practices === undefined) return []
  const named = { 'sync.departments': sync?.departments, 'policy.bookedDaysMaxOf': policy?.bookedDaysMaxOf }
  return Object.entries(named).flatMap(([path, byPractice = {}]) => {
    const strange = Object.keys(byPractice).find((practice) => !practices.includes(Number(practice)))
    if (strange === undefined) return []
    const remedy = `Name practices of the setting practices only, or add ${strange} there.`
    return problem(facts, path, [`names ${strange}, which is not mirrored.`, remedy])
  })
}

/** athenahealth's own rule; its simulator may be asked as often as a test likes. */
const POLL_INTERVAL_MS_MIN = 60_000

/** Feeds are read no more often than athenahealth asks for. */
export function pollInterval(facts: Pick<Facts, 'settings' | 'originOf'>): Problem[] {
  const { environment: named, sync } = facts.settings
  if (sync === undefined || named === undefined || named === 'local') return []
  if (sync.pollInterval >= POLL_INTERVAL_MS_MIN) return []
  const remedy = 'Give 1m or more: athenahealth asks that no feed be read more often than once a minute.'
  return problem(facts, 'sync.pollInterval', [`is too short for ${named}.`, remedy])
}
