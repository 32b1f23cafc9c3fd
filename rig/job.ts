import { drillNames, drills, isDrill } from './drills/drills.ts'
import { type FailpointMode, failpointModes } from './disturbance.ts'
import { type FailpointLifeName, failpointLives } from './failpoint-life.ts'
import { failpointRun } from './failpoint-run.ts'
import { seedRun } from './seed-run.ts'
import type { Verdict } from './verdict.ts'

/** One life to be lived in a worker, by the words that repeat it: `--failpoint kill:17`. */
export interface Job {
  readonly kind: keyof typeof kinds
  readonly what: string
}

/** What came of a job. */
export interface JobResult extends Verdict {
  /** Where it was disturbed, for those that are disturbed at one place. */
  readonly where?: string | undefined
  /** For the life without a disturbance: which passings are the first of their place. */
  readonly firsts?: readonly (readonly [place: string, at: number])[]
}

/** Every kind of job by the option that repeats one of it. */
const kinds = {
  failpoint(what: string): Promise<JobResult> {
    const [, life = 'main', mode, at = ''] = /^(?:(\w+)\/)?(\w+):(.+)$/.exec(what) ?? []
    if (!isLife(life) || !isMode(mode) || at === '') {
      const places = 'a number or a place, as in kill:17 and kill:sync.after-consume of patients in minute 6'
      throw new TypeError(`--failpoint ${what}: give one of ${failpointModes.join(', ')} and ${places}`)
    }
    return failpointRun({ life, mode, at: /^\d+$/.test(at) ? Number(at) : at })
  },
  seed(what: string): Promise<JobResult> {
    const [seed, feeds] = what.split(':')
    return seedRun({ seed: Number(seed), isCore: feeds === 'core' })
  },
  drill(what: string): Promise<JobResult> {
    const [name = '', seed] = what.split(':')
    if (!isDrill(name)) throw new TypeError(`--drills ${name}: give one of ${drillNames.join(', ')}`)
    return drills[name](Number(seed))
  },
} as const

function isLife(name: string): name is FailpointLifeName {
  return Object.hasOwn(failpointLives, name)
}

function isMode(mode: string | undefined): mode is FailpointMode {
  return failpointModes.some((known) => known === mode)
}

/** Does a job; what is thrown in it is found wrong with it. */
export async function runJob({ kind, what }: Job): Promise<JobResult> {
  try {
    return await kinds[kind](what)
  } catch (error) {
    // A word that was given wrongly needs no stack.
    const said = error instanceof TypeError && error.message.startsWith('--') ? error.message : undefined
    return { wrong: [said ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))], counts: {} }
  }
}
