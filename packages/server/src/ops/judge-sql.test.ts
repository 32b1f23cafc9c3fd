import assert from 'node:assert/strict'
import test from 'node:test'
import { judgeSql } from './judge-sql.ts'

const runs: readonly string[] = [
  'select * from appointment',
  "select status, count(*) from appointment where local_date >= '2026-01-01' group by status order by 2 desc",
  'with busy as (select department_id, count(*) n from mirror.appointment group by 1) select * from busy where n > (select avg(n) from busy)',
  "select date_trunc('day', starts_at) as day, count(*) filter (where status = 'x') from appointment group by 1",
  'select p.patient, row_number() over (partition by department_id order by changed_at) from patient p',
  'select cast(duration_minutes as numeric(10, 2)) from appointment where department_id in (select department_id from department)',
  "select 'it''s' as text, 'x' as other",
]

for (const text of runs) test(`runs: ${text}`, () => assert.equal(judgeSql(text), undefined))

const refused: readonly [title: string, text: string][] = [
  ['a setting is changed', "select set_config('aegis.practice_id', '2', true)"],
  ['text is run as SQL', "select * from ts_stat('select 1')"],
  ['text is run as SQL by XML', "select query_to_xml('select 1', true, true, '')"],
  ['the name is quoted', `select "set_config"('a', 'b', true)`],
  ['the name is escaped', `select U&"\\0073et_config"('a', 'b', true)`],
  ['the name stands behind a comment', "select set_config/**/('a', 'b', true)"],
  ['the name stands on another line', "select set_config\n('a', 'b', true)"],
  ['the name has its schema', "select pg_catalog.set_config('a', 'b', true)"],
  ['other tables are read', 'select * from aegis.record'],
  ['other tables are read with spaces', 'select * from aegis . record'],
  ['other tables are read in quotes', 'select * from "aegis"."record"'],
  ['the catalogue is read', 'select * from pg_stat_activity'],
  ['a lock is taken', 'select pg_advisory_lock(1)'],
  ['it waits', 'select pg_sleep(100)'],
  ['it writes', 'delete from patient'],
  ['it writes below', 'with gone as (delete from patient returning 1) select * from gone; select 1'],
  ['there are two statements', 'select 1; select 2'],
  ['a string hides a name', 'select $$a$$'],
  ['a string has escapes', "select e'a'"],
  ['a string is left open', "select 'a"],
]
for (const [title, text] of refused) test(`refuses when ${title}`, () => assert.equal(typeof judgeSql(text), 'string'))
