import { practice } from '../packages/server/testing/mirrored-practice.ts'
import type { Difference } from '../packages/server/testing/oracle.ts'
import { drawRestrictions } from './draw-life.ts'
import type { Life } from './live-round.ts'

/** What nothing tells of, as a patient was hidden when it would have been told or read. */
export interface Untold {
  /** Patients who are hidden, were once merged, and are held as merged still. */
  readonly merged: ReadonlySet<string>
  /** Claims of patients who are shown again, which no feed has handed out. */
  readonly claims: ReadonlySet<string>
}

/** Whether a difference is one that the guarantee does not promise to be without, for what was hidden. */
export function isUntold({ merged, claims }: Untold, { kind, id, what }: Difference): boolean {
  if (kind === 'patients') return what === 'state' && merged.has(id)
  return kind === 'claims' && what === 'missing' && claims.has(id)
}

/**
 * What a life leaves untold: a merge that is undone and its patient hidden before the next look, and a claim that was there at the
 * first load, or fell into a gap, which was read while its patient was hidden. The one is told once the patient is shown; the other
 * when the claim changes, or the check of all claims comes to it.
 */
export async function untoldInHiding({ mirrored, seed, staff }: Life): Promise<Untold> {
  if (drawRestrictions(seed) !== 'hidden') return { merged: new Set(), claims: new Set() }
  const { truth } = mirrored.simulator
  const hides = truth.hides(practice)
  const merged = (await mirrored.opened('patient'))
    .filter(({ state }) => state === 'merged')
    .map(({ body }) => String(body.patientid))
    .filter((id) => staff.everMerged.has(id) && hides(id))
  return { merged: new Set(merged), claims: new Set(claimsNotHandedOut({ mirrored, staff })) }
}

function claimsNotHandedOut({ mirrored: { simulator }, staff }: Pick<Life, 'mirrored' | 'staff'>): string[] {
  const { truth } = simulator
  const handedOut = new Set<string>()
  for (let since = 0, isMore = true; isMore; ) {
    const { pages, next } = truth.pages({ since })
    for (const { feed, ids } of pages) if (feed === 'claims') for (const id of ids) handedOut.add(id)
    isMore = pages.length > 0
    since = next
  }
  return [...truth.records(practice, 'claims')].flatMap(({ claimid, patientid }) => {
    const id = String(claimid)
    return staff.everShownAgain.has(String(patientid)) && !handedOut.has(id) ? [id] : []
  })
}
