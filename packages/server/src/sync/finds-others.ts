import { openIfPossible } from '../records/open-record.ts'
import { surelyPresent } from '../records/present-records.sql.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { isWholeKey, patientOfWhole, wishForHeld } from '../records/record-name.ts'
import type { Pseudonym } from '../sealing/practice-keys.ts'
import { type AskedRecord, askedRecord } from './asked-record.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { kindOfFeed } from './feed-table.ts'
import type { SyncDeps } from './sync-deps.ts'

/** Records asked for until one is found. */
const triesMax = 4

type Ask = (asked: AskedRecord) => Promise<'found' | 'more' | 'another' | 'missing' | 'refused' | 'failing'>

/**
 * Whether athenahealth finds any record of a feed's kind by id just now, or in the chart of a patient who has some. Where it
 * finds none of several that it told of a while ago, it is the look-up that is broken, or not open to this practice, and not the
 * records that are gone.
 */
export async function findsOthers(
  deps: SyncDeps,
  held: HeldFeed,
  { but, ask }: { but: readonly string[]; ask: Ask },
): Promise<boolean> {
  const others = await othersOf(deps, held, but)
  for (const asked of others) {
    const answer = await ask(asked)
    if (answer === 'found' || answer === 'more') return true
  }
  // Also where nothing else is held: without another to compare with, nothing tells a broken look-up from a record that is gone.
  return false
}

/** Looked at to find so many patients: the entries of one chart lie side by side. */
const entriesMost = 60

/**
 * Records that should be there: those that changed last, and some of all others. Of entries that come with all others of the
 * patient, the charts of other patients.
 */
function othersOf(deps: SyncDeps, held: HeldFeed, but: readonly string[]): Promise<AskedRecord[]> {
  const kind = kindOfFeed(held.feed)
  const most = recordKinds[kind].asked === 'with-patient' ? entriesMost : triesMax
  return deps.db.practice(held.practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, held.practice)
    const butOf = but.filter(isWholeKey).map(patientOfWhole)
    const rows = await surelyPresent(tx, { practice: held.practice, kind }, { but, butOf, most })
    await keys.loadPatients(
      tx,
      rows.flatMap((row) => (row.patient === null ? [] : [row.patient as Pseudonym])), // stored from one
    )
    const asks = new Set<string>()
    for (const row of rows) {
      const body = openIfPossible(keys, kind, row)
      const wish = body && wishForHeld(kind, keys, body)
      if (wish) asks.add(wish.asks)
    }
    const others: AskedRecord[] = []
    for (const one of [...asks].slice(0, triesMax)) {
      others.push(await askedRecord(tx, keys, { key: held, asks: one, only: held.departments }))
    }
    return others
  })
}
