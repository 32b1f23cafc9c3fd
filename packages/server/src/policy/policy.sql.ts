import { sql, type Tx } from '../db/db.ts'
import type { AllowanceKind } from './allowances.ts'

const beginOnboarding = sql(
  'policy.begin_onboarding',
  `insert into control.policy_onboarding (practice_id, began_at) values ($1, aegis.now()) on conflict do nothing`,
)
const readOnboarding = sql(
  'policy.read_onboarding',
  'select began_at, aegis.now() as now_at from control.policy_onboarding where practice_id = $1',
)

/** When the practice's onboarding began, which is now if it never did; epoch ms. */
export async function onboardingRow(tx: Tx, practice: number): Promise<{ began_at: number; now_at: number }> {
  await tx.rows(beginOnboarding, [practice])
  const [row] = await tx.rows<{ began_at: number; now_at: number }>(readOnboarding, [practice])
  return row ?? { began_at: 0, now_at: Number.POSITIVE_INFINITY }
}

const countCall = sql(
  'policy.count_call',
  `insert into control.policy_allowance as a (practice_id, kind, day, calls)
   values ($1, $2, (aegis.now() at time zone 'UTC')::date, 1)
   on conflict (practice_id, kind, day) do update set calls = a.calls + 1 where a.calls < $3::integer
   returning calls`,
)

/** Counts one call of today if fewer than `callsMax` were made; whether it did. */
export async function countedCall(
  tx: Tx,
  call: { practice: number; kind: AllowanceKind; callsMax: number },
): Promise<boolean> {
  return (await tx.rows(countCall, [call.practice, call.kind, call.callsMax])).length > 0
}

const readCalls = sql(
  'policy.read_calls',
  `select kind, calls from control.policy_allowance
   where practice_id = $1 and day = (aegis.now() at time zone 'UTC')::date`,
)

/** Calls made on allowances today. */
export async function allowanceRows(tx: Tx, practice: number): Promise<{ kind: AllowanceKind; calls: number }[]> {
  return tx.rows(readCalls, [practice])
}
