import type { Tx } from '../db/db.ts'
import { readLeaseEnd } from './leases.sql.ts'

/** When a lease that somebody holds ends if it is not renewed (epoch ms); undefined when it is free. */
export async function leaseEndsAt(tx: Tx, name: string): Promise<number | undefined> {
  const end = await readLeaseEnd(tx, name)
  return end !== undefined && Number.isFinite(end) ? end : undefined
}
