import { sql, type Tx } from '../db/db.ts'

const zoneSql = sql(
  'records.zone_of_practice',
  `select clear ->> 'timeZone' as zone from aegis.record
   where practice_id = $1 and kind = 'department' and state = 'present' and clear ->> 'timeZone' is not null
   group by 1 order by count(*) desc, 1 limit 1`,
)

/** The zone of most of a practice's departments, an IANA name or an offset; undefined while none is known. */
export async function zoneOfPractice(tx: Tx, practice: number): Promise<string | undefined> {
  return (await tx.rows<{ zone: string }>(zoneSql, [practice]))[0]?.zone
}
