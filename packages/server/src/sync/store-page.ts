import type { Tx } from '../db/db.ts'
import type { WireRecord } from '../records/wire-record.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { HeldFeed } from './feed-state.sql.ts'
import { insertPage, type PageToStore, type WaitingPage } from './inbox.sql.ts'
import { packText, unpackText } from './page-text.ts'

/** A page that was just stored, with its records where all of it could be read. */
export interface StoredPage {
  readonly pageId: string
  readonly records?: readonly WireRecord[]
}

/** Seals a page as received and puts it into the inbox, inside the caller's transaction. */
export async function storePage(
  tx: Tx,
  to: { held: HeldFeed; keys: PracticeKeys },
  page: Omit<PageToStore, 'sealed'> & { raw: string; records?: readonly WireRecord[] },
): Promise<StoredPage> {
  const sealed = to.keys.seal(pagePlace(page.fetchSeq), packText(page.raw))
  const pageId = await insertPage(tx, to.held, { ...page, sealed })
  return { pageId, ...(page.records && { records: page.records }) }
}

/** The page's text as it was received. */
export function openPage(keys: PracticeKeys, page: WaitingPage): string {
  return unpackText(keys.open(pagePlace(BigInt(page.fetch_seq)), page.sealed))
}

/** The number of the request names the page: it is known before the row is. */
function pagePlace(fetchSeq: bigint) {
  return { table: 'aegis.inbox_page', column: 'sealed', row: fetchSeq.toString() }
}
