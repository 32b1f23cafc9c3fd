import { sql } from '../packages/server/src/db/db.ts'
import { type MirroredPractice, practice } from '../packages/server/testing/mirrored-practice.ts'
import type { HeldMirror } from './held-mirror.ts'
import type { Checked } from './invariants.ts'

export interface Judgement {
  readonly wrong: readonly string[]
  readonly checked: Checked
}

const backwards = sql(
  'rig.history_backwards',
  `with versions as (
     select kind, key, last_modified_at as at, lag(last_modified_at) over (partition by kind, key order by change_id) as before
     from aegis.change where practice_id = $1 and last_modified_at is not null
   )
   select count(*)::int as checked, count(*) filter (where at < before)::int as wrong from versions`,
)
/** Not that one that is held is later, or not known: what lists show says no version, and to learn of one is no change. */
const outdated = sql(
  'rig.held_before_last_change',
  `with last as (
     select distinct on (kind, key) kind, key, last_modified_at as at
     from aegis.change where practice_id = $1 and last_modified_at is not null order by kind, key, change_id desc
   )
   select count(*)::int as checked, count(*) filter (where r.key is null or r.last_modified_at < l.at)::int as wrong
   from last as l left join aegis.record as r on r.practice_id = $1 and r.kind = l.kind and r.key = l.key`,
)
const twice = sql(
  'rig.created_twice',
  `select count(*)::int as checked, count(*) filter (where created > 1)::int as wrong from (
     select count(*) filter (where what = 'created') as created from aegis.change where practice_id = $1 group by kind, key
   ) as records`,
)
const miscounted = sql(
  'rig.miscounted',
  `select count(*)::int as checked, count(*) filter (where c.records is distinct from r.records)::int as wrong
   from (select kind, state, records from aegis.record_count where practice_id = $1 and records <> 0) as c
   full join (select kind, state, count(*) as records from aegis.record where practice_id = $1 group by 1, 2) as r
     using (kind, state)`,
)

interface Counted {
  readonly checked: number
  readonly wrong: number
}

const rules = [
  { invariant: 'I2', statement: backwards, what: 'changes to an earlier version than the one before' },
  { invariant: 'I2', statement: outdated, what: 'records of an earlier version than the last that their changes name' },
  { invariant: 'I3', statement: twice, what: 'records that were created more than once' },
  { invariant: 'I3', statement: miscounted, what: 'counters that differ from what is there' },
] as const

/** I2 and I3: what the mirror's own history of changes must look like. `lost`: so many were lost on purpose, and are created again. */
export async function judgeHistory({ db, practice: of }: HeldMirror, { lost } = { lost: 0 }): Promise<Judgement> {
  const wrong: string[] = []
  const checked = { I2: 0, I3: 0 }
  for (const { invariant, statement, what } of rules) {
    const [found] = await db.practice(of, (tx) => tx.rows<Counted>(statement, [of]))
    checked[invariant] += found?.checked ?? 0
    const expected = statement === twice ? lost : 0
    if (found?.wrong !== expected) wrong.push(`${invariant} ${found?.wrong} ${what}`)
  }
  return { wrong, checked }
}

const digest = sql(
  'rig.mirror_digest',
  `select md5(string_agg(part, '|' order by part)) as digest from (
     select 'record ' || md5(coalesce(string_agg((to_jsonb(r) - 'fetch_seq')::text, '' order by r.kind, r.key), '')) as part
       from aegis.record as r where practice_id = $1
     union all select 'change ' || count(*) || ' ' || coalesce(max(change_id), 0) from aegis.change where practice_id = $1
     union all select 'alias ' || md5(coalesce(string_agg(a::text, '' order by a.kind, a.key), ''))
       from aegis.alias as a where practice_id = $1
     union all select 'gap ' || md5(coalesce(string_agg(g::text, '' order by g::text), '')) from aegis.gap as g where practice_id = $1
     union all select 'count ' || md5(coalesce(string_agg(c::text, '' order by c::text), ''))
       from aegis.record_count as c where practice_id = $1
     union all select 'inbox ' || count(*) from aegis.inbox_page where practice_id = $1 and applied_at is null
     union all select 'quarantine ' || count(*) from aegis.quarantine where practice_id = $1
   ) as parts`,
)

async function digestOf({ deps }: MirroredPractice): Promise<string | undefined> {
  const rows = await deps.db.practice(practice, (tx) => tx.rows<{ digest: string }>(digest, [practice]))
  return rows[0]?.digest
}

/**
 * I16: so many restarts in a row, each of which takes everything for due, leave the mirror as it is. What is read again may
 * confirm a record (`fetch_seq`), by pages that are applied.
 */
export async function judgeRestarts(
  mirrored: MirroredPractice,
  restarts: number,
  restart: () => Promise<void>,
): Promise<Judgement> {
  const before = await digestOf(mirrored)
  for (let count = 0; count < restarts; count += 1) await restart()
  const same = before !== undefined && before === (await digestOf(mirrored))
  return { wrong: same ? [] : [`I16 ${restarts} restarts changed the mirror`], checked: { I16: restarts } }
}
