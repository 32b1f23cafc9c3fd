import { errorTable } from '../errors/error-table.ts'
import { isErrorCode } from '../errors/is-error-code.ts'
import type { CredentialInfo } from '../key-server/list-credentials.ts'
import type { TokenTrouble } from '../key-server/token.sql.ts'
import { alarmTable } from './alarm-table.ts'
import { inWords } from './explain-feed.ts'
import type { Alarm } from './status-report.ts'

/** From so long before the last credential ends there is a warning, and from the second on an error. */
export const expiryMs = { warning: 14 * 86_400_000, error: 2 * 86_400_000 }

export interface CredentialFacts {
  readonly credentials: readonly CredentialInfo[]
  readonly troubles: readonly TokenTrouble[]
  /** Epoch ms. */
  readonly now: number
}

/** What of the credentials and tokens of an app wants a person (pure). */
export function credentialAlarms(facts: CredentialFacts): Alarm[] {
  const usable = facts.credentials.filter(({ state }) => state === 'live' || state === 'refused')
  if (usable.length === 0) return [noneUsable(facts)]
  return [...expiryAlarms(facts, usable), ...refusalAlarms(usable), ...tokenAlarms(facts)]
}

function noneUsable({ credentials }: CredentialFacts): Alarm {
  const [next] = inOrder(credentials.filter(({ state }) => state === 'waiting'))
  if (next) {
    const begins = new Date(next.usedFrom ?? 0).toISOString()
    const message = `Credential ${next.number} begins at ${begins}; until then no call can be made.`
    return { ...alarm('error', 'key-server.credential-waiting'), message }
  }
  const hasEnded = credentials.some(({ state }) => state === 'expired')
  return alarm('error', hasEnded ? 'key-server.credential-expired' : 'key-server.credential-missing')
}

function inOrder(waiting: readonly CredentialInfo[]): CredentialInfo[] {
  return waiting.toSorted((one, other) => (one.usedFrom ?? 0) - (other.usedFrom ?? 0))
}

/** Whether it did not serve when it was tried last, also where it is to be tried again. */
function isRefused({ state, refusedAt }: CredentialInfo): boolean {
  return state === 'refused' || refusedAt !== undefined
}

/**
 * Of several, the one that lasts longest counts, of those that are not refused if there is one; the next one may stand
 * ready already, if it begins before that.
 */
function expiryAlarms({ credentials, now }: CredentialFacts, usable: readonly CredentialInfo[]): Alarm[] {
  const good = usable.filter((credential) => !isRefused(credential))
  let endsAt = Math.max(...(good.length > 0 ? good : usable).map(endOf))
  const waiting = credentials.filter(({ state }) => state === 'waiting')
  for (const next of inOrder(waiting)) {
    if ((next.usedFrom ?? 0) <= endsAt) endsAt = Math.max(endsAt, endOf(next))
  }
  const leftMs = endsAt - now
  if (leftMs > expiryMs.warning) return []
  const level = leftMs > expiryMs.error ? 'warning' : 'error'
  const later = waiting.find(({ usedFrom = 0 }) => usedFrom > endsAt)
  const then = later ? `no call can be made until credential ${later.number} begins` : 'no call can be made'
  const message = `The last credential of the app expires in ${inDays(leftMs)}; then ${then}.`
  const { remedy } = alarmTable['key-server.credential-expiring']
  return [{ level, code: 'key-server.credential-expiring', message, remedy }]
}

function endOf({ expiresAt = Number.POSITIVE_INFINITY }: CredentialInfo): number {
  return expiresAt
}

function refusalAlarms(usable: readonly CredentialInfo[]): Alarm[] {
  const serving = usable.find((credential) => !isRefused(credential))
  return usable.filter(isRefused).map(({ number, state, unusable }) => {
    const base = alarm(
      serving || state === 'live' ? 'warning' : 'error',
      unusable === undefined ? 'key-server.credential-refused' : 'sealing.unreadable',
    )
    const what =
      unusable === undefined ? `athenahealth refuses credential ${number}` : `Credential ${number} does not open`
    const message = `${what}${serving ? `; credential ${serving.number} serves` : ''}.`
    const revoke = `One that is not needed any more is taken away: aegis keys revoke ${number}.`
    return { ...base, message, remedy: serving ? `${base.remedy} ${revoke}` : base.remedy }
  })
}

const remedies: Readonly<Record<string, string>> = {
  'malformed-response':
    'What answers at the base URL is not the token endpoint (a gateway or proxy answers in its place): check athena.baseUrl and what lies on the way.',
  'token-refused':
    'Check in the developer portal that the app is active and may call these practices; calls go on by themselves then.',
}

function tokenAlarms({ troubles, now }: CredentialFacts): Alarm[] {
  // Refused or damaged credentials have been told of.
  return troubles
    .filter(({ failure }) => !toldElsewhere.has(failure) && !failure.startsWith('sealing.'))
    .map((trouble) => tokenAlarm(trouble, now))
}

const toldElsewhere: ReadonlySet<string> = new Set(['credential-refused', 'revoked', 'not-sent'])

function tokenAlarm({ failure, failures, usable_until }: TokenTrouble, now: number): Alarm {
  const leftMs = (usable_until ?? 0) - now
  const isRefused = failure === 'token-refused'
  const base = alarm(leftMs > 0 && !isRefused ? 'warning' : 'error', 'key-server.token-unavailable')
  const serves = leftMs > 0 ? `; the one at hand serves for ${inWords(leftMs)} more` : ''
  const message = isRefused
    ? 'athenahealth refuses tokens that it granted a moment ago.'
    : `No new token can be had (${failure}${failures > 1 ? `, ${failures} times in a row` : ''})${serves}.`
  return { ...base, message, remedy: remedies[failure] ?? remedyOf(failure) ?? base.remedy }
}

/** Of what Aegis itself refuses, such as an address where athenahealth may not be. */
function remedyOf(failure: string): string | undefined {
  return isErrorCode(failure) ? errorTable[failure].remedy : undefined
}

function alarm(
  level: Alarm['level'],
  code:
    | 'key-server.credential-expired'
    | 'key-server.credential-missing'
    | 'key-server.credential-refused'
    | 'key-server.credential-waiting'
    | 'key-server.token-unavailable'
    | 'sealing.unreadable',
): Alarm {
  const { title, remedy } = errorTable[code]
  return { level, code, message: `${title}.`, remedy }
}

/** A time to go, in days while there are some. */
export function inDays(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  return days >= 2 ? `${days} days` : inWords(ms)
}
