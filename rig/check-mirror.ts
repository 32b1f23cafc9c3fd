import { sql } from '../packages/server/src/db/db.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'

const dueSql = sql(
  'rig.checks_due',
  `update aegis.reconciliation_task set due_at = least(due_at, aegis.now()) where practice_id = $1
   returning task`,
)

/**
 * Lets every check of the mirror be due now: nights are too far apart for a life of half an hour. Says whether there were any:
 * the first load makes their calendar.
 */
export async function makeChecksDue({ deps }: MirroredPractice): Promise<boolean> {
  return (await deps.db.practice(practice, (tx) => tx.rows(dueSql, [practice]))).length > 0
}

const loseSql = sql(
  'rig.lose_booking',
  `with lost as (
   delete from aegis.record where practice_id = $1 and kind = 'appointment' and key = (
     select max(key) from aegis.record
     where practice_id = $1 and kind = 'appointment' and state = 'present' and clear ->> 'status' = 'f'
       and (clear ->> 'startsAt')::timestamptz > aegis.now() and changed_at < aegis.now() - interval '10 minutes'
       and key = any($2::text[]))
   returning practice_id, kind, state)
   update aegis.record_count as c set records = c.records - 1 from lost
   where c.practice_id = lost.practice_id and c.kind = lost.kind and c.state = lost.state
   returning c.kind`,
)

/**
 * Takes a booking of the coming days out of the mirror, behind its back. One that nobody has told of lately, of a patient who
 * is none of those given: whoever looks at what was processed, or clears a doubt about it, reads again what was told, and
 * would put it back before a check sees that it is missing.
 */
export async function loseOneBooking(
  { deps, simulator }: MirroredPractice,
  { notOf }: { notOf: readonly number[] },
): Promise<void> {
  const bookings = [...simulator.truth.records(practice, 'appointments')].filter(
    ({ patientid }) => patientid !== undefined && !notOf.includes(Number(patientid)),
  )
  const keys = bookings.map(({ appointmentid }) => String(appointmentid))
  const lost = await deps.db.practice(practice, (tx) => tx.rows(loseSql, [practice, `{${keys.join(',')}}`]))
  if (lost.length !== 1) throw new Error('there is no booking to lose')
}

const checkedSql = sql(
  'rig.checks',
  `select count(*)::int as completed, count(*) filter (where judged_at is null)::int as unjudged,
     coalesce(sum(unexplained), 0)::int as unexplained
   from aegis.reconciliation where practice_id = $1`,
)

/** Checks that have read everything, those of them without a verdict, and what nothing explained in the others. */
export async function checksSoFar({
  deps,
}: MirroredPractice): Promise<{ completed: number; unjudged: number; unexplained: number }> {
  const rows = await deps.db.practice(practice, (tx) =>
    tx.rows<{ completed: number; unjudged: number; unexplained: number }>(checkedSql, [practice]),
  )
  return rows[0] ?? { completed: 0, unjudged: 0, unexplained: 0 }
}
