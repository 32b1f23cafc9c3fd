import type { Socket } from 'node:net'
import { Client, type Dispatcher, fetch } from 'undici'
import { systemClock } from '../clock/clock.ts'
import type { OpenSocket } from '../egress/open-socket.ts'

/** One connection to athenahealth, for one request at a time. */
export interface Connection {
  /** Whether a request sent now leaves now. */
  readonly usable: boolean
  /** Sends a request; what it rejects with carries the network's code. */
  send(url: URL, init: SendInit): Promise<Response>
  /** Nothing is on the connection: it may serve another request. */
  release(): void
  /** Closes the connection, whatever is on it. */
  destroy(): void
}

export interface SendInit {
  readonly method: string
  readonly headers: Record<string, string>
  /** A stream is read once. */
  readonly body?: string | ReadableStream<Uint8Array>
  readonly signal: AbortSignal
}

/**
 * Connections that are made before a permission is asked for. A permission is for now, and a handshake takes a while of
 * its own: calls that left when their handshakes were done, and not when they were due, would bunch up beyond the limit.
 */
export interface Connections {
  /** A connection that is open and free. */
  idle(): Connection | undefined
  /** Makes a new one. Rejects with the network's error, or AegisError `egress.address-refused`. */
  open(): Promise<Connection>
  /** Closes all of them, also those in use. */
  close(): Promise<void>
}

/** A free connection is kept for this long unless athenahealth asks for less: gateways commonly close at 60 s. */
const KEEP_IDLE_MS = 30_000

/** Closed this much before the time athenahealth names, so that no request meets a connection that is being closed. */
const CLOSE_EARLY_MS = 2_000

/** Connections over undici, HTTP/1.1, never more than one request at a time on any. */
export function createConnections({ origin, openSocket }: { origin: string; openSocket: OpenSocket }): Connections {
  const all = new Set<Held>()
  const idle: Held[] = []
  return {
    idle() {
      for (let held = idle.pop(); held; held = idle.pop()) if (held.take()) return held
      return undefined
    },
    async open() {
      const held = new Held(origin, await openSocket(), {
        freed: (freed) => idle.push(freed),
        closed: (closed) => all.delete(closed),
      })
      all.add(held)
      return held
    },
    async close() {
      await Promise.all([...all].map((held) => held.end()))
    },
  }
}

interface HeldEvents {
  freed(held: Held): void
  closed(held: Held): void
}

class Held implements Connection {
  readonly #client: Client
  readonly #once: Dispatcher
  readonly #socket: Socket
  readonly #events: HeldEvents
  #idle: { cancel(): void } | undefined
  #isAsked = false

  constructor(origin: string, socket: Socket, events: HeldEvents) {
    this.#socket = socket
    this.#events = events
    let taken = false
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_IDLE_MS,
      keepAliveMaxTimeout: KEEP_IDLE_MS,
      keepAliveTimeoutThreshold: CLOSE_EARLY_MS,
      // The caller's signal ends what takes too long.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect(_, callback) {
        // Asynchronous, as connecting is: undici does not expect a socket before it has finished asking for one.
        queueMicrotask(() => {
          if (taken) callback(new ConnectionLost(), null)
          else callback(null, socket)
          taken = true
        })
      },
    })
    this.#once = this.#client.compose((dispatch) => (options, handler) => {
      if (this.#isAsked) throw new AskedAgain()
      this.#isAsked = true
      return dispatch(options, handler)
    })
    socket.once('close', () => this.destroy())
    socket.on('error', () => undefined) // whoever uses the connection is told; unused, it is closed and that is all
  }

  get usable(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded && this.#socket.writable && !this.#client.destroyed
  }

  async send(url: URL, { method, headers, body, signal }: SendInit): Promise<Response> {
    this.#isAsked = false
    const response = await fetch(url, {
      dispatcher: this.#once,
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      // Otherwise undici keeps a copy of a streamed body in memory, for a redirect that might come.
      ...(typeof body === 'object' && { duplex: 'half' as const, redirect: 'error' as const, window: null }),
    })
    // undici's Response has everything of the runtime's that is used here; TypeScript knows them as two types.
    return response as unknown as Response
  }

  release(): void {
    if (!this.usable) return
    // undici closes connections that have served; one that never did would stay.
    this.#idle = systemClock.timer(KEEP_IDLE_MS, () => this.destroy())
    this.#events.freed(this)
  }

  /** Takes it out of idleness; false when it is closed. */
  take(): boolean {
    this.#idle?.cancel()
    return this.usable
  }

  destroy(): void {
    void this.end()
  }

  /** Resolves when undici has let go of everything. */
  async end(): Promise<void> {
    this.#idle?.cancel()
    this.#events.closed(this)
    this.#socket.destroy()
    await this.#client.destroy()
  }
}

/** The connection closed before the request left; undici would have made another one. */
class ConnectionLost extends Error {
  readonly code = 'ECONNRESET'
  /** As the system says it of connections that were never made: the request was not sent. */
  readonly syscall = 'connect'
  constructor() {
    super('The connection was closed before the request left')
    this.name = 'ConnectionLost'
  }
}

/**
 * An answer 421 ("wrong server"): `fetch` asks again by itself. That would be a call that nobody permitted, and where there is no
 * connection for it any more it would look as if the first one had not left either.
 */
class AskedAgain extends Error {
  readonly code = 'EMISDIRECTED'
  constructor() {
    super('The answer was that another server is responsible')
    this.name = 'AskedAgain'
  }
}

/** Whether `send` failed before anything of the request left. */
export function isNotSent(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof Error && error.cause instanceof ConnectionLost)
}

/** Sends through a given `fetch`, which looks after its connections itself: for tests and a simulator in this process. */
export function connectionsOver(given: typeof globalThis.fetch): Connections {
  const connection: Connection = {
    usable: true,
    send: (url, init) => given(url.href, { ...init, redirect: 'manual' }),
    release: () => undefined,
    destroy: () => undefined,
  }
  return { idle: () => connection, open: async () => connection, close: async () => undefined }
}
