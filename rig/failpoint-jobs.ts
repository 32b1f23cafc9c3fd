import { type FailpointMode, failpointModes } from './disturbance.ts'
import type { FailpointLifeName } from './failpoint-life.ts'
import { inWorkers } from './in-workers.ts'
import type { Job, JobResult } from './job.ts'

interface Disturbed {
  /** In which ways, and of the short tier at every so many-th place. */
  readonly shortEvery: Readonly<Partial<Record<FailpointMode, number>>>
  /** Of which points; of all if absent. */
  readonly shortOf?: RegExp
  /** Those that are passed so seldom that the short tier takes each of their places. */
  readonly always?: RegExp
}

const disturbed: Readonly<Record<FailpointLifeName, Disturbed>> = {
  main: { shortEvery: { kill: 16, fail: 32, pause: 32 } },
  further: { shortEvery: { kill: 1, fail: 1, pause: 1 } },
  // Whoever goes on while a holder stands still would wait for what it has begun in the same process, as for a token.
  guarded: { shortEvery: { kill: 64, fail: 64 }, shortOf: /^(audit|upstream)\./, always: /^key-server\./ },
}

/**
 * One life for every passing of every failpoint and every mode. The short tier looks at the first passing of each place (a
 * point, in the work on a feed, in a minute of the life) alone, and spreads over the places of the main life, and of the
 * guarded one over those of the way to athenahealth; the further one it lives undisturbed.
 */
export async function failpointJobs(isShort: boolean): Promise<Job[]> {
  const [main, guarded] = [await jobsOf('main', isShort), await jobsOf('guarded', isShort)]
  if (isShort) return [{ kind: 'failpoint', what: 'further/kill:0' }, ...main, ...guarded]
  return [...main, ...(await jobsOf('further', isShort)), ...guarded]
}

async function jobsOf(life: FailpointLifeName, isShort: boolean): Promise<Job[]> {
  const { shortEvery, shortOf, always } = disturbed[life]
  const prefix = life === 'main' ? '' : `${life}/`
  const { firsts = [], counts } = await undisturbed(`${prefix}kill:0`)
  const places = firsts.filter(([place]) => shortOf?.test(place) ?? true)
  const seldom = firsts.filter(([place]) => always?.test(place))
  const all = Array.from({ length: counts['points'] ?? 0 }, (_, index) => index + 1)
  const modes = failpointModes.filter((mode) => shortEvery[mode] !== undefined)
  return modes.flatMap((mode, turn) => {
    const every = shortEvery[mode] ?? 1
    const some = [...seldom, ...places.filter((_, index) => index % every === turn % every)].map(([, at]) => at)
    return (isShort ? some : all).map((at) => ({ kind: 'failpoint', what: `${prefix}${mode}:${at}` }) as const)
  })
}

/** The life as it is when nothing disturbs it: it tells what there is to disturb. */
async function undisturbed(what: string): Promise<JobResult> {
  let found: JobResult | undefined
  await inWorkers([{ kind: 'failpoint', what }], ({ result }) => {
    found = result
  })
  if (!found || found.wrong.length > 0) {
    const said = found?.wrong.join('; ') ?? 'nothing came of it'
    throw new Error(`the undisturbed life went wrong: ${said}\n  repeat with: npm run rig -- --failpoint '${what}'`)
  }
  return found
}
