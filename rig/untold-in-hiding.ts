import { sql } from '../packages/server/src/db/db.ts'
import { practice } from '../packages/server/testing/mirrored-practice.ts'
import { kindOfFeed } from '../packages/server/src/sync/feed-table.ts'
import { type Difference, kindRules, oracleId } from '../packages/server/testing/oracle.ts'
import { drawRestrictions } from './draw-life.ts'
import type { Life } from './live-round.ts'

/** What nothing tells of, as a patient was hidden when it would have been told or read. */
export interface Untold {
  /** Patients who are hidden, were once merged, and are held as merged still. */
  readonly merged: ReadonlySet<string>
  /** Claims of patients who are shown again without our having known that they were not, which no feed has handed out. */
  readonly claims: ReadonlySet<string>
  /** Documents, claims and entries of patients who are hidden and were once merged, held as deleted ones of another patient, by kind and id. */
  readonly wentBack: ReadonlySet<string>
}

/** Whether a difference is one that the guarantee does not promise to be without, for what was hidden. */
export function isUntold({ merged, claims, wentBack }: Untold, { kind, id, what }: Difference): boolean {
  if (what === 'state' && wentBack.has(`${kind} ${id}`)) return true
  if (kind === 'patients') return what === 'state' && merged.has(id)
  return kind === 'claims' && what === 'missing' && claims.has(id)
}

/**
 * What a life leaves untold: a merge that is undone and its patient hidden before the next look, and a claim that was there at the
 * first load, or fell into a gap, which was read while its patient was hidden and nothing told so. The one is told once the patient is
 * shown; the other when the claim changes, or the check of all claims comes to it. Documents, claims and entries that went back with the
 * merge and were not read before their patient was hidden are twice not found with the survivor, who is shown.
 */
export async function untoldInHiding({ mirrored, seed, staff }: Life): Promise<Untold> {
  if (drawRestrictions(seed) !== 'hidden') return { merged: new Set(), claims: new Set(), wentBack: new Set() }
  const { truth } = mirrored.simulator
  const hides = truth.hides(practice)
  const patients = await mirrored.opened('patient')
  const merged = patients
    .filter(({ state }) => state === 'merged')
    .map(({ body }) => String(body.patientid))
    .filter((id) => staff.everMerged.has(id) && hides(id))
  const unnoticed = await shownBeforeClaims(mirrored)
  const shownAgain = patients
    .filter(({ key }) => unnoticed.has(key))
    .map(({ body }) => String(body.patientid))
    .filter((id) => staff.everShownAgain.has(id))
  return {
    merged: new Set(merged),
    claims: new Set(claimsNotHandedOut(mirrored, new Set(shownAgain))),
    wentBack: await goneWithSurvivor(mirrored, (patient) => staff.everMerged.has(patient) && hides(patient)),
  }
}

/** What is a patient's, is true of such a patient, and is held as another one's that is deleted. */
async function goneWithSurvivor(
  mirrored: Life['mirrored'],
  isMeant: (patient: string) => boolean,
): Promise<ReadonlySet<string>> {
  const names: string[] = []
  for (const kind of mirrored.feeds.filter((one) => kindRules[one].ofPatient || one === 'claims')) {
    const gone = (await mirrored.opened(kindOfFeed(kind))).filter(({ state }) => state === 'deleted')
    const heldWith = new Map(gone.map(({ body }) => [oracleId(kind, body), String(body.patientid)]))
    for (const record of mirrored.simulator.truth.records(practice, kindRules[kind].truth, 'alone')) {
      const [id, patient] = [oracleId(kind, record), String(record.patientid)]
      const held = heldWith.get(id)
      if (held !== undefined && held !== patient && isMeant(patient)) names.push(`${kind} ${id}`)
    }
  }
  return new Set(names)
}

/** Of whom nothing was new since claims were last read as a whole, or since all were new when patients were read for the first time. */
const shownBefore = sql(
  'rig.shown_before_claims',
  `select key from aegis.change where practice_id = $1 and kind = 'patient' and what in ('created', 'restored') group by key
   having max(fetch_seq) < (select max(first_seq) from aegis.snapshot_run
       where practice_id = $1 and feed = 'claims' and phase = 'authoritative' and finished_at is not null and abandoned_at is null)
     or max(changed_at) <= (select min(finished_at) from aegis.snapshot_run
       where practice_id = $1 and feed = 'patients' and abandoned_at is null)`,
)

async function shownBeforeClaims({ deps }: Life['mirrored']): Promise<ReadonlySet<string>> {
  const rows = await deps.db.practice(practice, (tx) => tx.rows<{ key: string }>(shownBefore, [practice]))
  return new Set(rows.map(({ key }) => key))
}

function claimsNotHandedOut({ simulator }: Life['mirrored'], patients: ReadonlySet<string>): string[] {
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
    return patients.has(String(patientid)) && !handedOut.has(id) ? [id] : []
  })
}
