import { AthenaError } from '@aegis/client'
import { SKEW_ALARM_MS } from '../clock/remote-clock.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { Db } from '../db/db.ts'
import type { Log } from '../log/log.ts'
import { addPractices, listPractices, markVerified } from '../sync/schedule.sql.ts'
import type { CallContext } from '../upstream/call-context.ts'
import type { Upstream } from '../upstream/upstream.ts'

export interface PreflightDeps {
  /** See `StartedClock`. */
  readonly machineOffMs: () => number
  readonly db: Db
  readonly upstream: Upstream
  readonly log: Log
  /** Ends the asking at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Practices asked about before the start; the rest of a large installation is found out by its own first calls. */
const askedMax = 20

/**
 * Asks athenahealth about every practice that it has never answered for: a wrong credential, practice or address is told
 * at the start, by name and with the remedy, instead of as a failure that repeats itself in a log. A practice that was
 * answered for before is not asked about again, so a restart works through an outage of athenahealth. Where there are such
 * practices, a new one is asked about, and its failure is logged: the others go on. With a credential that is still to begin
 * nobody can be asked: its calls begin by themselves, and the practices are asked about at the next start.
 */
export async function preflight(
  deps: PreflightDeps,
  to: { practices: readonly number[]; environment: string; clock: 'system' | 'simulator' },
): Promise<void> {
  await deps.db.control((tx) => addPractices(tx, to.practices, to.environment))
  const known = await deps.db.control((tx) => listPractices(tx))
  const wanted = new Set(to.practices)
  const unverified = known.filter((row) => row.verified_at === null && wanted.has(row.practice))
  const asked = unverified.slice(0, askedMax).map(({ practice }) => practice)
  const isFirst = known.every((row) => row.verified_at === null || !wanted.has(row.practice))
  if (asked.length > 0 && isFirst && deps.machineOffMs() > SKEW_ALARM_MS)
    throw new AegisError('clock.database-skew', { skewMs: Math.round(deps.machineOffMs()) })
  const refuse = () => (isFirst ? refuseSkew(deps.upstream, to.clock) : undefined)
  const verified: number[] = []
  for (const practice of asked) {
    try {
      await askAbout(deps, practice, refuse)
      verified.push(practice)
    } catch (error) {
      // Nor is the start kept from publishing the key whose time is to come: athenahealth fetches it from here.
      if (isAegisError(error, 'key-server.credential-waiting')) {
        deps.log.error('aegis.credential-waiting', error)
        break
      }
      // One that is new does not keep those from being mirrored that are: its feeds fail, and status says why.
      if (isFirst || !isOfPractice(error)) throw error
      deps.log.error('aegis.practice-unverified', error, { practice })
    }
  }
  refuse()
  await deps.db.control(async (tx) => {
    for (const practice of verified) await markVerified(tx, practice)
  })
  if (verified.length > 0) deps.log.info('aegis.practices-verified', { practices: verified.length })
}

/** Said about the practice, or the way to athenahealth; what is wrong on this side is thrown as it was. */
function isOfPractice(error: unknown): boolean {
  return isAegisError(error) && error.code.startsWith('start.')
}

/** The first start is made by somebody who can put it right. A later one works with a clock that is off, and alarms. */
function refuseSkew(upstream: Upstream, clock: 'system' | 'simulator'): void {
  const skewMs = upstream.certainSkewMs()
  if (clock === 'system' && skewMs > SKEW_ALARM_MS)
    throw new AegisError('upstream.clock-skew', { skewMs: Math.round(skewMs) })
}

const preflightCall: CallContext = { priority: 'interactive', purpose: 'start.preflight', waitMs: 600_000 }

async function askAbout({ upstream, signal }: PreflightDeps, practice: number, refuse: () => void): Promise<void> {
  try {
    await upstream.practice(practice).practiceInfo({ context: preflightCall, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    // What is signed by a clock that is wrong is refused, and says nothing of the credential.
    refuse()
    throw explained(error, practice)
  }
}

const codes: Readonly<
  Record<
    string,
    'start.practice-unknown' | 'start.practice-refused' | 'start.upstream-unreachable' | 'start.not-athenahealth'
  >
> = {
  'unknown-practice': 'start.practice-unknown',
  forbidden: 'start.practice-refused',
  network: 'start.upstream-unreachable',
  timeout: 'start.upstream-unreachable',
  'malformed-response': 'start.not-athenahealth',
  configuration: 'start.not-athenahealth',
}

const unreachable: ReadonlySet<string> = new Set(['network', 'timeout'])

/** What went wrong, as the operator can mend it. What Aegis itself refused says so already. */
function explained(error: unknown, practice: number): unknown {
  if (isAegisError(error, 'key-server.token-unavailable') && unreachable.has(String(error.detail.reason))) {
    return new AegisError('start.upstream-unreachable', { practice }, { cause: error })
  }
  // What kept the token from being asked for at all says what to do.
  if (isAegisError(error, 'key-server.token-unavailable') && isAegisError(error.cause)) return error.cause
  if (!(error instanceof AthenaError)) return error
  const code = codes[error.code] ?? 'start.upstream-failed'
  return new AegisError(code, { practice, answer: error.code }, { cause: error })
}
