import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyEncoding, type Answer, type Arrival, type Delivery } from './answer.ts'
import { tooLargeAnswer } from './gateway.ts'
import type { Line } from './line.ts'

/** Larger bodies are refused: 20 MB documents, base64-encoded and urlencoded, stay below it. */
const bodyBytesMax = 64 * 1024 * 1024

/** Idle connections of pooled clients live as long as behind a usual load balancer. */
const keepAliveTimeoutMs = 60_000

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  /** Answers at once where it can; a promise only where something must be fetched first. */
  readonly handle: (arrival: Arrival) => Answer | Promise<Answer>
  /** Value of the `Date` header: the simulator's time, not the machine's. */
  readonly date: () => string
  readonly line: Line
}

export interface Listener {
  readonly url: string
  /** Stops listening and closes every connection at once. */
  readonly stop: () => Promise<void>
}

/** Serves HTTP on a socket; port 0 takes a free one. Rejects when the port is taken or may not be used. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, noDelay: true }, (message, response) => {
    receive(options, message, response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return { url: urlOf(server, options.host), stop: () => close(server) }
}

function urlOf(server: Server, host: string): string {
  // A server that listens on a TCP port has an address object.
  const { port } = server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function receive(options: ListenerOptions, message: IncomingMessage, response: ServerResponse): void {
  if (!hasBody(message)) {
    reply(options, response, arrivalOf(message, ''))
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  message.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= bodyBytesMax) chunks.push(chunk)
    else if (!response.headersSent) {
      send(options, response, tooLargeAnswer())
      message.destroy()
    }
  })
  message.on('end', () => {
    if (!response.headersSent) {
      const encoding = bodyEncoding(message.headers['content-type'])
      reply(options, response, arrivalOf(message, Buffer.concat(chunks).toString(encoding)))
    }
  })
}

function reply(options: ListenerOptions, response: ServerResponse, arrival: Arrival): void {
  const answer = options.handle(arrival)
  if (!(answer instanceof Promise)) send(options, response, answer)
  // Who gave up waiting is sent nothing.
  else void answer.then((late) => response.destroyed || send(options, response, late))
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function arrivalOf({ method = 'GET', url = '/', headers }: IncomingMessage, body: string): Arrival {
  const mark = url.indexOf('?')
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    authorization: headers.authorization,
    contentType: headers['content-type'],
    requestId: headers['x-request-id']?.toString(),
    accept: headers.accept,
    body,
  }
}

function send(options: ListenerOptions, response: ServerResponse, answer: Answer): void {
  const dueAt = answer.delivery?.dueAt
  if (dueAt === undefined) {
    sendNow(options, response, answer)
    return
  }
  const timer = options.line.at(dueAt, () => sendNow(options, response, answer))
  response.once('close', () => timer.cancel())
}

function sendNow(options: ListenerOptions, response: ServerResponse, answer: Answer): void {
  const { body, delivery } = answer
  const { isReset, cutAt, dribble } = delivery ?? {}
  if (isReset) response.socket?.resetAndDestroy()
  else if (Buffer.isBuffer(body) && cutAt !== undefined) sendCut(options, response, { ...answer, body, cutAt })
  else if (Buffer.isBuffer(body) && dribble !== undefined) dribbleOut(options, response, { ...answer, body, dribble })
  else sendWhole(options, response, answer)
}

type Bytes = Answer & { readonly body: Buffer }

function writeHead(options: ListenerOptions, response: ServerResponse, { status, headers, body }: Bytes): void {
  response.sendDate = false
  response.writeHead(status, [...headers, 'Date', options.date(), 'Content-Length', String(body.length)])
}

function sendCut(options: ListenerOptions, response: ServerResponse, answer: Bytes & { cutAt: number }): void {
  writeHead(options, response, answer)
  response.write(answer.body.subarray(0, answer.cutAt), () => response.destroy())
}

type Dribbled = Bytes & { readonly dribble: NonNullable<Delivery['dribble']> }

function dribbleOut(options: ListenerOptions, response: ServerResponse, answer: Dribbled): void {
  const { body, dribble } = answer
  writeHead(options, response, answer)
  response.flushHeaders()
  let sent = 0
  const next = () => {
    response.write(body.subarray(sent, sent + dribble.pieceBytes))
    sent += dribble.pieceBytes
    if (sent >= body.length) response.end()
    else timer = options.line.after(dribble.everyMs, next)
  }
  let timer = options.line.after(dribble.everyMs, next)
  response.once('close', () => timer.cancel())
}

function sendWhole(options: ListenerOptions, response: ServerResponse, answer: Answer): void {
  response.sendDate = false
  const headers = [...answer.headers, 'Date', options.date()]
  if (typeof answer.body === 'string') {
    // As text, not bytes: Node then writes head and body in one piece.
    const bytes = Buffer.byteLength(answer.body)
    response.writeHead(answer.status, [...headers, 'Content-Length', String(bytes)])
    response.end(answer.body, bytes === answer.body.length ? 'latin1' : 'utf8')
    return
  }
  if (Buffer.isBuffer(answer.body)) {
    response.writeHead(answer.status, [...headers, 'Content-Length', String(answer.body.length)])
    response.end(answer.body)
    return
  }
  response.writeHead(answer.status, headers)
  stream(response, answer.body[Symbol.iterator]())
}

/** Writes piece by piece, waiting for the reader, so that a large state never stands in memory as one text. */
function stream(response: ServerResponse, pieces: Iterator<string>): void {
  for (;;) {
    const piece = pieces.next()
    if (piece.done || response.destroyed) {
      response.end()
      return
    }
    if (!response.write(piece.value)) {
      response.once('drain', () => stream(response, pieces))
      return
    }
  }
}
