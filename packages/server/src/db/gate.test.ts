import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { tablesAcrossPractices } from './control-tables.ts'
import { type Gate, gateQueries, gateValues } from './gate-queries.ts'

const { owner } = await scratchDatabase()

/** The bad thing that each gate must see: [what it is, how it is made]. */
const planted: Readonly<Record<Gate, readonly (readonly [string, string])[]>> = {
  unprotectedTables: [
    ['a tenant table that nobody protected', 'create table aegis.bad (practice_id integer not null, id integer)'],
    ['a table of practices in another schema', 'create table control.bad (practice_id integer)'],
    ['a table of the tenant schema without a practice', 'create table aegis.bad (id integer)'],
    [
      'row-level security that does not bind the owner',
      "create table aegis.bad (practice_id integer not null); select aegis.protect('aegis.bad'); alter table aegis.bad no force row level security",
    ],
    [
      'a second policy that lets everything through',
      "create table aegis.bad (practice_id integer not null); select aegis.protect('aegis.bad'); create policy more on aegis.bad using (true)",
    ],
  ],
  powerfulRoles: [
    ['a role that bypasses row-level security', 'alter role aegis_app bypassrls'],
    ['a role that may create roles', 'alter role aegis_control createrole'],
    ['a table that belongs to the runtime', 'create table aegis.bad (); alter table aegis.bad owner to aegis_app'],
    ['a role that may create tables', 'grant create on schema aegis to aegis_app'],
    ['a role that is a member of another', 'grant aegis_control to aegis_app'],
  ],
  crossPracticeKeys: [
    ['a unique e-mail across practices', 'create table aegis.bad (practice_id integer not null, email text unique)'],
    [
      'a foreign key into any practice',
      `create table aegis.good (practice_id integer not null, id integer unique);
       create table aegis.bad (practice_id integer not null, id integer references aegis.good (id))`,
    ],
  ],
  powerfulViews: [
    ["a view with its owner's eyes", 'create view aegis.bad as select 1 as one'],
    ['a materialized view', 'create materialized view aegis.bad as select 1 as one'],
  ],
  powerfulFunctions: [
    [
      "a function with its owner's rights",
      'create function aegis.bad() returns integer language sql security definer return 1; grant execute on function aegis.bad() to aegis_app',
    ],
    [
      'a function that everybody may call',
      'create function aegis.bad() returns integer language sql return 1; grant execute on function aegis.bad() to public',
    ],
  ],
  crossedRights: [
    ['the tenant role reading a control table', 'grant select on control.lease to aegis_app'],
    [
      'the control role reading a tenant table',
      'create table aegis.bad (practice_id integer not null); grant select on aegis.bad to aegis_control',
    ],
    ['the tenant role emptying a table', 'create table aegis.bad (); grant truncate on aegis.bad to aegis_app'],
    ['the audit role changing the log', 'create table audit.bad (); grant delete on audit.bad to aegis_audit'],
    ['the tenant role reading the log', 'create table audit.bad (); grant select on audit.bad to aegis_app'],
  ],
}

for (const gate of names()) {
  describe(`gate ${gate}`, () => {
    test('finds nothing in the migrated database', async () => {
      assert.deepEqual(await breaches(gate), [])
    })

    for (const [what, statements] of planted[gate]) {
      test(`finds ${what}`, async () => {
        // Roles belong to the whole cluster: what is planted must never be seen by anybody else.
        await owner.rows('begin')
        try {
          await owner.rows(statements)
          assert.notDeepEqual(await breaches(gate), [])
        } finally {
          await owner.rows('rollback')
        }
      })
    }
  })
}

test('every table that is listed as spanning practices exists and holds a practice id', async () => {
  const rows = await owner.rows<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where a.attname = 'practice_id' and c.oid::regclass::text = any ($1::text[])`,
    gateValues('unprotectedTables'),
  )
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...tablesAcrossPractices].sort())
})

async function breaches(gate: Gate): Promise<string[]> {
  const rows = await owner.rows<{ breach: string }>(gateQueries[gate], gateValues(gate))
  return rows.map(({ breach }) => breach)
}

function names(): Gate[] {
  // The keys of a constant.
  return Object.keys(gateQueries) as Gate[]
}
