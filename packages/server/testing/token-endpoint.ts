import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AthenaFetch } from '@aegis/client'
import type { Clock } from '../src/clock/clock.ts'

/** One request as the endpoint saw it. */
export interface SeenTokenRequest {
  readonly at: number
  readonly clientId: string
  /** Empty where a private key is used. */
  readonly secret: string
  /** A JWT signed with the private key; else empty. */
  readonly assertion: string
  readonly scope: string
}

/** How it answers. `body` may use the number of the request. */
export interface TokenAnswer {
  readonly status: number
  readonly body: (request: number) => string
  readonly contentType?: string
  /** The header `Retry-After`. */
  readonly retryAfter?: string
}

export interface TokenEndpoint {
  readonly baseUrl: string
  readonly requests: readonly SeenTokenRequest[]
  readonly fetch: AthenaFetch
  answer: TokenAnswer
  /** Answers by what is asked, in the place of `answer`. */
  judge: ((request: SeenTokenRequest) => TokenAnswer) | undefined
  /** Waits for this before it answers. */
  gate: Promise<void> | undefined
  close(): Promise<void>
}

/** A token with a string `expires_in`, as athenahealth sends it. */
export function granting(lifeSeconds: unknown = '3600'): TokenAnswer {
  const body = (request: number) => JSON.stringify({ access_token: `canary-token-${request}`, expires_in: lifeSeconds })
  return { status: 200, body }
}

/** A token endpoint on loopback that notes every request at the time of `clock`. */
export async function tokenEndpoint(clock: Pick<Clock, 'now'>): Promise<TokenEndpoint> {
  const requests: SeenTokenRequest[] = []
  const server = createServer((request, response) => {
    void readRequest(request, clock).then(async (seen) => {
      const number = requests.push(seen)
      await endpoint.gate
      send(response, endpoint.judge?.(seen) ?? endpoint.answer, number)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  const endpoint: TokenEndpoint = {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    fetch: (url, init) => fetch(url, { ...init }),
    answer: granting(),
    judge: undefined,
    gate: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return endpoint
}

async function readRequest(request: IncomingMessage, clock: Pick<Clock, 'now'>): Promise<SeenTokenRequest> {
  let body = ''
  for await (const part of request) body += String(part)
  const basic = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
  const [clientId = '', secret = ''] = basic.split(':')
  const form = new URLSearchParams(body)
  const assertion = form.get('client_assertion') ?? ''
  return { at: clock.now(), clientId, secret, assertion, scope: form.get('scope') ?? '' }
}

function send(response: ServerResponse, answer: TokenAnswer, request: number): void {
  // No keep-alive: a pooled connection would outlive the test.
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'application/json',
    connection: 'close',
    ...(answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter }),
  })
  response.end(answer.body(request))
}
