import type { Limiter } from '../limits/limiter.ts'
import { formOf, jsonAnswer, type Answer, type Arrival } from '../server/answer.ts'
import { rateLimitHeaders, throttledAnswer, type ThrottleStyle } from '../server/gateway.ts'
import { parseInput } from '../server/input.ts'
import type { Input } from '../route.ts'
import type { RegisteredApp } from './apps.ts'
import type { TokenStore } from './token-store.ts'

export interface TokenEndpoint {
  readonly apps: ReadonlyMap<string, RegisteredApp>
  readonly tokens: TokenStore
  readonly limiter: Limiter
  readonly throttle: ThrottleStyle
  readonly lifetimeS: number
  /** Recorded answers carry `expires_in` as a string; other clients were written against a number. */
  readonly expiresIn: 'string' | 'number'
}

/** A token request's answer and the app that asked, if it is known. */
export interface TokenOutcome {
  readonly answer: Answer
  readonly app: RegisteredApp | undefined
}

/** The scopes an app may ask for: athenaOne's own and SMART's for services. */
const grantable = /^(athena\/service\/Athenanet\.MDP\.\S+|system\/\S+)$/

/**
 * Answers `POST /oauth2/v1/token` for the client-credentials grant with Basic authentication. Credentials in the form
 * are refused. Every request of a known app counts against its minute, failed ones too.
 */
export function answerTokenRequest(endpoint: TokenEndpoint, arrival: Arrival, now: number): TokenOutcome {
  const credential = basicCredential(arrival.authorization)
  const app = credential && endpoint.apps.get(credential.clientId)
  if (credential === undefined || app === undefined) return { answer: invalidClient(), app: undefined }
  const verdict = endpoint.limiter.admitToken(app, now)
  const answer =
    verdict.refusedBy !== undefined
      ? throttledAnswer(verdict.refusedBy, endpoint.throttle)
      : credential.secret === app.secret
        ? grant(endpoint, { app, input: parseInput('', formOf(arrival)), now })
        : invalidClient()
  return { answer: { ...answer, headers: [...answer.headers, ...rateLimitHeaders(verdict)] }, app }
}

function grant(endpoint: TokenEndpoint, request: { app: RegisteredApp; input: Input; now: number }): Answer {
  const { app, input, now } = request
  const grantType = input.text('grant_type')
  if (grantType === undefined) return jsonAnswer(400, error('invalid_request', 'grant_type is required.'))
  if (grantType !== 'client_credentials') {
    return jsonAnswer(400, error('unsupported_grant_type', 'This app may use client_credentials only.'))
  }
  const scopes = (input.text('scope') ?? '').split(/\s+/).filter((scope) => scope !== '')
  if (scopes.length === 0 || !scopes.every((scope) => grantable.test(scope))) {
    // Recorded for a request without scope, word for word; for a scope that cannot be granted it is inferred.
    const detail = 'Policy evaluation failed for this request, please check the policy configurations.'
    return jsonAnswer(401, error('access_denied', detail))
  }
  const { lifetimeS, expiresIn } = endpoint
  return jsonAnswer(200, {
    access_token: endpoint.tokens.issue(app, now + lifetimeS * 1000),
    token_type: 'Bearer',
    expires_in: expiresIn === 'string' ? String(lifetimeS) : lifetimeS,
    scope: scopes.join(' '),
  })
}

/** The authorization server's refusal of a client (inferred). */
function invalidClient(): Answer {
  return jsonAnswer(401, error('invalid_client', 'Client authentication failed.'))
}

function error(code: string, detailedmessage: string) {
  return { detailedmessage, error: code }
}

function basicCredential(authorization: string | undefined): { clientId: string; secret: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : { clientId: pair.slice(0, colon), secret: pair.slice(colon + 1) }
}
