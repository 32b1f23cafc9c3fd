/**
 * `POST /oauth2/v1/introspect` and `/oauth2/v1/revoke`. athenahealth lists both and shows neither: requests and answers are
 * those of RFC 7662 and RFC 7009, with the app authenticated as for a token.
 */
import type { Input } from '../route.ts'
import { jsonAnswer, type Answer } from '../server/answer.ts'
import type { RegisteredApp } from './apps.ts'
import { oauthError } from './token-endpoint.ts'
import type { TokenStore } from './token-store.ts'

export interface TokenQuery {
  /** Who asks; proven. */
  readonly app: RegisteredApp
  readonly form: Input
  /** Virtual epoch ms. */
  readonly now: number
}

/** Tells an app about one of its tokens. One that is another's, expired or made up is just not active. */
export function answerIntrospection(tokens: TokenStore, { app, form, now }: TokenQuery): Answer {
  const value = form.text('token')
  if (value === undefined) return oauthError(400, 'invalid_request', 'token is required.')
  const token = tokens.look(value, now)
  if (typeof token === 'string' || token.app !== app) return jsonAnswer(200, { active: false })
  return jsonAnswer(200, {
    active: true,
    scope: token.scopes.join(' '),
    client_id: app.clientId,
    sub: app.clientId,
    token_type: 'Bearer',
    iat: Math.floor(token.issuedAt / 1000),
    exp: Math.floor(token.expiresAt / 1000),
  })
}

/** Ends one of an app's tokens. One that is not known is answered the same (RFC 7009, 2.2); another's is refused. */
export function answerRevocation(tokens: TokenStore, { app, form, now }: TokenQuery): Answer {
  const value = form.text('token')
  if (value === undefined) return oauthError(400, 'invalid_request', 'token is required.')
  const token = tokens.look(value, now)
  if (typeof token !== 'string' && token.app !== app) {
    return oauthError(400, 'unauthorized_client', 'The token was issued to another client.')
  }
  tokens.end(value)
  return { status: 200, headers: [], body: '' }
}
