import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type AthenaClientOptions, createAthenaClient } from '../src/athena-client.ts'
import type { AthenaPractice } from '../src/resources/athena-practice.ts'

export interface TestServer extends AsyncDisposable {
  readonly baseUrl: string
  /** Practice 195900 of a client of this server, over real sockets and the machine's clock. */
  practice(options?: Partial<AthenaClientOptions>): AthenaPractice
  /** Requests of the API, method and path. */
  readonly requests: string[]
}

/** A real HTTP server on a free port: grants tokens, leaves calls of the API to `handle`. Dispose of it. */
export async function testServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    if (request.url === '/oauth2/v1/token') {
      response.setHeader('content-type', 'application/json')
      response.end('{"access_token":"token","expires_in":"3600"}')
      return
    }
    requests.push(`${request.method} ${request.url}`)
    handle(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  const baseUrl = `http://127.0.0.1:${port}`
  return {
    baseUrl,
    requests,
    practice: (options) =>
      createAthenaClient({
        environment: 'local',
        baseUrl,
        ...(options?.tokenSource ? {} : { credential: { clientId: 'client', secret: 'secret' } }),
        ...options,
      }).practice(195_900),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
