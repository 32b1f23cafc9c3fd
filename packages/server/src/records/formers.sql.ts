import { lookUp, sql, type Tx } from '../db/db.ts'

const withFormers = sql(
  'records.with_formers',
  `select s.key, s.patient, s.sealed from aegis.record s
   where s.practice_id = $1 and s.kind = 'patient' and s.state in ('present', 'deleted') and s.key > $2
     and s.key in (select survivor_key from aegis.alias where practice_id = $1 and kind = 'patient')
   order by s.key limit 500`,
)

/** Patients, deleted ones too, into whom others were merged, sealed, in pieces: those after a key. */
export function patientsWithFormers(
  tx: Tx,
  practice: number,
  after: string,
): Promise<{ key: string; patient: string; sealed: Buffer }[]> {
  return tx.rows(withFormers, [practice, after])
}

const formers = lookUp(
  'records.formers_of',
  `with recursive former as (
     select key, 1 as step from aegis.alias where practice_id = $1 and kind = 'patient' and survivor_key = $2
     union all
     select a.key, c.step + 1 from former c
     cross join lateral (
       select key from aegis.alias where practice_id = $1 and kind = 'patient' and survivor_key = c.key offset 0) as a
     where c.step < 20)
   select distinct former.key from former
   cross join lateral (
     select from aegis.record
     where practice_id = $1 and kind = 'patient' and key = former.key and state = 'merged' offset 0) as held
   order by key`,
)

/** Keys of those, of whom we hold, that we know to be merged into a patient, also by way of others. */
export async function formersOf(tx: Tx, practice: number, survivor: string): Promise<string[]> {
  return (await tx.rows<{ key: string }>(formers, [practice, survivor])).map(({ key }) => key)
}

const unheld = lookUp(
  'records.unheld_formers_of',
  `select a.key, a.survivor_key from json_array_elements_text($2::json) as w(key)
   cross join lateral (
     select key, survivor_key from aegis.alias
     where practice_id = $1 and kind = 'patient' and survivor_key = w.key offset 0) as a
   left join lateral (
     select true as held from aegis.record where practice_id = $1 and kind = 'patient' and key = a.key offset 0) as r on true
   where r.held is null order by a.key`,
)

/** Keys of those whom we do not hold and know to be merged into one of these patients, by way of nobody else. */
export async function unheldFormersOf(
  tx: Tx,
  practice: number,
  survivors: readonly string[],
): Promise<{ key: string; survivor_key: string }[]> {
  return survivors.length === 0 ? [] : tx.rows(unheld, [practice, JSON.stringify(survivors)])
}
