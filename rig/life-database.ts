import { type ScratchDatabase, scratchDatabase } from '../packages/server/testing/scratch-database.ts'

/** Lives in one database, before what they leave behind in its files costs more than a new one. */
const livesMax = 50

/** The database of this process with what it takes to empty it. */
interface Kept {
  readonly database: ScratchDatabase
  readonly emptying: string
  lives: number
  close(): Promise<void>
}

let kept: Kept | undefined

/**
 * A database without a row for the next life of this process. The lives of a process come one after the other in the same
 * one: its connections stay open with their statements planned, which is half of what a life costs otherwise.
 */
export async function lifeDatabase(): Promise<ScratchDatabase> {
  if (kept && kept.lives >= livesMax) await closeLifeDatabase()
  kept ??= await open()
  if (kept.lives > 0) await kept.database.owner.rows(kept.emptying)
  kept.lives += 1
  return kept.database
}

/** Lets go of the database of this process, if there is one. */
export async function closeLifeDatabase(): Promise<void> {
  const closing = kept
  kept = undefined
  await closing?.close()
}

async function open(): Promise<Kept> {
  let close = async (): Promise<void> => undefined
  const database = await scratchDatabase({
    after: (work) => {
      close = work
    },
  })
  const tables = await database.owner.rows<{ name: string }>(filledByLives)
  const statements = tables.map(({ name }) => `delete from ${name}`)
  // Nobody's attempt to change the log is looked for here, and between two lives it has to forget.
  await database.owner.rows('alter table audit.entry disable trigger user')
  // As a replica, so that the order of the tables does not matter.
  const emptying = ['begin', 'set local session_replication_role = replica', ...statements, 'commit'].join('; ')
  return { database, emptying, lives: 0, close }
}

/** Tables that are empty before the first life; what the migrations filled, stays. */
const filledByLives = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('aegis', 'control', 'audit') and c.relkind in ('r', 'p') and not c.relispartition
    and (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', n.nspname, c.relname),
      false, true, '')))[1]::text = '0'
  order by 1`
