import { connect, type Socket } from 'node:net'

/** The next request as it goes over the wire. */
export type NextRequest = () => string

export interface LoopResult {
  readonly requests: number
  readonly elapsedMs: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly statuses: Readonly<Record<string, number>>
  readonly bytes: number
}

export interface LoopOptions {
  readonly host: string
  readonly port: number
  /** Connections kept alive; each sends its next request when the last one is answered. */
  readonly connections: number
  readonly durationMs: number
  readonly next: NextRequest
}

const headEnd = Buffer.from('\r\n\r\n')

/**
 * Asks as fast as the server answers. Written on bare sockets: with an HTTP client the generator, not the server,
 * would be measured.
 */
export async function closedLoop(options: LoopOptions): Promise<LoopResult> {
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  let bytes = 0
  const startedAt = performance.now()
  const until = startedAt + options.durationMs
  await Promise.all(
    Array.from({ length: options.connections }, () =>
      keepAsking(options, until, (answer) => {
        latencies.push(answer.ms)
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        bytes += answer.bytes
      }),
    ),
  )
  const elapsedMs = performance.now() - startedAt
  latencies.sort((left, right) => left - right)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    requests: latencies.length,
    elapsedMs,
    perSecond: (latencies.length / elapsedMs) * 1000,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    statuses,
    bytes,
  }
}

interface Answered {
  readonly status: number
  readonly bytes: number
  readonly ms: number
}

function keepAsking(options: LoopOptions, until: number, onAnswer: (answer: Answered) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: options.host, port: options.port, noDelay: true })
    const reader = new AnswerReader()
    let sentAt = 0
    const ask = () => {
      sentAt = performance.now()
      if (sentAt >= until) socket.end()
      else socket.write(options.next(), 'latin1')
    }
    socket.on('connect', ask)
    socket.on('data', (chunk) => {
      const answer = reader.read(chunk)
      if (answer === undefined) return
      onAnswer({ ...answer, ms: performance.now() - sentAt })
      ask()
    })
    closeOf(socket, resolve, reject)
  })
}

function closeOf(socket: Socket, resolve: () => void, reject: (error: Error) => void): void {
  socket.on('error', reject)
  socket.on('close', resolve)
}

/** Finds the end of each answer by its Content-Length; a connection carries one at a time. */
class AnswerReader {
  #head: Buffer | undefined
  #missing = -1
  #status = 0
  #bytes = 0

  read(chunk: Buffer): { status: number; bytes: number } | undefined {
    let body = chunk
    if (this.#missing < 0) {
      const data = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
      const end = data.indexOf(headEnd)
      if (end < 0) {
        this.#head = data
        return undefined
      }
      this.#head = undefined
      const head = data.toString('latin1', 0, end)
      this.#status = Number(head.slice(9, 12))
      this.#missing = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
      this.#bytes = this.#missing
      body = data.subarray(end + headEnd.length)
    }
    this.#missing -= body.length
    if (this.#missing > 0) return undefined
    this.#missing = -1
    return { status: this.#status, bytes: this.#bytes }
  }
}
