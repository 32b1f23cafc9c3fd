import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { lookUp, sql, type Tx } from './db.ts'

const { db, owner } = await scratchDatabase()
const source = join(import.meta.dirname, '..')
const declared = /\blookUp\(\s*'(?<name>[^']+)',\s*(?:`(?<text>[^`]+)`|'(?<line>[^']+)')/g

const lookUps = globSync('**/*.sql.ts', { cwd: source }).flatMap((file) =>
  [...readFileSync(join(source, file), 'utf8').matchAll(declared)].map(({ groups = {} }) => ({
    name: groups.name ?? '',
    text: groups.text ?? groups.line ?? '',
  })),
)

/** What the keys of tables begin with. */
const first = /Index Cond: \(+(?:practice_id|app|name|environment) = /g

test('every look-up goes by an index, with the first of its key, by the plan that is kept since the tables were empty', async () => {
  assert.ok(lookUps.length > 40)
  await owner.rows('set plan_cache_mode = force_generic_plan')
  await owner.rows('set enable_seqscan = off')
  for (const { name, text } of lookUps) {
    const plan = await planOf(text)
    // The clock is one row without a key.
    assert.doesNotMatch(plan, /Seq Scan on (?!clock)|Hash Join|Merge Join/, `${name}:\n${plan}`)
    const scans = plan.match(/Index (?:Only )?Scan/g) ?? []
    const conditions = plan.match(first) ?? []
    assert.ok(conditions.length >= scans.length, `${name}:\n${plan}`)
  }
})

async function planOf(text: string): Promise<string> {
  const last = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  await owner.rows(`prepare looked_up as ${text}`)
  const values = last === 0 ? '' : `(${Array.from({ length: last }, () => 'null').join(', ')})`
  const lines = await owner.rows<{ 'QUERY PLAN': string }>(`explain execute looked_up${values}`)
  await owner.rows('deallocate looked_up')
  return lines.map((line) => line['QUERY PLAN']).join('\n')
}

const transactions: readonly (readonly [
  role: string,
  begin: (work: (tx: Tx) => Promise<object[]>) => Promise<object[]>,
  table: string,
])[] = [
  ['a practice', (work) => db.practice(7, work), 'aegis.feed_state'],
  ['control', (work) => db.control(work), 'control.schedule'],
  ['audit', (work) => db.audit(work), 'audit.entry'],
]
for (const [role, begin, table] of transactions) {
  test(`${role}: the plan of a look-up is kept, that of another statement is made anew each time, also behind a look-up`, async () => {
    const found = lookUp('test.looked_up', `select 1 as one from ${table} where practice_id = $1`)
    const other = sql('test.planned_anew', `select 2 as two from ${table} where practice_id = $1`)
    const made = sql(
      'test.plans',
      `select name, generic_plans::int as kept, custom_plans::int as anew from pg_prepared_statements
       where name in ('test.looked_up', 'test.planned_anew') and $1::int > 0 order by name`,
    )
    const plans = await begin(async (tx) => {
      for (const statement of [found, found, other, other]) await tx.rows(statement, [7])
      return tx.rows(made, [7])
    })
    assert.deepEqual(plans, [
      { name: 'test.looked_up', kept: 2, anew: 0 },
      { name: 'test.planned_anew', kept: 0, anew: 2 },
    ])
  })
}
