import type { Tx } from '../db/db.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nameOf, recordKey, wishForHeld } from '../records/record-name.ts'
import { isRecord } from '../records/wire-record.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import type { WaitingPage } from './inbox.sql.ts'
import { noteWishes } from './note-wishes.ts'
import { insertQuarantine, openQuarantine } from './quarantine.sql.ts'

/** Stands for the page of a record that never came with one. */
export const noPage = { page_id: '0' }

/**
 * Sets a record aside, sealed, with the page it came with; for one that could not even be fetched, where it stood. One that
 * says who it is stands aside once, in the body that came last.
 */
export async function quarantine(
  tx: Tx,
  keys: PracticeKeys,
  poison: { held: HeldFeed; page: Pick<WaitingPage, 'page_id'>; record: object; reason: string },
): Promise<void> {
  const { held, page, record, reason } = poison
  const sealed = keys.seal(quarantinePlace(page.page_id), Buffer.from(JSON.stringify(record), 'utf8'))
  const kind = recordKinds[feedTable[held.feed].kind]
  const name = isRecord(record) ? nameOf(kind, record) : undefined
  const key = name ? recordKey(kind, keys, name) : null
  await insertQuarantine(tx, held, { pageId: page.page_id, reason, sealed, key })
}

/**
 * Tries what is set aside again, now that the cause may be gone: each record that says who it is is asked for by id, and
 * what comes is applied like anything else, which releases it. Returns how many there are.
 */
export async function retryQuarantined(tx: Tx, keys: PracticeKeys, held: HeldFeed): Promise<number> {
  const { kind, get, ofPatient } = feedTable[held.feed]
  if (!get && !ofPatient) return 0
  const rows = await openQuarantine(tx, held)
  const wishes = rows.flatMap(({ page_id, sealed }) => {
    const record = JSON.parse(keys.open(quarantinePlace(page_id), sealed).toString('utf8')) as object // sealed above
    return (isRecord(record) && wishForHeld(kind, keys, record)) || []
  })
  await noteWishes(tx, keys, { practice: held.practice, wishes })
  return wishes.length
}

function quarantinePlace(pageId: string) {
  return { table: 'aegis.quarantine', column: 'sealed', row: pageId }
}
