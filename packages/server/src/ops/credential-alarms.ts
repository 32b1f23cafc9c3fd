import { errorTable } from '../errors/error-table.ts'
import type { ErrorEntry } from '../errors/error-entry.ts'
import type { CredentialInfo } from '../key-server/list-credentials.ts'
import type { TokenTrouble } from '../key-server/token.sql.ts'
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
  const hasEnded = credentials.some(({ state }) => state === 'expired' || state === 'waiting')
  return alarm('error', hasEnded ? 'key-server.credential-expired' : 'key-server.credential-missing')
}

/** Of several, the one that lasts longest counts; the next one may stand ready already. */
function expiryAlarms({ credentials, now }: CredentialFacts, usable: readonly CredentialInfo[]): Alarm[] {
  const lasting = [...usable, ...credentials.filter(({ state }) => state === 'waiting')]
  const endsAt = Math.max(...lasting.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY))
  const leftMs = endsAt - now
  if (leftMs > expiryMs.warning) return []
  const level = leftMs > expiryMs.error ? 'warning' : 'error'
  const message = `The last credential of the app expires in ${inDays(leftMs)}; then no call can be made.`
  const remedy = 'Have athenahealth make a new secret or key, and give it: aegis keys rotate.'
  return [{ level, code: 'key-server.credential-expiring', message, remedy }]
}

function refusalAlarms(usable: readonly CredentialInfo[]): Alarm[] {
  const serving = usable.find(({ state }) => state === 'live')
  return usable
    .filter(({ state }) => state === 'refused')
    .map(({ number }) => ({
      ...alarm(serving ? 'warning' : 'error', 'key-server.credential-refused'),
      message: `athenahealth refuses credential ${number}${serving ? `; credential ${serving.number} serves` : ''}.`,
    }))
}

const remedies: Readonly<Record<string, string>> = {
  'malformed-response':
    'What answers at the base URL is not the token endpoint (a gateway or proxy answers in its place): check athena.baseUrl and what lies on the way.',
  'token-refused':
    'athenahealth refuses tokens that it granted a moment ago: check in the developer portal that the app is active and may call these practices.',
}

function tokenAlarms({ troubles, now }: CredentialFacts): Alarm[] {
  // A refused credential has been told of.
  return troubles
    .filter(({ failure }) => failure !== 'credential-refused' && failure !== 'revoked' && failure !== 'not-sent')
    .map(({ failure, failures, usable_until }) => {
      const leftMs = (usable_until ?? 0) - now
      const serves = leftMs > 0 ? `; the one at hand serves for ${inWords(leftMs)} more` : ''
      const base = alarm(leftMs > 0 ? 'warning' : 'error', 'key-server.token-unavailable')
      const message = `No new token can be had (${failure}, ${failures} times in a row)${serves}.`
      return { ...base, message, remedy: remedies[failure] ?? base.remedy }
    })
}

function alarm(
  level: Alarm['level'],
  code:
    | 'key-server.credential-expired'
    | 'key-server.credential-missing'
    | 'key-server.credential-refused'
    | 'key-server.token-unavailable',
): Alarm {
  const { title, remedy = '' }: ErrorEntry = errorTable[code]
  return { level, code, message: `${title}.`, remedy }
}

/** A time to go, in days while there are some. */
export function inDays(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  return days >= 2 ? `${days} days` : inWords(ms)
}
