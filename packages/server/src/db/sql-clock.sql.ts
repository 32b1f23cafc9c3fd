import { lookUp, sql, type Tx } from './db.ts'

const setClock = sql(
  'db.set_clock',
  `update control.clock
   set base_real = clock_timestamp(), base_virtual = to_timestamp($1::float8 / 1000), speed = $2::float8
   where speed <> $2::float8 or abs(extract(epoch from aegis.now()) * 1000 - $1::float8) >= $3::float8`,
)
const resetClock = sql(
  'db.reset_clock',
  `update control.clock set base_real = '2000-01-01 00:00:00+00', base_virtual = '2000-01-01 00:00:00+00', speed = 1`,
)
/** The server machine's own time as `at`, epoch ms: for comparing clocks, also where the schema is not there. */
export const machineTime = sql('db.machine_time', 'select extract(epoch from clock_timestamp())::float8 * 1000 as at')
const readClock = lookUp('db.read_clock', 'select aegis.now() as now_ms')

/**
 * Slaves `aegis.now()` to a simulator: it is `nowMs` at this moment and runs `speed` times as fast as real time. A clock
 * that does so already, within `toleranceMs`, is left alone: it must not jump for each process that joins.
 */
export async function slaveSqlClock(
  tx: Tx,
  { nowMs, speed, toleranceMs = 0 }: { nowMs: number; speed: number; toleranceMs?: number },
): Promise<void> {
  await tx.rows(setClock, [nowMs, speed, toleranceMs])
}

/** Gives `aegis.now()` the machine's time again. */
export async function resetSqlClock(tx: Tx): Promise<void> {
  await tx.rows(resetClock)
}

/** The installation's time, epoch milliseconds. */
export async function readSqlClock(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ now_ms: number }>(readClock)
  return row?.now_ms ?? Number.NaN
}
