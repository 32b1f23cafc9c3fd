import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { lookUp } from './db.ts'
import { openDb } from './open-db.ts'
import { isSqlState } from './sql-error.ts'

/*
 * A migration runs while processes of the release before go on with statements that they prepared. One whose result a
 * further column would change fails on each of their connections, for good: PostgreSQL plans it anew, but never with another
 * result.
 */

const { db, owner, logins } = await scratchDatabase()
const source = join(import.meta.dirname, '..')
const declared =
  /\b(?:lookUp|sql)\(\s*'(?<name>[a-z_]+\.[a-z_0-9]+)',\s*(?:`(?<text>[^`]+)`|'(?<line>[^']+)'|"(?<quoted>[^"]+)")/g

const statements = globSync('**/*.ts', { cwd: source, exclude: ['**/*.test.ts'] }).flatMap((file) =>
  [...readFileSync(join(source, file), 'utf8').matchAll(declared)].map(({ groups = {} }) => ({
    name: groups.name ?? '',
    text: groups.text ?? groups.line ?? groups.quoted ?? '',
  })),
)

/** All but `set` and `lock`, which return nothing. */
const returning = statements.filter(({ text }) => /^\s*(with|select|insert|update|delete|merge)\b/.test(text))

test('no statement returns something else after a migration that adds a column to its tables', async () => {
  assert.ok(returning.length > 230)
  const fails: string[] = []
  for (const [index, { text }] of returning.entries()) await owner.rows(`prepare prepared_${index} as ${text}`)
  const tables = await owner.rows<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('aegis', 'control', 'audit')`,
  )
  assert.ok(tables.length > 30)
  for (const { name } of tables) await owner.rows(`alter table ${name} add column further_column integer`)
  for (const [index, { name, text }] of returning.entries()) {
    const last = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
    const values = last === 0 ? '' : `(${Array.from({ length: last }, () => 'null').join(', ')})`
    await owner.rows(`explain execute prepared_${index}${values}`).catch((error: unknown) => {
      fails.push(`${name}: ${error instanceof Error ? error.message : error}`)
    })
  }
  assert.deepEqual(fails, [])
})

test('a connection that prepared a statement whose result has changed is not used again', async () => {
  await owner.rows('create table aegis.grown (practice_id integer not null, id integer, primary key (practice_id, id))')
  await owner.rows("select aegis.protect('aegis.grown')")
  const all = lookUp('test.all_of_grown', 'select * from aegis.grown where practice_id = $1')
  const own = await openDb({ logins, log: memoryLog(), poolSizes: { app: 1 } })
  const read = () => own.practice(1, (tx) => tx.rows(all, [1]))
  await read()
  await owner.rows('alter table aegis.grown add column more integer')
  await assert.rejects(read(), (error) => isSqlState(error, '0A000'))
  assert.deepEqual(await read(), [])
  await own.close()
})

test('functions over many practices go on as well', async () => {
  const readFeeds = statements.find(({ name }) => name === 'sync.feeds_of')
  assert.ok(readFeeds)
  const read = () => db.practice(0, (tx) => tx.rows(readFeeds, ['{1}']))
  await owner.rows("insert into aegis.feed_state (practice_id, feed, state_since) values (1, 'patients', now())")
  const before = await read()
  assert.equal(before.length, 1)
  await owner.rows('alter table aegis.feed_state add column one_more integer')
  assert.deepEqual(await read(), before)
})
