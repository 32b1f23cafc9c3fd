import { AthenaError } from '@aegis/client'
import type { Clock } from '../../clock/clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import type { CredentialInfo } from '../../key-server/list-credentials.ts'
import { credentialAlarms } from '../../ops/credential-alarms.ts'
import { AegisError, isAegisError } from '../../errors/aegis-error.ts'
import type { ErrorCode } from '../../errors/error-table.ts'
import { type Asker, shakeHands } from './ask-athenahealth.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('athenahealth')

const DAY_MS = 86_400_000
/** A certificate that ends sooner is worth a word: proxies and gateways are renewed by people. */
const CERTIFICATE_DAYS = 14

/** Whether the host can be reached, and over what. */
export async function checkConnection(config: AegisConfig, clock: Clock): Promise<Finding> {
  const { baseUrl } = config.athena
  try {
    const { tls } = await shakeHands(config)
    if (!tls) return report.ok('connection', `${baseUrl} takes connections, without TLS, as a simulator does`)
    const days = Math.floor((tls.validUntil - clock.now()) / DAY_MS)
    if (days >= CERTIFICATE_DAYS)
      return report.ok('connection', `${baseUrl} over ${tls.protocol}, certificate for ${days} days`)
    const message = `The certificate of ${baseUrl} ends in ${days} days.`
    return report.warning(
      'connection',
      message,
      'Whoever runs that host has to renew it; athenahealth does so by itself.',
    )
  } catch (error) {
    if (isAegisError(error)) return report.fromError('connection', error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return connectionFailure(baseUrl, code)
  }
}

function connectionFailure(baseUrl: string, code: string): Finding {
  // What is said of versions, or by somebody who does not speak TLS at all. An alert may speak of a certificate: of ours.
  if (/^ERR_SSL.*(?:VERSION|UNSUPPORTED_PROTOCOL|PACKET_LENGTH)/.test(code))
    return report.failure('connection', `${baseUrl} does not speak TLS 1.2 or newer (${code}).`, tlsRemedy)
  if (/^ERR_SSL|^EPROTO/.test(code))
    return report.failure('connection', `The TLS handshake with ${baseUrl} failed (${code}).`, tlsRemedy)
  if (/CERT|^UNABLE_TO|^INVALID/.test(code))
    return report.failure('connection', `The certificate of ${baseUrl} is not accepted (${code}).`, certificateRemedy)
  return report.failure('connection', `${baseUrl} cannot be reached (${code}).`, networkRemedy)
}

const tlsRemedy =
  'Check athena.baseUrl (http where https is meant, another port) and any proxy on the way: athenahealth itself speaks TLS 1.2.'
const certificateRemedy =
  'Check athena.baseUrl and whether a proxy on the way puts itself in between; its authority would have to be trusted by Node (NODE_EXTRA_CA_CERTS).'
const networkRemedy = 'Check the network, name resolution and any proxy or firewall between here and athena.baseUrl.'

/** More than this makes windows of seconds untrustworthy. */
const SKEW_MAX_MS = 2_000

/** Practices that are asked for; the rest of a large installation is told by its own calls. */
export const practicesAskedMax = 20

/** Whether the credential is accepted and opens every configured practice, and whether the clocks agree. */
export async function checkAccess(asker: Asker, config: AegisConfig): Promise<readonly Finding[]> {
  const token = await checkToken(asker, config)
  if (token.level !== 'ok') {
    return [
      token,
      report.skipped('practice', 'No practice was asked for: there is no token.'),
      ...skewFinding(asker, config),
    ]
  }
  const findings = [token]
  if (config.role === 'key-server') {
    const why = 'No practice was asked for: that is for those who use the key server.'
    return [token, report.skipped('practice', why), ...skewFinding(asker, config)]
  }
  for (const practice of config.practices.slice(0, practicesAskedMax))
    findings.push(await checkPractice(asker, practice))
  const left = config.practices.length - practicesAskedMax
  if (left > 0) findings.push(report.skipped('practice', `${left} more practices were not asked for.`))
  return [...findings, ...skewFinding(asker, config)]
}

/** What of the stored credentials wants a person: expired, about to, refused; none of them for use (pure). */
export function credentialFindings(credentials: readonly CredentialInfo[], now: number): readonly Finding[] {
  return credentialAlarms({ credentials, troubles: [], now }).map(({ level, code, message, remedy }) =>
    report[level === 'error' ? 'failure' : 'warning']('credential', `${message} (${code})`, remedy),
  )
}

const unknownClock = report.skipped('clock', "How this machine's clock stands is not known: no answer told the time.")

/** What is not asked for where there is no credential to ask with. */
export const withoutCredential: readonly Finding[] = [
  report.skipped('practice', 'No practice was asked for: there is no credential to ask with.'),
  unknownClock,
]

/** There is none to be tried. */
export const noCredential: readonly Finding[] = [
  report.failure(
    'credential',
    'No credential of the app is configured or stored.',
    'Give its secret or key: "aegis keys add", or name a file with athena.secretFile.',
  ),
  ...withoutCredential,
]

/** No token could be asked for just now. */
const noTurn: ReadonlySet<string> = new Set(['requests-per-minute', 'fetched-elsewhere'])

async function checkToken(asker: Asker, config: AegisConfig): Promise<Finding> {
  try {
    const had = await asker.token()
    const message = {
      granted: 'The credential is accepted, and a token granted for the scope',
      'at-hand': 'A token is there; it was asked for less than a minute ago and is not asked for again',
      'handed-out':
        'The key server handed out a token; whether the credential still gets a new one, "aegis doctor" on its host tries',
    }
    return report.ok('credential', message[had])
  } catch (error) {
    if (isAegisError(error, 'key-server.token-unavailable') && noTurn.has(String(error.detail.reason))) {
      const message = `There is no token, and none could be asked for just now (${error.detail.reason}).`
      const remedy =
        'Ask again in a minute. If it stays, something asks for tokens all the time: look at "aegis status".'
      return report.warning('credential', message, remedy)
    }
    return scopeFailure(error, config) ?? tokenFailure(error)
  }
}

/** The client says in words of its own what was refused, where athenahealth does. */
function scopeFailure(error: unknown, { athena }: AegisConfig): Finding | undefined {
  if (!/refused the scope|the scope is missing/.test(athenaErrorOf(error)?.hint ?? '')) return undefined
  const remedy = 'Ask athenahealth to add the scope to the app, or name one that it has under athena.scope.'
  return report.failure('scope', `athenahealth does not grant the app the scope "${athena.scope}".`, remedy)
}

function tokenFailure(error: unknown): Finding {
  const code = athenaErrorOf(error)?.code
  if (code === 'configuration' || isAegisError(error, 'key-server.credential-refused')) {
    return report.fromError('credential', new AegisError('key-server.credential-refused'))
  }
  // What kept the token from being asked for at all says what to do.
  if (code === undefined && isAegisError(error)) {
    return report.fromError('credential', isAegisError(error.cause) ? error.cause : error)
  }
  return unanswered(code ?? 'unknown')
}

function unanswered(code: string): Finding {
  if (code === 'network' || code === 'timeout') {
    return report.failure('credential', 'The token endpoint cannot be reached.', networkRemedy)
  }
  if (code === 'throttled') {
    const remedy = 'Wait a minute. If it stays, another program asks for tokens with this app.'
    return report.warning('credential', 'The token endpoint is throttled: no more requests this minute.', remedy)
  }
  const remedy = 'Check athena.baseUrl and any proxy on the way; if athenahealth is down, try again later.'
  return report.failure('credential', `The token endpoint does not answer as athenahealth's does (${code}).`, remedy)
}

function athenaErrorOf(error: unknown): AthenaError | undefined {
  if (error instanceof AthenaError) return error
  return error instanceof Error && error.cause instanceof AthenaError ? error.cause : undefined
}

const refusals: Readonly<Record<string, ErrorCode>> = {
  'unknown-practice': 'start.practice-unknown',
  forbidden: 'start.practice-refused',
  network: 'start.upstream-unreachable',
  timeout: 'start.upstream-unreachable',
  'malformed-response': 'start.not-athenahealth',
}

async function checkPractice(asker: Asker, practice: number): Promise<Finding> {
  try {
    await asker.practice(practice)
    return report.ok('practice', `Practice ${practice} answers`)
  } catch (error) {
    if (!(error instanceof AthenaError)) return report.fromError('practice', error)
    const code = refusals[error.code] ?? 'start.upstream-failed'
    return report.fromError('practice', new AegisError(code, { practice, answer: error.code }))
  }
}

function skewFinding(asker: Asker, { clock }: AegisConfig): Finding[] {
  if (clock === 'simulator') return [report.ok('clock', "The simulator's clock is used")]
  const skewMs = asker.skewMs()
  if (skewMs === undefined) return [unknownClock]
  if (skewMs > SKEW_MAX_MS)
    return [report.fromError('clock', new AegisError('upstream.clock-skew', { skewMs: Math.round(skewMs) }))]
  return [report.ok('clock', "This machine's clock and athenahealth's agree")]
}
