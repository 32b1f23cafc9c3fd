import type { Db, Tx } from '../db/db.ts'

/** Practices of one transaction: enough that its round trips do not count, few enough that it is short. */
const practicesMax = 250

/**
 * Does `work` for many practices, some hundreds in one transaction. It begins in the context of no practice: what it
 * calls enters each in turn (many-practices.sql.ts).
 */
export async function inBatches<T>(
  db: Pick<Db, 'practice'>,
  practices: readonly number[],
  work: (tx: Tx, batch: readonly number[]) => Promise<T>,
): Promise<T[]> {
  const done: T[] = []
  for (let at = 0; at < practices.length; at += practicesMax) {
    const batch = practices.slice(at, at + practicesMax)
    done.push(await db.practice(0, (tx) => work(tx, batch)))
  }
  return done
}
