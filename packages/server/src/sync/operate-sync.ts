import { readSqlClock } from '../db/sql-clock.sql.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { noteWanted } from '../pacing/pacing.sql.ts'
import { type FeedName, feedNames } from './feed-name.ts'
import { readFeeds, wantResnapshot } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { inBatches } from './in-batches.ts'
import { feedsOf } from './many-practices.sql.ts'
import { letGo, listPractices, makeDue } from './schedule.sql.ts'
import { type SyncDeps, timestamp } from './sync-deps.ts'

type OperateDeps = Pick<SyncDeps, 'db'>

/** Makes a practice's feeds, or one, due at once, also where they are held off. A drain still waits for its minute: athenahealth asks for that. */
export async function syncNow({ db }: OperateDeps, practice: number, feed?: string): Promise<void> {
  const name = await checked(db, practice, feed)
  await db.control(async (tx) => {
    await noteWanted(tx, practice, name ? [name] : feedNames)
    await letGo(tx, practice, name ?? null)
    await makeDue(tx, practice, name ?? null)
  })
}

/** What is to be read again. */
export interface Resnapshot {
  readonly practice: number
  /** One feed; absent: all of the practice. */
  readonly feed?: string | undefined
  /** From when on changes may be missing, epoch ms: a gap, so that what changed since is read of all other days too. */
  readonly since?: number | undefined
}

/** Asks for a new authoritative snapshot of a practice's feeds, or one, and makes them due. */
export async function resnapshot({ db }: OperateDeps, { practice, feed, since }: Resnapshot): Promise<void> {
  const name = await checked(db, practice, feed)
  await db.practice(practice, async (tx) => {
    if (since !== undefined && since > (await readSqlClock(tx))) throw new AegisError('sync.since-ahead')
    const mirrored = (await readFeeds(tx, practice)).map((state) => state.feed)
    for (const wanted of name ? [name] : mirrored) {
      const key = { practice, feed: wanted }
      if (since !== undefined) await openGap(tx, key, { cause: 'asked-for', from: timestamp(since) })
      await wantResnapshot(tx, key)
    }
  })
  await db.control((tx) => makeDue(tx, practice, name ?? null))
}

/** Whether any feed of any practice ever consumed: then a feed that is contested is a matter of its own practice. */
export async function anyFeedConsumed({ db }: OperateDeps): Promise<boolean> {
  const practices = (await db.control((tx) => listPractices(tx))).map(({ practice }) => practice)
  const states = await inBatches(db, practices, (tx, batch) => feedsOf(tx, batch))
  return states.flat().some((row) => row.drain_ended_at !== null)
}

/** The feed named, if one is: it must be one that is mirrored. */
async function checked(
  db: OperateDeps['db'],
  practice: number,
  feed: string | undefined,
): Promise<FeedName | undefined> {
  const practices = await db.control((tx) => listPractices(tx))
  if (!practices.some((row) => row.practice === practice)) throw new AegisError('sync.practice-unknown', { practice })
  if (feed === undefined) return undefined
  const mirrored = (await db.practice(practice, (tx) => readFeeds(tx, practice))).map((state) => state.feed)
  const name = mirrored.find((known) => known === feed)
  const feeds = feedNames.filter((known) => mirrored.includes(known)).join(', ')
  if (!name) throw new AegisError('sync.feed-unknown', { feeds })
  return name
}
