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
   returning day`,
)

/** Counts one call of today if fewer than `callsMax` were made. Returns the day, undefined where it did not. */
export async function countedCall(
  tx: Tx,
  call: { practice: number; kind: AllowanceKind; callsMax: number },
): Promise<string | undefined> {
  const [row] = await tx.rows<{ day: string }>(countCall, [call.practice, call.kind, call.callsMax])
  return row?.day
}

const uncount = sql(
  'policy.uncount_call',
  `update control.policy_allowance set calls = calls - 1
   where practice_id = $1 and kind = $2 and day = $3::date and calls > 0`,
)

/** Takes back one call that was counted on a day. */
export async function uncountCall(tx: Tx, call: { practice: number; kind: AllowanceKind; day: string }): Promise<void> {
  await tx.rows(uncount, [call.practice, call.kind, call.day])
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
