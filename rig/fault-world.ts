/** A simulated practice and one Aegis on a home of its own, to which faults are done: the ground of `--faults`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulator } from '@aegis/simulator'
import { AegisProcess } from './aegis-process.ts'
import { FaultUnavailable } from './fault-run.ts'
import { embeddedLogins } from './held-mirror.ts'
import { judgePractice, type PracticeVerdict } from './judge-practice.ts'
import { isRunning, onInterrupt } from './on-interrupt.ts'
import {
  comeToRest,
  followVersions,
  type Limits,
  type Mirrored,
  productionLimits,
  startPractice,
  writeConfig,
} from './one-practice.ts'
import type { TrueVersions } from './true-versions.ts'

export interface FaultWorldOptions {
  readonly seed: number
  readonly patients: number
  readonly mirrored: Mirrored
  /** `system`: simulator and Aegis live in the machine's time, each by a clock of its own. */
  readonly clock?: 'simulator' | 'system'
  /** What athenahealth allows; if absent, as in production. */
  readonly limits?: Limits
  /** Virtual milliseconds per real one; 20 if absent. */
  readonly speed?: number
  /** Variables of the Aegis process; told the directory of the world. */
  readonly env?: (directory: string) => Readonly<Record<string, string>>
}

export class FaultWorld {
  readonly simulator: Simulator
  readonly directory: string
  readonly #mirrored: Mirrored
  readonly #limits: Limits
  readonly #versions: TrueVersions
  readonly #config: string
  readonly #env: Readonly<Record<string, string>>
  readonly #afterwards: (() => void)[] = []
  #aegis: AegisProcess | undefined

  private constructor(
    options: FaultWorldOptions,
    parts: { directory: string; simulator: Simulator; env: Readonly<Record<string, string>> },
  ) {
    this.#env = parts.env
    this.directory = parts.directory
    this.simulator = parts.simulator
    this.#mirrored = options.mirrored
    this.#versions = followVersions(parts.simulator, options.mirrored)
    const { clock = 'simulator', mirrored, limits = productionLimits } = options
    this.#limits = limits
    this.#config = writeConfig(parts.directory, { url: parts.simulator.url, clock, mirrored, limits })
  }

  static async begin(options: FaultWorldOptions): Promise<FaultWorld> {
    const { limits = productionLimits, speed = 20 } = options
    const inMachineTime = { speed: 1, startAt: Date.now(), activationLagMs: 2_000 }
    const directory = mkdtempSync(join(tmpdir(), 'aegis-faults-'))
    const env = envOrNothing(options, directory)
    const simulator = await startPractice(options, {
      limits: { ...limits, perDay: 500_000 },
      ...(options.clock === 'system' ? inMachineTime : { speed }),
    })
    return new FaultWorld(options, { directory, simulator, env })
  }

  get home(): string {
    return join(this.directory, 'home')
  }

  /** The Aegis process that was started last. */
  get aegis(): AegisProcess {
    if (!this.#aegis) throw new Error('Aegis was not started')
    return this.#aegis
  }

  /** Starts Aegis; the one before must have ended. */
  start(): AegisProcess {
    this.#aegis = new AegisProcess({ home: this.home, config: this.#config, env: this.#env })
    return this.#aegis
  }

  /** Waits until Aegis works; one that ended by itself is started again, as a supervisor would. */
  async working(): Promise<void> {
    if (!this.aegis.running) this.start()
    await this.aegis.ready()
  }

  /** At the end, however that comes: after Aegis was stopped, before the directory goes. */
  after(work: () => void): void {
    this.#afterwards.push(work)
  }

  /** Rests, waits until Aegis has caught up by itself, and compares with the truth. */
  async judge(): Promise<PracticeVerdict> {
    await comeToRest(this.aegis, this.simulator)
    const { simulator, aegis, home } = this
    const ground = { processes: [aegis], simulator, logins: embeddedLogins(home) } as const
    return judgePractice(ground, { versions: this.#versions, mirrored: this.#mirrored, limits: this.#limits })
  }

  /** Ends everything without waiting: somebody interrupts the rig. */
  abandon(): void {
    this.#aegis?.abandon()
    this.#clear()
  }

  async end(): Promise<void> {
    await this.#aegis?.stop()
    await this.#endPostgres()
    await this.simulator.stop()
    this.#clear()
  }

  /** Of an Aegis that was killed, or that could not stop it: it would hold the directory. */
  async #endPostgres(): Promise<void> {
    const postgres = this.#aegis?.postgresPid()
    if (postgres === undefined) return
    for (let tries = 0; isRunning(postgres) && tries < 100; tries += 1) {
      if (tries % 50 === 0) process.kill(postgres, 'SIGQUIT')
      await sleep(100)
    }
  }

  #clear(): void {
    for (const work of this.#afterwards.toReversed()) work()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Runs `work` in a world of its own, which ends with it, and puts the seed and Aegis's last words to a failure. */
export async function inFaultWorld<T>(options: FaultWorldOptions, work: (world: FaultWorld) => Promise<T>): Promise<T> {
  const world = await FaultWorld.begin(options)
  const forget = onInterrupt(() => world.abandon())
  try {
    return await work(world)
  } catch (error) {
    if (error instanceof FaultUnavailable) throw error
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${options.seed}: ${said}\n${saidBy(world)}`, { cause: error })
  } finally {
    forget()
    await world.end()
  }
}

/** Nothing is left behind where it is not to be had. */
function envOrNothing({ env }: FaultWorldOptions, directory: string): Readonly<Record<string, string>> {
  try {
    return env?.(directory) ?? {}
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

function saidBy(world: FaultWorld): string {
  try {
    return world.aegis.said
  } catch {
    return ''
  }
}
