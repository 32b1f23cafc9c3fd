import type { AthenaFetch, AthenaHooks, CallOptions } from './athena-call.ts'
import { AthenaError } from './athena-error.ts'
import { type Clock, systemClock } from './clock.ts'
import { checkLimit, limitsOf } from './call/limits.ts'
import { defaultRetryPolicy, RetryBudget, type RetryPolicy } from './call/retry-policy.ts'
import type { CallDeps, Timeouts } from './call/send-call.ts'
import { type Environment, resolveBaseUrl } from './environment.ts'
import { systemRandom } from './random.ts'
import type { PracticeInfo } from './records/practice-records.ts'
import type { ClientListRequest, ClientRequest } from './request/endpoint-request.ts'
import { listEndpoint, requestEndpoint } from './request/request-endpoint.ts'
import { type AthenaPractice, athenaPractice } from './resources/athena-practice.ts'
import { listEndpoints } from './resources/endpoints.ts'
import { type List, listOf } from './resources/list.ts'
import type { TokenSource } from './token/access-token.ts'
import { CredentialTokenSource } from './token/credential-token-source.ts'
import { checkCredential, type Credential } from './token/credential.ts'

/** How a client is made: where calls go, who makes them, and what may be otherwise. */
export interface AthenaClientOptions {
  /** Where calls go. A credential of one environment is never sent to another. */
  readonly environment: Environment
  /** Default: athenahealth's host of the environment. `local` needs one, on loopback or in `allowedHosts`. */
  readonly baseUrl?: string
  /** Further hosts (`name` or `name:port`) the base URL may have, e.g. of a gateway. athenahealth's own are never added. */
  readonly allowedHosts?: readonly string[]
  /** Between base URL and practice id. Default `/v1`. */
  readonly apiPath?: string
  /** The app's id with its secret or private key. Give this or `tokenSource`. */
  readonly credential?: Credential
  /** Your own source of tokens, e.g. a key server. Give this or `credential`. */
  readonly tokenSource?: TokenSource
  /** Asked for with `credential`. Default `athena/service/Athenanet.MDP.*`. */
  readonly scope?: string
  /** Default: the runtime's. See AthenaFetch for what a wrapper gets. */
  readonly fetch?: AthenaFetch
  /** Default: the machine's. */
  readonly clock?: Clock
  /** In [0, 1), for jitter only. Default: the machine's. */
  readonly random?: () => number
  /** Overrides of the retry policy; `false` repeats nothing but once with a newer token after a 401. */
  readonly retry?: Partial<RetryPolicy> | false
  readonly timeouts?: Partial<Timeouts>
  /** Largest answer taken, in bytes after decompression. Default 16 MiB: a full page of 5,000 records and room. */
  readonly responseBytesMax?: number
  readonly hooks?: AthenaHooks
}

/** One app's way into athenahealth. Holds a token and a retry budget; serves any number of practices at once. */
export interface AthenaClient {
  readonly environment: Environment
  /** The API of one practice. Sends nothing and costs next to nothing: keep it or ask each time. */
  practice(id: number): AthenaPractice
  /** Every practice the app can reach. */
  practices(options?: CallOptions): List<PracticeInfo>
  /** Calls any endpoint of the catalogue in the practice named; as `practice(id).request`. */
  readonly request: ClientRequest
  /** Reads any list endpoint of the catalogue page by page; as `practice(id).list`. */
  readonly list: ClientListRequest
}

const TIMEOUTS: Timeouts = { headersMs: 10_000, tokenMs: 10_000, callMs: 30_000, uploadMs: 120_000 }
const RESPONSE_BYTES_MAX = 16 * 1024 * 1024

/** athenahealth lists all of an app's practices under this id. */
const ANY_PRACTICE = 1

/** Makes a client. Sends nothing; throws an AthenaError (`environment`, `invalid-argument`) on options that cannot be meant. */
export function createAthenaClient(options: AthenaClientOptions): AthenaClient {
  const deps = makeDeps(options)
  const { environment } = options
  return {
    environment,
    practice(id) {
      if (!Number.isSafeInteger(id) || id < 1) throw invalid('practice', 'a practice id is a whole number above 0')
      return athenaPractice({ deps, practice: id })
    },
    practices: (callOptions) =>
      listOf({ deps, practice: ANY_PRACTICE }, listEndpoints.practiceInfo, { options: callOptions }),
    request: async (endpoint, { practice, ...wanted }, callOptions) =>
      requestEndpoint({ deps, practice }, endpoint, { ...wanted, options: callOptions }),
    list: (endpoint, { practice, ...wanted }, callOptions) =>
      listEndpoint({ deps, practice }, endpoint, { ...wanted, options: callOptions }),
  }
}

function makeDeps(options: AthenaClientOptions): CallDeps {
  const baseUrl = resolveBaseUrl(options)
  const apiPath = options.apiPath ?? '/v1'
  if (!/^(\/[\w.-]+)+$/.test(apiPath)) throw invalid('apiPath', 'apiPath looks like /v1')
  const { clock = systemClock, random = systemRandom, hooks = {} } = options
  // Called through, so that a runtime's fetch set later (instrumentation) is the one used.
  const fetch: AthenaFetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  const timeouts = limitsOf(TIMEOUTS, options.timeouts)
  const policy = limitsOf(defaultRetryPolicy, options.retry === false ? { attemptsMax: 1 } : options.retry)
  const { responseBytesMax = RESPONSE_BYTES_MAX } = options
  checkLimit('responseBytesMax', responseBytesMax)
  const shared = { fetch, clock, random, hooks }
  return {
    ...shared,
    tokens: makeTokens(options, { ...shared, timeoutMs: timeouts.tokenMs }),
    apiUrl: baseUrl + apiPath,
    timeouts,
    policy,
    budget: new RetryBudget(policy),
    responseBytesMax,
  }
}

interface TokenDeps {
  readonly fetch: AthenaFetch
  readonly clock: Clock
  readonly random: () => number
  readonly hooks: AthenaHooks
  readonly timeoutMs: number
}

function makeTokens(options: AthenaClientOptions, deps: TokenDeps): TokenSource {
  const { credential, tokenSource } = options
  if (tokenSource && !credential) return tokenSource
  if (!credential || tokenSource) throw invalid('credential', 'give a credential or a tokenSource, not both')
  checkCredential(credential, options.environment)
  const { environment, baseUrl, allowedHosts, scope } = options
  return new CredentialTokenSource({
    ...deps,
    environment,
    credential,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(allowedHosts && { allowedHosts }),
    ...(scope !== undefined && { scope }),
  })
}

function invalid(field: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [field], hint })
}
