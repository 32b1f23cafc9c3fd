import type { Input } from '../route.ts'
import type { Arrival } from '../server/answer.ts'
import type { RegisteredApp, Apps } from './apps.ts'
import {
  assertionType,
  problemOfAssertion,
  readAssertion,
  type Assertion,
  type AssertionRules,
  type UsedAssertions,
} from './client-assertion.ts'

export interface ClientDeps {
  readonly apps: Apps
  readonly assertions: AssertionRules
  readonly used: UsedAssertions
}

/** Who a request says it is from, and how it means to prove that. */
export interface Claim {
  readonly app: RegisteredApp
  readonly proof:
    | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly secret: string }
    | { readonly method: 'private_key_jwt'; readonly assertion: Assertion | undefined }
  /** The request proves itself in more ways than one, which RFC 6749, 2.3 forbids. */
  readonly isAmbiguous: boolean
}

/** The app a request claims to be from; undefined when it names none that is registered. Nothing is proven by this. */
export function claimOf({ apps }: Pick<ClientDeps, 'apps'>, arrival: Arrival, form: Input): Claim | undefined {
  const basic = basicCredential(arrival.authorization)
  const text = form.text('client_assertion')
  const secret = form.text('client_secret')
  const assertion = text === undefined ? undefined : readAssertion(text)
  const clientId = basic?.clientId ?? form.text('client_id') ?? textOf(assertion?.claims['sub'])
  const app = clientId === undefined ? undefined : apps.get(clientId)
  if (app === undefined) return undefined
  const isAmbiguous = [basic, text, secret].filter((given) => given !== undefined).length > 1
  if (basic !== undefined) return { app, isAmbiguous, proof: { method: 'client_secret_basic', secret: basic.secret } }
  if (text !== undefined) return { app, isAmbiguous, proof: { method: 'private_key_jwt', assertion } }
  return { app, isAmbiguous, proof: { method: 'client_secret_post', secret: secret ?? '' } }
}

/** What must be fetched before a claim can be judged; undefined when nothing must. */
export function keysFor({ app, proof }: Claim): Promise<void> | undefined {
  if (proof.method !== 'private_key_jwt' || app.remoteKeys === undefined) return undefined
  const kid = textOf(proof.assertion?.header['kid'])
  if (kid === undefined || app.keys.some((key) => key.kid === kid)) return undefined
  return app.remoteKeys.refreshFor(kid)
}

export interface Failure {
  readonly error: 'invalid_client' | 'invalid_request'
  readonly detail: string
}

const failed = (detail: string): Failure => ({ error: 'invalid_client', detail })

/** Why a claim is not believed; undefined when it is proven, by which a one-time assertion is used up. */
export function failureOf(deps: ClientDeps, claim: Claim, request: { form: Input; now: number }): Failure | undefined {
  const { app, proof, isAmbiguous } = claim
  if (isAmbiguous) return { error: 'invalid_request', detail: 'The client must be authenticated in one way only.' }
  // The words for a wrong secret do not tell it from a way that is not allowed.
  if (!app.authMethods.includes(proof.method)) return failed('Client authentication failed.')
  if (proof.method !== 'private_key_jwt') {
    return app.secrets.has(proof.secret) ? undefined : failed('Client authentication failed.')
  }
  return failureOfAssertion(deps, { app, assertion: proof.assertion }, request)
}

function failureOfAssertion(
  { assertions, used }: ClientDeps,
  { app, assertion }: { app: RegisteredApp; assertion: Assertion | undefined },
  { form, now }: { form: Input; now: number },
): Failure | undefined {
  if (form.text('client_assertion_type') !== assertionType) {
    return { error: 'invalid_request', detail: `client_assertion_type must be ${assertionType}.` }
  }
  if (assertion === undefined) return failed('The client_assertion is no signed JWT.')
  const { clientId } = app
  const keys = [...app.keys, ...(app.remoteKeys?.keys ?? [])]
  const problem = problemOfAssertion(assertions, assertion, { clientId, keys, now })
  if (problem !== undefined) return failed(problem)
  return used.use(clientId, assertion, now) ? undefined : failed('The client_assertion has been used before.')
}

function basicCredential(authorization: string | undefined): { clientId: string; secret: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : { clientId: pair.slice(0, colon), secret: pair.slice(colon + 1) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
