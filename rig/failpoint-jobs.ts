import { failpointModes } from './failpoint-run.ts'
import { inWorkers } from './in-workers.ts'
import type { Job, JobResult } from './job.ts'

/** Of the short tier: every place is disturbed by a kill; by each of the other modes so many-th. */
const shortEvery = 4

/**
 * One life for every passing of every failpoint and every mode. The short tier has the first passing of every place (a
 * point, in the work on a feed, in a minute of the life) alone.
 */
export async function failpointJobs(isShort: boolean): Promise<Job[]> {
  const untouched = await undisturbed()
  const allFirsts = untouched.firsts ?? []
  const all = Array.from({ length: untouched.counts['points'] ?? 0 }, (_, index) => index + 1)
  return failpointModes.flatMap((mode, turn) => {
    const firsts = mode === 'kill' ? allFirsts : allFirsts.filter((_, index) => index % shortEvery === turn)
    return (isShort ? firsts : all).map((at) => ({ kind: 'failpoint', what: `${mode}:${at}` }) as const)
  })
}

/** The life as it is when nothing disturbs it: it tells what there is to disturb. */
async function undisturbed(): Promise<JobResult> {
  let found: JobResult | undefined
  await inWorkers([{ kind: 'failpoint', what: 'kill:0' }], ({ result }) => {
    found = result
  })
  if (!found || found.wrong.length > 0) {
    throw new Error(`the undisturbed life went wrong: ${found?.wrong.join('; ') ?? 'nothing came of it'}`)
  }
  return found
}
