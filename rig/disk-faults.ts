import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorTable } from '../packages/server/src/errors/error-table.ts'
import { type Draw, drawFrom } from './draw.ts'
import { exhaustWal } from './exhaust-wal.ts'
import { type FaultRunOptions, type FaultRunResult, inTurn } from './fault-run.ts'
import { type FaultWorld, inFaultWorld } from './fault-world.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

/**
 * `full`: no room for a while, then there is, and Aegis goes on by itself. `killed`: killed meanwhile, refused to start,
 * started when there is room. `stopped`: asked to stop meanwhile.
 */
const blows = ['full', 'killed', 'stopped'] as const
type Blow = (typeof blows)[number]

/** A cluster after its first load takes a fifth of it, and its log of writes as much as it likes. */
const megabytes = 400
const code = 'db.disk-full'
/** What a program says that ends: not the code, its words. */
const words = errorTable[code].title
/** What a start finds: no room for its own files, or for those of PostgreSQL only. */
const leftForStart = [0, 64 * 1_024, 1_024 * 1_024] as const

/** Fault F7: the disk that holds data, write-ahead log and logs is full, again and again, and is freed. */
export function diskFaults(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, count } = options
  return inFaultWorld(options, async (world) => {
    const disk = mountSmallDisk(world.home, megabytes)
    world.after(() => disk.remove())
    const run = new DiskFaults({ world, disk, draw: drawFrom(seed) })
    world.start()
    for (let done = 0; done < count; done += 1) {
      await world.working()
      await sleep(run.draw.fraction() * (done < count / 2 ? 2_000 : 4_000))
      await run.strike(inTurn(blows, { seed, done }))
    }
    await world.working()
    return { ...run.totals(), ...(await world.judge()) }
  })
}

class DiskFaults {
  readonly draw: Draw
  readonly #world: FaultWorld
  readonly #disk: SmallDisk
  readonly #faults: Record<Blow, number> = { full: 0, killed: 0, stopped: 0 }
  readonly #counted = {
    toldByStatus: 0,
    toldByRefusal: 0,
    startedAllTheSame: 0,
    writesRefused: 0,
    postgresEnded: 0,
    endedByItself: 0,
  }
  readonly #missed: string[] = []

  constructor({ world, disk, draw }: { world: FaultWorld; disk: SmallDisk; draw: Draw }) {
    this.#world = world
    this.#disk = disk
    this.draw = draw
  }

  totals(): Pick<FaultRunResult, 'faults' | 'counted' | 'missed'> {
    // What the log could still take: a fault that no write meets proves nothing.
    const log = readFileSync(join(this.#world.home, 'logs', 'aegis.log'), 'utf8')
    this.#counted.writesRefused = log.split(`"${code}"`).length - 1
    return { faults: this.#faults, counted: this.#counted, missed: this.#missed }
  }

  async strike(blow: Blow): Promise<void> {
    this.#faults[blow] += 1
    try {
      await this.#full()
      if (blow === 'stopped') await this.#world.aegis.stop()
      if (blow === 'killed') await this.#refusedAfterKill()
    } finally {
      this.#disk.free()
    }
    if (!this.#world.aegis.running) this.#world.start()
  }

  /** Full for seconds, whatever room the database gives back meanwhile; status must say so. */
  async #full(): Promise<void> {
    const { aegis, home } = this.#world
    const postgres = aegis.postgresPid()
    const socketDirectory = aegis.postgresSocketDirectory()
    let told = false
    this.#disk.fill()
    if (this.draw.chance(0.5) && socketDirectory !== undefined) await exhaustWal(home, socketDirectory)
    for (const until = performance.now() + 2_000 + this.draw.fraction() * 4_000; performance.now() < until; ) {
      this.#disk.fill()
      told ||= await isTold(() => aegis.status())
      await sleep(100)
    }
    if (aegis.postgresPid() !== postgres) this.#counted.postgresEnded += 1
    if (!aegis.running) this.#counted.endedByItself += 1
    if (told || aegis.said.includes(words)) this.#counted.toldByStatus += 1
    else this.#missed.push(`the disk was full and "aegis status" did not say ${code}`)
  }

  async #refusedAfterKill(): Promise<void> {
    const postgres = this.#world.aegis.postgresPid()
    await this.#world.aegis.kill()
    try {
      if (postgres !== undefined) process.kill(postgres, 'SIGKILL')
    } catch {
      // The full disk has ended it already.
    }
    this.#disk.fill(this.draw.pick(leftForStart))
    const started = this.#world.start()
    const said = await started.ready().then(
      () => '',
      (error: unknown) => String(error),
    )
    if (said.includes(words)) this.#counted.toldByRefusal += 1
    else if (said !== '') this.#missed.push(`a start on a full disk was refused without ${code}: ${said.slice(-400)}`)
    else this.#counted.startedAllTheSame += 1
  }
}

/** Whether the status, or what is answered in its place, names the full disk. */
async function isTold(status: () => Promise<unknown>): Promise<boolean> {
  const said = await status().then(JSON.stringify, String)
  return said.includes(code)
}
