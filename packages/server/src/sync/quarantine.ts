import type { Tx } from '../db/db.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { nameOf, recordKey, wishForHeld } from '../records/record-name.ts'
import { isRecord } from '../records/wire-record.ts'
import { cannotBeOpened } from '../sealing/is-unreadable.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { FeedKey, HeldFeed } from './feed-state.sql.ts'
import { feedTable } from './feed-table.ts'
import type { WaitingPage } from './inbox.sql.ts'
import { isReadAgain } from './is-read-again.ts'
import { noteWishes } from './note-wishes.ts'
import { insertQuarantine, openQuarantine, placesMax, placesSetAside, releaseNameless } from './quarantine.sql.ts'
import type { PlannedSegment } from './segment.ts'
import type { SnapshotRun } from './snapshot.sql.ts'
import { timestamp } from './sync-deps.ts'

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
  const wishes = rows.flatMap((row) => {
    const record = openSetAside(keys, row)
    return (isRecord(record) && wishForHeld(kind, keys, record)) || []
  })
  await noteWishes(tx, keys, { practice: held.practice, wishes })
  return wishes.length
}

/** Lists and windows of a feed in which something could not be read that is set aside still, each once. */
export async function unreadLists(tx: Tx, keys: PracticeKeys, held: FeedKey): Promise<readonly PlannedSegment[]> {
  const lists = new Map<string, PlannedSegment>()
  for (const { place } of await openPlaces(tx, keys, { held, before: null })) lists.set(JSON.stringify(place), place)
  return [...lists.values()]
}

/**
 * Forgets what has no name of its own and was set aside before a whole reading, which has been there again and has set
 * aside anew what is still so. Where the reading did not look, or what is set aside does not tell where, it stays.
 */
export async function releaseReadAgain(
  tx: Tx,
  keys: PracticeKeys,
  { held, run }: { held: FeedKey; run: Pick<SnapshotRun, 'plan' | 'started_at'> },
): Promise<void> {
  if (run.plan.every(({ list }) => list === 'replay')) return
  const before = timestamp(run.started_at)
  const known = await openPlaces(tx, keys, { held, before })
  const places = known.filter(({ place }) => isReadAgain(place, run.plan)).map(({ id }) => id)
  await releaseNameless(tx, held, { before, places })
}

interface SetAsidePlace {
  readonly id: string
  readonly place: PlannedSegment
}

async function openPlaces(
  tx: Tx,
  keys: PracticeKeys,
  { held, before }: { held: FeedKey; before: string | null },
): Promise<SetAsidePlace[]> {
  const places: SetAsidePlace[] = []
  for (let after = '0'; ; ) {
    const rows = await placesSetAside(tx, held, { before, after })
    for (const row of rows) {
      const place = placeIn(openSetAside(keys, row))
      if (place) places.push({ id: row.quarantine_id, place })
    }
    const last = rows.at(-1)
    if (!last || rows.length < placesMax) return places
    after = last.quarantine_id
  }
}

/** The list or the window in which something could not be read; where in it does not matter. */
function placeIn(sent: unknown): PlannedSegment | undefined {
  if (!isRecord(sent)) return undefined
  const { offset: _offset, ...place } = sent
  if (typeof place.list === 'string') return place as unknown as PlannedSegment // set aside by readRunPage
  return typeof place.from === 'number' && typeof place.to === 'number'
    ? { list: 'replay', since: place.from, until: place.to }
    : undefined
}

/** What was set aside; undefined where it cannot be opened any more, which holds up nothing else. */
function openSetAside(keys: PracticeKeys, row: { page_id: string; sealed: Buffer }): unknown {
  try {
    return JSON.parse(keys.open(quarantinePlace(row.page_id), row.sealed).toString('utf8'))
  } catch (error) {
    if (cannotBeOpened(error)) return undefined
    throw error
  }
}

function quarantinePlace(pageId: string) {
  return { table: 'aegis.quarantine', column: 'sealed', row: pageId }
}
