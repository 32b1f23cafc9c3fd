import { lookUp, sql, type Tx } from '../db/db.ts'

export interface LeaseTerms {
  readonly name: string
  readonly holder: string
  readonly ttlMs: number
}

const takeIfFree = lookUp(
  'leases.take_if_free',
  `insert into control.lease as l (name, fence, holder, expires_at)
   values ($1, 1, $2, aegis.now() + make_interval(secs => $3::float8 / 1000))
   on conflict (name) do update
     set fence = l.fence + 1, holder = excluded.holder, expires_at = excluded.expires_at
     where l.expires_at <= aegis.now()
   returning fence`,
)
// The holder too: a standby that took over without the last transactions may give out a fence for the second time. And only
// while it lasts: a renewal that comes after the end would hold it for a term that nobody works in.
const extend = lookUp(
  'leases.extend',
  `update control.lease set expires_at = aegis.now() + make_interval(secs => $3::float8 / 1000)
   where name = $1 and fence = $2::bigint and holder = $4 and expires_at > aegis.now()
   returning name`,
)
// While it rests nobody holds it, whose renewal may still be under way.
const giveUp = lookUp(
  'leases.give_up',
  `update control.lease set holder = '', expires_at =
     case when $3::float8 > 0 then aegis.now() + make_interval(secs => $3::float8 / 1000) else '-infinity' end
   where name = $1 and fence = $2::bigint and holder = $4`,
)
// The fence grows too, so that a heartbeat of the former holder, should it still live, cannot take the lease back.
const endOthers = sql(
  'leases.end_others',
  `update control.lease set expires_at = '-infinity', fence = fence + 1
   where holder <> $1 and expires_at > aegis.now()
   returning name`,
)

/** Takes the lease if nobody holds it: its new fencing number, higher than any before; undefined when it is held. */
export async function takeLeaseIfFree(tx: Tx, { name, holder, ttlMs }: LeaseTerms): Promise<string | undefined> {
  const [row] = await tx.rows<{ fence: string }>(takeIfFree, [name, holder, ttlMs])
  return row?.fence
}

/** Extends the lease from now on; false when it has ended, or has another fence, or another holder, by now. */
export async function extendLease(tx: Tx, lease: LeaseTerms & { fence: string }): Promise<boolean> {
  return (await tx.rows(extend, [lease.name, lease.fence, lease.ttlMs, lease.holder])).length === 1
}

/** Ends the lease, unless somebody else holds it by now: at once, or when nobody had it for `restMs`. */
export async function giveUpLease(
  tx: Tx,
  lease: Omit<LeaseTerms, 'ttlMs'> & { fence: string; restMs: number },
): Promise<void> {
  await tx.rows(giveUp, [lease.name, lease.fence, lease.restMs, lease.holder])
}

/** Ends every lease that is not held by `holder`; how many there were. */
export async function endOtherLeases(tx: Tx, holder: string): Promise<number> {
  return (await tx.rows(endOthers, [holder])).length
}

const endNamed = sql(
  'leases.end_named',
  `update control.lease set expires_at = '-infinity', fence = fence + 1
   where name = any($1::text[]) and expires_at > aegis.now()`,
)

/** Ends these leases, whoever holds them: the work is not to be done any more. Holders notice at their next renewal. */
export async function endLeases(tx: Tx, names: readonly string[]): Promise<void> {
  await tx.rows(endNamed, [`{${names.map((name) => `"${name}"`).join(',')}}`])
}

const readEnd = sql('leases.read_end', 'select expires_at as ends_at from control.lease where name = $1')

/** When the lease ends or ended, epoch ms; -Infinity once it was given up. */
export async function readLeaseEnd(tx: Tx, name: string): Promise<number | undefined> {
  return (await tx.rows<{ ends_at: number }>(readEnd, [name]))[0]?.ends_at
}

const isHeld = sql('leases.is_held', 'select from control.lease where name = $1 and expires_at > aegis.now()')

/** Whether somebody holds the lease now. */
export async function isLeaseHeld(tx: Tx, name: string): Promise<boolean> {
  return (await tx.rows(isHeld, [name])).length > 0
}

const countHeld = sql(
  'leases.count_held',
  'select count(*)::integer as count from control.lease where expires_at > aegis.now()',
)

/** How many leases are held now. */
export async function countHeldLeases(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(countHeld)
  return row?.count ?? 0
}

const bound = sql(
  'leases.bound',
  `update control.lease set expires_at = aegis.now() + make_interval(secs => $1::float8 / 1000)
   where expires_at > aegis.now() + make_interval(secs => $1::float8 / 1000)`,
)

/** Lets no lease last for longer than `mostMs` from now: the clock was set back. Who still holds one renews it. */
export async function boundLeases(tx: Tx, mostMs: number): Promise<void> {
  await tx.rows(bound, [mostMs])
}
