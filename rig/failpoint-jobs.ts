import { type FailpointMode, failpointModes } from './disturbance.ts'
import type { FailpointLifeName } from './failpoint-life.ts'
import { inWorkers } from './in-workers.ts'
import type { Job, JobResult } from './job.ts'

/** Of the short tier: every so many-th place is disturbed in each way. */
const shortEvery: Readonly<Record<FailpointMode, number>> = { kill: 16, fail: 32, pause: 32 }

/**
 * One life for every passing of every failpoint and every mode. The short tier looks at the first passing of each place (a
 * point, in the work on a feed, in a minute of the life) alone, and spreads over the places of the main life; the further
 * one it lives undisturbed.
 */
export async function failpointJobs(isShort: boolean): Promise<Job[]> {
  const main = await jobsOf('', isShort)
  if (isShort) return [{ kind: 'failpoint', what: 'further/kill:0' }, ...main]
  return [...main, ...(await jobsOf('further/', isShort))]
}

async function jobsOf(life: '' | `${FailpointLifeName}/`, isShort: boolean): Promise<Job[]> {
  const untouched = await undisturbed(`${life}kill:0`)
  const allFirsts = untouched.firsts ?? []
  const all = Array.from({ length: untouched.counts['points'] ?? 0 }, (_, index) => index + 1)
  return failpointModes.flatMap((mode, turn) => {
    const some = allFirsts.filter((_, index) => index % shortEvery[mode] === turn % shortEvery[mode])
    return (isShort ? some : all).map((at) => ({ kind: 'failpoint', what: `${life}${mode}:${at}` }) as const)
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
