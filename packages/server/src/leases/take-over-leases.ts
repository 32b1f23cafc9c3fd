import type { Db } from '../db/db.ts'
import { endOtherLeases } from './leases.sql.ts'

/**
 * Ends the leases of every other instance, so that the work of a process killed a moment ago goes on at once instead of
 * after its leases have run out. Only for the sole instance of a home, at its start, holding the home's lock: replicas
 * wait. Returns how many leases were ended.
 */
export function takeOverLeases(deps: { db: Pick<Db, 'control'> }, { instance }: { instance: string }): Promise<number> {
  return deps.db.control((tx) => endOtherLeases(tx, instance))
}
