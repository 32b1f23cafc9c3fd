import type { RefusalCounter } from '../audit/refusal-counter.ts'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { RefusedRequest, Routes } from '../http/http-app.ts'
import { startHttpServer } from '../http/http-server.ts'
import type { Log } from '../log/log.ts'
import type { Home } from './home.ts'
import { removeInstance, writeInstance } from './instance-file.ts'
import type { Operations } from './operations.ts'
import { opsRoutes } from './ops.routes.ts'

export interface OpsOptions {
  readonly home: Home
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly operations: Operations
  readonly version: string
  /** Writes down who asked without the token. */
  readonly refusals: Pick<RefusalCounter, 'note'>
  readonly log: Log
  readonly random: Random
  /** The machine's clock, also where the installation's is a simulator's: people and sockets live in its time. */
  readonly clock: Clock
}

export interface RunningOps {
  readonly url: string
  /** Answers from now on, and tells other programs of this user where. */
  open(): void
  /** Takes the instance file away and closes the listener. May be called twice. */
  stop(): Promise<void>
}

const TOKEN_BYTES = 32

/** Nobody knows who it is: whoever has the token is the operator. */
const stranger = { kind: 'caller', id: 'unknown' } as const

/**
 * Takes the port of the operator's commands, on the loopback interface; until `open` every request is answered
 * `ops.not-listening`. The file in the home tells where it is and with which token, which is new with every start. Errors:
 * those of `startHttpServer`.
 */
export async function startOps(options: OpsOptions): Promise<RunningOps> {
  const { home, host, port, operations, version, refusals, log, random, clock } = options
  const token = random.bytes(TOKEN_BYTES).toString('base64url')
  let isOpen = false
  const routes: Routes = (app) => {
    app.addHook('preHandler', async () => {
      if (!isOpen) throw new AegisError('ops.not-listening')
    })
    opsRoutes(operations, clock)(app)
  }
  const onRefused = (refused: RefusedRequest) =>
    refusals.note({ type: 'access', subtype: 'request-refused', actor: stranger, ...refused })
  const server = await startHttpServer({ host, port, token, routes, onRefused, log, random, clock })
  return {
    url: server.url,
    open() {
      isOpen = true
      const startedAt = new Date(clock.now()).toISOString()
      writeInstance(home, { url: server.url, token, pid: process.pid, startedAt, version })
    },
    async stop() {
      removeInstance(home)
      await server.stop()
    },
  }
}
