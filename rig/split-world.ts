/** One practice, and Aegis on several hosts: a key server and workers, each with ways of its own that can be cut. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@aegis/simulator'
import { systemClock } from '../packages/server/src/clock/clock.ts'
import type { RuntimeLogins } from '../packages/server/src/db/database-login.ts'
import { type EmbeddedPostgres, startEmbedded } from '../packages/server/src/db/embedded-postgres.ts'
import { CuttableWay } from '../packages/server/testing/cuttable-way.ts'
import { silentLog } from '../packages/server/testing/memory-log.ts'
import { testAuthority } from '../packages/server/testing/test-certificates.ts'
import { AegisProcess } from './aegis-process.ts'
import { freePort } from './free-port.ts'
import { abandonPostgres, onInterrupt } from './on-interrupt.ts'
import { judgePractice, type PracticeVerdict } from './judge-practice.ts'
import { comeToRest, feedsOf, followVersions, type Mirrored, practice, scopes } from './one-practice.ts'
import type { TrueVersions } from './true-versions.ts'

export const hostNames = ['key-server', 'worker-1', 'worker-2'] as const
export type HostName = (typeof hostNames)[number]
/** What a host reaches over a way of its own. */
export type Target = 'postgres' | 'athenahealth' | 'key-server'

export interface SplitWorldOptions {
  readonly seed: number
  readonly patients: number
  /** `sync.lease`, real ms; a short one if absent. */
  readonly leaseMs?: number
  readonly mirrored: Mirrored
}

/** Virtual milliseconds per real one. */
export const speed = 20
/** Short enough that a cut outlives it: 20 s of the machine. */
export const tokenLifeMs = 400_000
const shortLeaseMs = 3_000
/** A process that is asked to stop ends within this, whatever it is cut off from. */
export const stopMaxMs = 30_000
/** The narrow ones of preview. */
export const limits = { perSecond: 5, tokensPerMinute: 5 }

/** 10:00 Eastern on a working day: the practice changes every few seconds. */
const tuesdayMorning = Date.UTC(2026, 2, 3, 15)

interface Host {
  readonly ways: ReadonlyMap<Target, CuttableWay>
  readonly start: () => AegisProcess
}

export class SplitWorld {
  readonly simulator: Simulator
  readonly #directory: string
  readonly #postgres: EmbeddedPostgres
  readonly #hosts: ReadonlyMap<HostName, Host>
  readonly #mirrored: Mirrored
  readonly #versions: TrueVersions
  readonly #running = new Map<HostName, AegisProcess>()

  private constructor(
    parts: { directory: string; simulator: Simulator; postgres: EmbeddedPostgres },
    { hosts, mirrored }: { hosts: ReadonlyMap<HostName, Host>; mirrored: Mirrored },
  ) {
    this.#directory = parts.directory
    this.simulator = parts.simulator
    this.#postgres = parts.postgres
    this.#hosts = hosts
    this.#mirrored = mirrored
    this.#versions = followVersions(parts.simulator, mirrored)
  }

  static async begin({ seed, patients, leaseMs = shortLeaseMs, mirrored }: SplitWorldOptions): Promise<SplitWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'aegis-split-'))
    const postgres = await startEmbedded({
      dataDir: join(directory, 'postgres'),
      runDir: join(directory, 'run'),
      log: silentLog,
      clock: systemClock,
      // Those of connections that the network has forgotten, and the server not yet, count too.
      settings: { max_connections: '200' },
    })
    const simulator = await startSimulator({
      seed,
      practices: [{ id: practice, patients, restrictions: 'filtered' }],
      limits: 'preview',
      speed,
      startAt: tuesdayMorning,
      day: true,
      activationLagMs: 60_000,
      tokenLifetimeS: tokenLifeMs / 1_000,
    })
    const hosts = await prepareHosts({ directory, simulator, postgres, leaseMs, mirrored })
    return new SplitWorld({ directory, simulator, postgres }, { hosts, mirrored })
  }

  get logins(): RuntimeLogins {
    return this.#postgres.logins
  }

  /** The process that runs on a host. */
  on(host: HostName): AegisProcess {
    const process = this.#running.get(host)
    if (!process) throw new Error(`nothing was started on ${host}`)
    return process
  }

  /** Starts Aegis on a host; what ran there must have ended. */
  start(host: HostName): AegisProcess {
    const process = this.#host(host).start()
    this.#running.set(host, process)
    return process
  }

  /** The key server first: the workers need a token to start. */
  async startAll(): Promise<void> {
    for (const host of hostNames) await this.start(host).ready()
  }

  /** Waits until all work; one that ended by itself is started again, as a supervisor would. */
  async working(): Promise<void> {
    for (const host of hostNames) {
      if (!this.on(host).running) this.start(host)
      await this.on(host).ready()
    }
  }

  way(host: HostName, target: Target): CuttableWay {
    const way = this.#host(host).ways.get(target)
    if (!way) throw new Error(`${host} has no way to ${target}`)
    return way
  }

  said(): string {
    return [...this.#running].map(([host, process]) => `${host}:\n${process.said.slice(-2_000)}`).join('\n')
  }

  /** Rests, and waits until the workers have caught up by themselves. */
  async comeToRest(): Promise<void> {
    await comeToRest(this.on('worker-1'), this.simulator)
  }

  /** Compares with the truth, at rest. */
  judge(): Promise<PracticeVerdict> {
    const { simulator, logins } = this
    const processes = [this.on('worker-1'), this.on('worker-2'), this.on('key-server')] as const
    return judgePractice(
      { processes, simulator, logins },
      { versions: this.#versions, mirrored: this.#mirrored, limits },
    )
  }

  /** Ends everything without waiting: somebody interrupts the rig. */
  abandon(): void {
    for (const child of this.#running.values()) child.abandon()
    abandonPostgres(this.#postgres.pid, this.#directory)
  }

  async end(): Promise<void> {
    for (const process of this.#running.values()) await process.stopWithin(stopMaxMs)
    for (const { ways } of this.#hosts.values()) for (const way of ways.values()) await way.close()
    await this.simulator.stop()
    await this.#postgres.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #host(name: HostName): Host {
    const host = this.#hosts.get(name)
    if (!host) throw new Error(`there is no host ${name}`)
    return host
  }
}

/** Runs `work` in a world of its own, which ends with it, and puts the seed and the last words of all to a failure. */
export async function inSplitWorld<T>(options: SplitWorldOptions, work: (world: SplitWorld) => Promise<T>): Promise<T> {
  const world = await SplitWorld.begin(options)
  const forget = onInterrupt(() => world.abandon())
  try {
    return await work(world)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${options.seed}: ${said}\n${world.said()}`, { cause: error })
  } finally {
    await world.end()
    forget()
  }
}

interface Ground {
  readonly directory: string
  readonly simulator: Simulator
  readonly postgres: EmbeddedPostgres
  readonly leaseMs: number
  readonly mirrored: Mirrored
}

async function prepareHosts(ground: Ground): Promise<Map<HostName, Host>> {
  const { directory, simulator, postgres } = ground
  const authority = testAuthority()
  const socketDirectory = new URL(postgres.ownerUrl).searchParams.get('host') ?? ''
  const keyServerPort = await freePort()
  const ends = {
    postgres: { path: join(socketDirectory, '.s.PGSQL.5432') },
    athenahealth: { port: Number(new URL(simulator.url).port) },
    'key-server': { port: keyServerPort },
  }
  const hosts = new Map<HostName, Host>()
  for (const name of hostNames) {
    const place = join(directory, name)
    mkdirSync(place)
    for (const [file, text] of Object.entries(authority.identity(name, [name, 'localhost'])))
      writeFileSync(join(place, `${file}.pem`), String(text), { mode: 0o600 })
    const ways = new Map<Target, CuttableWay>()
    for (const target of ['postgres', 'athenahealth', 'key-server'] as const)
      if (target !== name) ways.set(target, await CuttableWay.open(ends[target]))
    hosts.set(name, { ways, start: starter(ground, { name, place, ways, keyServerPort }) })
  }
  return hosts
}

interface Place {
  readonly name: HostName
  readonly place: string
  readonly ways: ReadonlyMap<Target, CuttableWay>
  readonly keyServerPort: number
}

/** Writes what an operator would write, and starts by it. */
function starter({ directory, postgres, leaseMs, mirrored }: Ground, at: Place): () => AegisProcess {
  const { name, place, ways, keyServerPort } = at
  const port = (target: Target) => ways.get(target)?.port ?? keyServerPort
  const isKeyServer = name === 'key-server'
  const files = { certFile: join(place, 'cert.pem'), keyFile: join(place, 'key.pem'), caFile: join(place, 'ca.pem') }
  const services = Object.fromEntries(
    hostNames.filter((host) => host !== 'key-server').map((host) => [host, { practices: [practice] }]),
  )
  const keyServer = isKeyServer
    ? { ...files, listen: `127.0.0.1:${keyServerPort}`, services }
    : { ...files, url: `https://localhost:${port('key-server')}` }
  const secretFile = join(place, 'secret')
  if (isKeyServer) writeFileSync(secretFile, 'demo-secret\n', { mode: 0o600 })
  const keys = join(directory, isKeyServer ? 'keys-of-credentials' : 'keys-of-patients')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const { bookedDaysBack, bookedDaysAhead } = scopes[mirrored]
  const settings = {
    environment: 'local',
    clock: 'simulator',
    role: isKeyServer ? 'key-server' : 'worker',
    practices: [practice],
    keys,
    keyServer,
    athena: {
      clientId: 'demo-client',
      baseUrl: `http://127.0.0.1:${port('athenahealth')}`,
      ...(isKeyServer && { secretFile }),
    },
    limits: { ...limits, perDay: 50_000 },
    policy: { offHours: 'always' },
    sync: {
      feeds: feedsOf(mirrored),
      settle: '1m',
      activationCheck: '10s',
      lease: `${leaseMs / 1_000}s`,
      bookedDaysBack,
      bookedDaysAhead,
    },
  }
  // JSON is YAML.
  const config = join(place, 'aegis.yaml')
  writeFileSync(config, JSON.stringify(settings))
  const { username, password, pathname } = new URL(postgres.ownerUrl)
  const url = `postgres://${username}:${password}@127.0.0.1:${port('postgres')}${pathname}`
  return () => new AegisProcess({ home: join(place, 'home'), config, env: { DATABASE_URL: url } })
}
