import { setTimeout as sleep } from 'node:timers/promises'
import { cutCommits } from './cut-commits.ts'
import { type Draw, drawFrom } from './draw.ts'
import { type FaultRunOptions, type FaultRunResult, inTurn } from './fault-run.ts'
import { type FaultWorld, inFaultWorld } from './fault-world.ts'
import { backendsOf, terminate } from './postgres-backends.ts'

/**
 * `kill`: the server is killed. `immediate`: it is told to end without a checkpoint, as `pg_ctl stop -m immediate` does.
 * `terminate`: connections are ended, first those that commit. `cut`: the connection of a commit breaks, before the
 * server has it or after, so that nobody knows whether it stands.
 */
const blows = ['kill', 'immediate', 'terminate', 'cut'] as const
type Blow = (typeof blows)[number]

const blowMs = 1_500
/** Between two looks for whom to end, and between two commits that are cut, on average. */
const pauseMs = 40

/** Fault F5: the database goes away, or its answer does, while a practice is loaded and then while it changes. */
export function postgresFaults(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, count } = options
  return inFaultWorld(options, async (world) => {
    const run = new PostgresFaults(world, drawFrom(seed))
    world.start()
    for (let done = 0; done < count; done += 1) {
      await world.working()
      // The first meet the first load; later ones a running day.
      await sleep(run.draw.fraction() * (done < count / 2 ? 1_500 : 4_000))
      await run.strike(inTurn(blows, { seed, done }))
    }
    await world.working()
    return { ...run.totals(), ...(await world.judge()) }
  })
}

class PostgresFaults {
  readonly draw: Draw
  readonly #world: FaultWorld
  readonly #faults: Record<Blow, number> = { kill: 0, immediate: 0, terminate: 0, cut: 0 }
  readonly #counted = { connectionsEnded: 0, ofThemCommitting: 0, commitsNotSent: 0, commitsNotAnswered: 0 }

  constructor(world: FaultWorld, draw: Draw) {
    this.#world = world
    this.draw = draw
  }

  totals(): Pick<FaultRunResult, 'faults' | 'counted' | 'missed'> {
    const { cut } = this.#faults
    const { commitsNotSent, commitsNotAnswered } = this.#counted
    const missed = cut > 0 && commitsNotSent + commitsNotAnswered === 0 ? ['no commit met a cut: the rig is blind'] : []
    return { faults: this.#faults, counted: this.#counted, missed }
  }

  async strike(blow: Blow): Promise<void> {
    this.#faults[blow] += 1
    const postgres = this.#world.aegis.postgresPid()
    if (postgres === undefined) return
    if (blow === 'terminate') return this.#terminate(postgres)
    if (blow === 'cut') return this.#cut(postgres)
    try {
      process.kill(postgres, blow === 'kill' ? 'SIGKILL' : 'SIGQUIT')
    } catch {
      // It had ended by itself.
    }
  }

  async #terminate(postgres: number): Promise<void> {
    for (
      const until = performance.now() + blowMs;
      performance.now() < until;
      await sleep(this.draw.fraction() * pauseMs)
    ) {
      const all = backendsOf(postgres)
      const committing = all.filter(({ doing }) => doing.startsWith('COMMIT'))
      const among = committing.length > 0 ? committing : all
      const victim = among[this.draw.between(0, among.length - 1)]
      if (!victim || !terminate(victim)) continue
      this.#counted.connectionsEnded += 1
      if (committing.includes(victim)) this.#counted.ofThemCommitting += 1
    }
  }

  async #cut(postgres: number): Promise<void> {
    const socketDirectory = this.#world.aegis.postgresSocketDirectory()
    if (socketDirectory === undefined) return
    // About one commit of four, half of them after the server had it.
    const decide = () => (this.draw.chance(0.25) ? this.draw.pick(['before', 'after'] as const) : undefined)
    const cutting = await cutCommits(socketDirectory, decide)
    try {
      // Whoever is connected comes anew, and through us.
      for (const backend of backendsOf(postgres)) terminate(backend)
      await sleep(2 * blowMs)
    } finally {
      await cutting.close()
    }
    this.#counted.commitsNotSent += cutting.cuts.before
    this.#counted.commitsNotAnswered += cutting.cuts.after
  }
}
