import type { Input } from '../route.ts'
import { jsonAnswer, type Answer } from '../server/answer.ts'
import type { RegisteredApp } from './apps.ts'
import { apiReach, grantScopes, type ScopeForms } from './scopes.ts'
import type { TokenStore } from './token-store.ts'

export interface GrantDeps {
  readonly tokens: TokenStore
  /** Lifetime of a token, virtual seconds. */
  readonly lifetimeS: number
  /** Recorded answers carry `expires_in` as a string; other clients were written against a number. */
  readonly expiresIn: 'string' | 'number'
  readonly scopeForms: ScopeForms
}

/** Answers `POST /oauth2/v1/token` of an app that has proven who it is, for the client-credentials grant. */
export function answerGrant(deps: GrantDeps, request: { app: RegisteredApp; form: Input; now: number }): Answer {
  const { app, form, now } = request
  const grantType = form.text('grant_type')
  if (grantType === undefined) return oauthError(400, 'invalid_request', 'grant_type is required.')
  if (grantType !== 'client_credentials') {
    return oauthError(400, 'unsupported_grant_type', 'This app may use client_credentials only.')
  }
  const { lifetimeS, expiresIn, scopeForms } = deps
  const scopes =
    app.kind === 'two-legged'
      ? grantScopes({ grants: app.grants, forms: scopeForms }, form.text('scope') ?? '')
      : undefined
  if (scopes === undefined) return accessDenied()
  const reach = apiReach(scopes)
  return jsonAnswer(200, {
    access_token: deps.tokens.issue({ app, scopes, reach, issuedAt: now, expiresAt: now + lifetimeS * 1000 }),
    token_type: 'Bearer',
    expires_in: expiresIn === 'string' ? String(lifetimeS) : lifetimeS,
    scope: scopes.join(' '),
  })
}

/**
 * Recorded for a request without scope and for a 3-legged app, word for word; for a scope that cannot be granted it is
 * inferred.
 */
export function accessDenied(): Answer {
  const detail = 'Policy evaluation failed for this request, please check the policy configurations.'
  return oauthError(401, 'access_denied', detail)
}

/** An error of the authorization server, in athenahealth's shape: recorded for one, inferred for the others. */
export function oauthError(status: number, error: string, detailedmessage: string): Answer {
  return jsonAnswer(status, { detailedmessage, error })
}
