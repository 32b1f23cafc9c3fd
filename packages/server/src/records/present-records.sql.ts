import { sql, type Tx } from '../db/db.ts'
import type { Kind } from './record-kind.ts'

const present = sql(
  'records.surely_present',
  `with latest as materialized (
     select c.kind, c.key, c.change_id from aegis.change c where c.practice_id = $1 order by c.changed_at desc limit 2000),
   recent as (
     select l.key, max(l.change_id) as at from latest l
     where l.kind = $2 and not l.key = any(select json_array_elements_text($3::json)) group by l.key),
   changed as (
     select r.key, r.patient, r.sealed from recent
     join aegis.record r on r.practice_id = $1 and r.kind = $2 and r.key = recent.key and r.state = 'present'
     where not coalesce(r.patient = any(select json_array_elements_text($5::json)), false)
     order by recent.at desc limit ($4::integer + 1) / 2),
   others as (
     select r.key, r.patient, r.sealed from aegis.record r
     where r.practice_id = $1 and r.kind = $2 and r.state = 'present'
       and not r.key = any(select json_array_elements_text($3::json)) and not r.key in (select key from changed)
       and not coalesce(r.patient = any(select json_array_elements_text($5::json)), false)
     limit $4::integer)
   select key, patient, sealed from (select *, 0 as rank from changed union all select *, 1 from others) found
   order by rank limit $4::integer`,
)

export interface PresentRow {
  readonly key: string
  readonly patient: string | null
  readonly sealed: Buffer
}

/** Some records that are held as present, but not these and none of these patients: half of them those that changed last. */
export function surelyPresent(
  tx: Tx,
  { practice, kind }: { practice: number; kind: Kind },
  { but, butOf, most }: { but: readonly string[]; butOf: readonly string[]; most: number },
): Promise<PresentRow[]> {
  return tx.rows<PresentRow>(present, [practice, kind, JSON.stringify(but), most, JSON.stringify(butOf)])
}
