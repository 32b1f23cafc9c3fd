import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A server on a real port that answers as the test says. */
export interface AthenaServer {
  readonly url: string
  /** `METHOD /path?query` of every request, in order of arrival. */
  readonly requests: string[]
  /** Connections accepted so far. */
  readonly connections: number
  /** This side of the connections that are open. */
  readonly sockets: ReadonlySet<Socket>
  /** What to answer; by default 200 with an empty patient list. */
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
  /** Ends every connection, and refuses further ones. */
  listenNoMore(): Promise<void>
}

/** Starts one for a test, or for the file when given `after` of node:test. */
export async function athenaServer(test: { after(work: () => Promise<void>): void }): Promise<AthenaServer> {
  let connections = 0
  const sockets = new Set<Socket>()
  const started: { -readonly [K in keyof AthenaServer]: AthenaServer[K] } = {
    url: '',
    requests: [],
    sockets,
    get connections() {
      return connections
    },
    answer: (_, response) => json(response, { patients: [], totalcount: 0 }),
    async listenNoMore() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    started.requests.push(`${request.method} ${request.url}`)
    for await (const _ of request); // the form is of no interest
    await started.answer(request, response)
  }
  // An assertion that fails in `answer` ends the connection: the test sees a call that failed.
  const server = createServer(
    (request, response) => void serve(request, response).catch((error) => response.destroy(error)),
  )
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  started.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  test.after(started.listenNoMore)
  return started
}

/** Answers as athenahealth does. */
export function json(
  response: ServerResponse,
  body: unknown,
  head: { status?: number; headers?: Record<string, string> } = {},
): void {
  const { status = 200, headers = {} } = head
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers })
  response.end(JSON.stringify(body))
}
