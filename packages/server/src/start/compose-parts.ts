import type { Seams } from '../aegis.ts'
import { type Audit, createAudit } from '../audit/audit.ts'
import { createRefusalCounter, type RefusalCounter } from '../audit/refusal-counter.ts'
import { systemClock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import { RemoteClock } from '../clock/remote-clock.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import type { Db } from '../db/db.ts'
import { egressRule } from '../egress/egress-rule.ts'
import { socketOpener } from '../egress/open-socket.ts'
import type { KeyServer } from '../key-server/key-server.ts'
import type { Log } from '../log/log.ts'
import type { Home } from '../ops/home.ts'
import type { OwnFacts } from '../ops/own-alarms.ts'
import { createPolicy } from '../policy/policy.ts'
import { createQuota, type Quota } from '../quota/quota.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createSealing, type Sealing } from '../sealing/sealing.ts'
import { connectionsOver, createConnections } from '../upstream/connections.ts'
import { createUpstream, type Upstream } from '../upstream/upstream.ts'
import { type WayOut, wrapFetch } from '../upstream/wrap-fetch.ts'
import { keyDirectory } from './key-directory.ts'
import type { StartedClock } from './start-clock.ts'
import { startKeys } from './start-key-server.ts'
import type { StopStack } from './stop-stack.ts'

/** What the parts are made from. */
export interface Ground extends StartedClock {
  readonly config: AegisConfig
  readonly seams: Seams
  readonly home: Home
  /** See `identifyHome`. */
  readonly homeId: string
  readonly db: Db
  readonly random: Random
  readonly log: Log
}

export interface Parts extends OwnFacts {
  readonly sealing: Sealing
  readonly audit: Audit
  readonly refusals: RefusalCounter
  /** Undefined where another process has the credentials. */
  readonly keyServer: KeyServer | undefined
  readonly quota: Quota
  readonly upstream: Upstream
}

/** athenahealth is given this long to take a connection (security bar B4: connect 3 s). */
const connectMs = 3_000

/** The name under which this installation's calls are counted: the quota belongs to the app and its environment. */
export function appName({ environment, athena }: AegisConfig): string {
  return `${environment}/${athena.clientId}`
}

/** Makes the parts from the bottom up: keys, audit log, quota, the way out, credentials and tokens, athenahealth. */
export async function composeParts(ground: Ground, stops: StopStack): Promise<Parts> {
  const { config, homeId, db, clock, random, log, wall } = ground
  const sealing = await composeSealing(ground, stops)
  // What it waits for is the database, in the machine's time; what it writes down is the installation's.
  const audit = createAudit({ db, sealing, clock: { ...systemClock, now: () => clock.now() }, random })
  stops.push(() => audit.stop())
  const refusals = createRefusalCounter({ audit, clock: systemClock, log })
  stops.push(() => refusals.stop())
  const theirs = new RemoteClock(clock)
  const theirTime = () => theirs.reading
  // How long the database takes is real time, whatever clock the installation runs on.
  const counted = { db, clock, machine: systemClock, log, holder: homeId, theirTime, ...(wall && { wall }) }
  const quota = createQuota(counted, config.limits)
  stops.push(() => quota.stop())
  const wayOut = composeWayOut(ground, { audit, quota, theirs })
  stops.push(() => wayOut.close())
  const { tokenSource, ...keys } = await startKeys(ground, { audit, refusals, fetch: wayOut.fetch }, stops)
  const { environment, athena } = config
  const place = { environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts }
  const upstream = createUpstream({ wayOut, tokenSource, clock, random }, place)
  const refused = () => refusals.figures()
  const limits = () => quota.limits(appName(config))
  return { ...keys, sealing, audit, refusals, refused, limits, quota, upstream }
}

/** The keys for patient data: not on the host of a key server, which needs none of it. */
async function composeSealing(ground: Ground, stops: StopStack): Promise<Sealing> {
  const { config, db, clock, random } = ground
  if (config.role === 'key-server') return noSealing
  const kek = await openKek({ db, random }, { directory: keyDirectory(ground), purpose: 'phi' })
  stops.push(() => kek.close())
  const sealing = createSealing({ db, kek, clock, random })
  stops.push(() => sealing.close())
  return sealing
}

function composeWayOut(
  ground: Ground,
  { audit, quota, theirs }: { audit: Audit; quota: Quota; theirs: RemoteClock },
): WayOut {
  const { config, homeId, seams, db, clock, log } = ground
  const { environment, athena } = config
  const rule = egressRule({ environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts })
  const connections = seams.fetch
    ? connectionsOver(seams.fetch)
    : createConnections({ origin: rule.origin, openSocket: socketOpener(rule, { connectMs }) })
  const policy = createPolicy({ db, clock, log, holder: homeId }, config.policy)
  const permit = { policy, quota, audit, clock, app: appName(config) }
  return wrapFetch({ permit, connections, rule, clock, log, theirs })
}
