/** The real program as a child process: started as a user would start it, killed as the kernel would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PostmasterPid, readPostmasterPid } from '../packages/server/src/db/postmaster-pid.ts'
import type { FeedName } from '../packages/server/src/sync/feed-name.ts'

export interface AegisOptions {
  /** AEGIS_HOME. */
  readonly home: string
  /** Path of the configuration file. */
  readonly config: string
  /** Further arguments of `aegis up`. */
  readonly args?: readonly string[]
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

interface Instance {
  readonly url: string
  readonly token: string
  readonly pid: number
}

const bin = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'aegis.js')
/** A start takes a second or two of a processor; on a machine with much else to do that is a minute. */
const startTimeoutMs = 300_000
/** Whoever does not answer for longer never will. */
const answerTimeoutMs = 60_000

export class AegisProcess {
  readonly #options: AegisOptions
  readonly #child: ChildProcess
  #said = ''

  constructor(options: AegisOptions) {
    this.#options = options
    const args = ['up', '--plain', '--port', '0', ...(options.args ?? [])]
    this.#child = spawn(process.execPath, ['--conditions=aegis-source', bin, ...args], {
      env: { ...process.env, ...options.env, AEGIS_HOME: options.home, AEGIS_CONFIG: options.config },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data) => {
        this.#said = `${this.#said}${data}`.slice(-20_000)
      })
    }
  }

  /** What it printed last, for a failure's report. */
  get said(): string {
    return this.#said
  }

  /** The most memory that it ever held, MB; undefined where the system does not tell. */
  get memoryMostMb(): number | undefined {
    try {
      const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')) ?? []
      return kb === undefined ? undefined : Math.round(Number(kb) / 1_024)
    } catch {
      return undefined
    }
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the API answers; rejects when the process ends first. */
  async ready(): Promise<void> {
    for (const until = Date.now() + startTimeoutMs; Date.now() < until; await sleep(50)) {
      if (!this.running) throw new Error(`aegis ended with ${this.#child.exitCode}:\n${this.#said}`)
      if (await this.status().catch(() => undefined)) return
    }
    throw new Error(`aegis did not become ready, or ceased to be:\n${this.#said}`)
  }

  status(): Promise<StatusReport> {
    return this.#ask('GET', '/aegis/v1/status')
  }

  /** Whether the process says that it lives, whatever it cannot reach; rejects when it does not within a second. */
  health(): Promise<{ readonly status: 'up' }> {
    return this.#ask('GET', '/aegis/v1/health', { signal: AbortSignal.timeout(1_000) })
  }

  sql(practice: number, text: string): Promise<{ columns: string[]; rows: unknown[][]; truncated: boolean }> {
    const unseal = { reason: 'reliability rig', actor: 'rig' }
    return this.#ask('POST', '/aegis/v1/sql', { body: { practice, text, unseal } })
  }

  /** Ends the process at once, without any chance to tidy up. */
  async kill(): Promise<void> {
    if (!this.running) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  /** Lets the process stand still, until `resume`. */
  suspend(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends the process and its PostgreSQL without waiting for either. */
  abandon(): void {
    const postgres = this.postgresPid()
    this.#child.kill('SIGKILL')
    try {
      if (postgres !== undefined) process.kill(postgres, 'SIGQUIT')
    } catch {
      // It is gone already.
    }
  }

  /** Asks the process to stop, and waits for it. Returns its exit code. */
  async stop(): Promise<number | null> {
    if (!this.running) return this.#child.exitCode
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    return ended
  }

  /** As `stop`, but no longer than `mostMs`: then it is killed, and `undefined` returned. */
  async stopWithin(mostMs: number): Promise<number | null | undefined> {
    const patience = new AbortController()
    const late = sleep(mostMs, undefined, { signal: patience.signal }).catch(() => undefined)
    const code = await Promise.race([this.stop(), late])
    patience.abort()
    if (this.running) await this.kill()
    return code
  }

  /** The embedded PostgreSQL of this home, if one runs. */
  postgresPid(): number | undefined {
    return this.#postmaster()?.pid
  }

  /** Where it listens. */
  postgresSocketDirectory(): string | undefined {
    return this.#postmaster()?.socketDirectory
  }

  #postmaster(): PostmasterPid | undefined {
    return readPostmasterPid(join(this.#options.home, 'data', 'postgres'))
  }

  async #ask<T>(
    method: string,
    path: string,
    { body, signal = AbortSignal.timeout(answerTimeoutMs) }: { body?: unknown; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { url, token } = JSON.parse(
      readFileSync(join(this.#options.home, 'run', 'instance.json'), 'utf8'),
    ) as Instance
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal,
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
}

/** The part of `aegis status --json` that the rig looks at. */
export interface StatusReport {
  readonly now: string
  readonly practices: readonly {
    readonly practice: number
    readonly openIntents: number
    readonly waitingPages: number
    readonly inDoubt: number
    readonly quarantined: number
    readonly records: Readonly<Record<string, number>>
    readonly feeds: readonly {
      feed: FeedName
      state: string
      explanation: string
      lagMs: number | null
      gaps: readonly unknown[]
      failure: unknown
    }[]
  }[]
  readonly alarms: readonly { code: string; message: string }[]
}
