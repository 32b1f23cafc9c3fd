import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A gateway in front of a simulator, under `/athena`. */
export interface Gateway {
  readonly url: string
  /** Values of the header `x-team`, one of each request. */
  readonly teams: readonly (string | undefined)[]
  /** The next answer to a path that ends so is lost on its way back: athenahealth has acted, and nobody hears of it. */
  loseNextAnswer(pathEnd: string): void
  close(): Promise<void>
}

const PREFIX = '/athena'

/** Starts a gateway that hands every request on with `forward`. */
export async function startGateway(target: string, forward: typeof fetch): Promise<Gateway> {
  const teams: (string | undefined)[] = []
  let losing: string | undefined
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    teams.push(request.headers['x-team']?.toString())
    const path = request.url?.slice(PREFIX.length) ?? ''
    const answer = await forward(target + path, await readRequest(request))
    const body = await answer.text()
    if (losing !== undefined && new URL(path, target).pathname.endsWith(losing)) {
      losing = undefined
      request.socket.destroy()
      return
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body)
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${PREFIX}`,
    teams,
    loseNextAnswer: (pathEnd) => {
      losing = pathEnd
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<RequestInit> {
  const { method = 'GET', headers } = request
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const names = ['authorization', 'content-type', 'accept'] as const
  const kept = names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]))
  return { method, headers: Object.fromEntries(kept), ...(method !== 'GET' && { body: Buffer.concat(chunks) }) }
}
