import type { Tx } from '../db/db.ts'
import { idOf, recordKey } from '../records/record-id.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import type { WaitingPage } from './inbox.sql.ts'
import { insertQuarantine, openQuarantine } from './quarantine.sql.ts'
import { insertRefetches, refetchPlace } from './refetch.sql.ts'

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
  const id = idOf(Reflect.get(Object(record), kind.idField))
  const key = id === undefined ? null : recordKey(kind, keys, id)
  await insertQuarantine(tx, held, { pageId: page.page_id, reason, sealed, key })
}

/**
 * Tries what is set aside again, now that the cause may be gone: each record that says who it is is asked for by id, and
 * what comes is applied like anything else, which releases it. Returns how many there are.
 */
export async function retryQuarantined(tx: Tx, keys: PracticeKeys, held: HeldFeed): Promise<number> {
  const { kind, get } = feedTable[held.feed]
  if (!get) return 0
  const rows = await openQuarantine(tx, held)
  const wishes = rows.flatMap(({ page_id, sealed, key }) => {
    const record = JSON.parse(keys.open(quarantinePlace(page_id), sealed).toString('utf8')) as object // sealed above
    const id = idOf(Reflect.get(Object(record), recordKinds[kind].idField))
    if (id === undefined) return []
    const sealedId = keys.seal(refetchPlace(held.feed, key), Buffer.from(id, 'utf8'))
    return [{ feed: held.feed, key, sealed_id: sealedId.toString('base64') }]
  })
  await insertRefetches(tx, held.practice, { rows: wishes, seq: await nextFetchSeq(tx) })
  return wishes.length
}

function quarantinePlace(pageId: string) {
  return { table: 'aegis.quarantine', column: 'sealed', row: pageId }
}
