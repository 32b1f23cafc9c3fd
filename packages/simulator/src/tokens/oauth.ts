import { randomBytes } from 'node:crypto'
import type { Limiter } from '../limits/limiter.ts'
import type { Input } from '../route.ts'
import { formOf, jsonAnswer, type Answer, type Arrival } from '../server/answer.ts'
import { rateLimitHeaders, throttledAnswer, type ThrottleStyle } from '../server/gateway.ts'
import { parseInput } from '../server/input.ts'
import type { RegisteredApp } from './apps.ts'
import { claimOf, failureOf, keysFor, type ClientDeps } from './client-authentication.ts'
import type { SigningKey } from './signing-key.ts'
import { answerGrant, oauthError, type GrantDeps } from './token-endpoint.ts'
import { answerIntrospection, answerRevocation, type TokenQuery } from './token-queries.ts'
import type { IssuedToken } from './token-store.ts'

export interface Oauth extends ClientDeps, GrantDeps {
  readonly limiter: Limiter
  readonly throttle: ThrottleStyle
  readonly signingKey: SigningKey
}

/** An answer of the authorization server. */
export interface OauthOutcome {
  readonly answer: Answer
  readonly route: string
  /** The app that asked, if it is known. */
  readonly app: RegisteredApp | undefined
}

const prefix = '/oauth2/v1/'
export const tokenPath = `${prefix}token`
const keysPath = `${prefix}keys`

const actions: Readonly<Record<string, (oauth: Oauth, query: TokenQuery) => Answer>> = {
  [tokenPath]: answerGrant,
  [`${prefix}introspect`]: ({ tokens }, query) => answerIntrospection(tokens, query),
  [`${prefix}revoke`]: ({ tokens }, query) => answerRevocation(tokens, query),
}

/** Every path that is served here. */
export const oauthPaths: readonly string[] = [...Object.keys(actions), keysPath]

function actionOf({ path, method }: Arrival) {
  return method === 'POST' && Object.hasOwn(actions, path) ? actions[path] : undefined
}

/** Answers a request to the authorization server; undefined when it is none. */
export function answerOauth(oauth: Oauth, arrival: Arrival, now: number): OauthOutcome | undefined {
  const { path, method } = arrival
  if (!path.startsWith(prefix)) return undefined
  if (path === keysPath && method === 'GET') {
    return { answer: jsonAnswer(200, oauth.signingKey.jwks()), route: keysPath, app: undefined }
  }
  const action = actionOf(arrival)
  if (action === undefined) return undefined
  const form = parseInput('', formOf(arrival))
  const claim = claimOf(oauth, arrival, form)
  if (claim === undefined) {
    return { answer: oauthError(401, 'invalid_client', 'Client authentication failed.'), route: path, app: undefined }
  }
  const { app } = claim
  // Every request of a known app counts against its minute, failed ones and those about tokens too (inferred).
  const verdict = oauth.limiter.admitToken(app, now)
  const failure = verdict.refusedBy === undefined ? failureOf(oauth, claim, { form, now }) : undefined
  const answer =
    verdict.refusedBy !== undefined
      ? throttledAnswer(verdict.refusedBy, oauth.throttle)
      : failure !== undefined
        ? oauthError(failure.error === 'invalid_client' ? 401 : 400, failure.error, failure.detail)
        : action(oauth, { app, form, now })
  return { answer: { ...answer, headers: [...answer.headers, ...rateLimitHeaders(verdict)] }, route: path, app }
}

/** What must be fetched before a request can be answered: the keys of an app that serves them itself. */
export function fetchedFirst(oauth: Oauth, arrival: Arrival): Promise<void> | undefined {
  if (actionOf(arrival) === undefined || !arrival.body.includes('client_assertion')) return undefined
  const form: Input = parseInput('', formOf(arrival))
  const claim = claimOf(oauth, arrival, form)
  return claim && keysFor(claim)
}

export interface MintDeps {
  readonly format: 'opaque' | 'jwt'
  readonly signingKey: SigningKey
  /** Base URL of the simulator. */
  readonly url: () => string
}

/**
 * How the values of tokens are made: opaque with 28 characters as recorded, or as JWTs as documented, whose claims are
 * those of Okta (inferred).
 */
export function tokenMint({ format, signingKey, url }: MintDeps): (token: IssuedToken) => string {
  if (format === 'opaque') return () => randomBytes(21).toString('base64url')
  return ({ app, scopes, issuedAt, expiresAt }) =>
    signingKey.sign({
      ver: 1,
      jti: `AT.${randomBytes(24).toString('base64url')}`,
      iss: `${url()}/oauth2/v1`,
      aud: url(),
      iat: Math.floor(issuedAt / 1000),
      exp: Math.floor(expiresAt / 1000),
      cid: app.clientId,
      scp: scopes,
      sub: app.clientId,
    })
}

/**
 * What an assertion may name as its audience when nothing else is configured: the token endpoint under the simulator's
 * URL and under the preview's, whose place it takes.
 */
export function usualAudiences(url: string): readonly string[] {
  const { port } = new URL(url)
  const own = [url, `http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`]
  return [...own, 'https://api.preview.platform.athenahealth.com'].map((base) => base + tokenPath)
}
