import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { repositoryFiles, tidy } from './tidy.ts'

test('the repository is tidy', () => {
  assert.deepEqual(tidy(repositoryFiles(join(import.meta.dirname, '..'))), [])
})

type Planted = [title: string, path: string, text: string, message: RegExp]

const SYNC = 'packages/server/src/sync/poll-feed.ts'
const SYNC_SQL = 'packages/server/src/sync/sync.sql.ts'
const SYNC_MIGRATION = 'packages/server/migrations/0070_sync_feeds.sql'
const LATER_MIGRATION = 'packages/server/migrations/0170_sync_more.sql'

/** Written in two halves where the repository itself may not hold the whole. */
const half = (left: string, right: string) => left + right

const order: Planted[] = [
  [
    'a lower slice imports a higher one',
    'packages/server/src/quota/reserve.ts',
    "import { x } from '../sync/poll-feed.ts'",
    /quota may not import sync/,
  ],
  [
    'a lower slice takes a type from a higher one',
    'packages/server/src/audit/append.ts',
    "import type {\n  A,\n  B,\n} from '../records/upsert.ts'",
    /ts:4: audit may not import records/,
  ],
  [
    'a lower slice names a higher one in a type',
    'packages/server/src/log/log.ts',
    "let x: import('../db/db.ts').Db",
    /log may not import db/,
  ],
  [
    'the errors know another slice',
    'packages/server/src/errors/error-table.ts',
    "import '../log/log.ts'",
    /errors may not import log/,
  ],
  ['a slice imports the root', 'packages/server/src/db/pool.ts', "await import('../main.ts')", /the composition root/],
  ['a slice without a place', 'packages/server/src/extras/x.ts', '', /extras has no place in SERVER_SLICES/],
  [
    'the client imports the server',
    'packages/client/src/request.ts',
    "import '@aegis/server'",
    /client may not import s/,
  ],
  ['the server imports the simulator', SYNC, "import { x } from '@aegis/simulator'", /server may not import simulator/],
  [
    'the simulator imports the client',
    'packages/simulator/src/route.ts',
    "export const y = 1\nimport { x } from '@aegis/client'",
    /ts:2: simulator may not import client/,
  ],
  [
    'a test of the simulator imports the client',
    'packages/simulator/src/route.test.ts',
    "import '@aegis/client'",
    /may not/,
  ],
  ['the server imports the command line', SYNC, "import { x } from 'aegis'", /server may not import cli/],
  ['the browser runs code of the server', 'packages/web/src/api.ts', "import { x } from '@aegis/server'", /only types/],
  [
    'a package is reached by path',
    'packages/cli/src/up.ts',
    "import { x } from '../../server/src/main.ts'",
    /by its name/,
  ],
  ['the client needs Node', 'packages/client/src/token.ts', "import { hash } from 'node:crypto'", /no modules of Node/],
  ['what is shipped imports a test', SYNC, "import { x } from '../../testing/scratch-database.ts'", /for tests/],
  ['a barrel', 'packages/server/src/sync/sync.ts', "export * from './poll-feed.ts'", /index.ts of a package only/],
  ['a barrel of types', SYNC, "export type { Feed } from './feed.ts'", /index.ts of a package only/],
]

const code: Planted[] = [
  ['the environment is read in a slice', SYNC, 'const x = process.env.X', /one file per program/],
  ['the system clock in the server', SYNC, 'const at = Date.now()', /time and randomness are inputs/],
  ['a date of now', SYNC, 'const at = new Date()', /inputs/],
  ['a random number in the client', 'packages/client/src/retry.ts', 'Math.random()', /inputs/],
  ['a timer in the simulator', 'packages/simulator/src/route.ts', 'setTimeout(f, 1)', /inputs/],
  ['an interval', SYNC, 'setInterval(f, 1)', /inputs/],
  ['an identifier from the air', SYNC, "import { randomUUID } from 'node:crypto'", /inputs/],
  ['a signal that runs on the system clock', SYNC, 'fetch(url, { signal: AbortSignal.timeout(5) })', /inputs/],
  ['timers by another door', SYNC, "import { setTimeout as wait } from 'node:timers/promises'", /take a clock/],
  ["the runtime's fetch", SYNC, "await fetch('http://127.0.0.1')", /may go through a proxy/],
  ['a module mock', 'packages/client/src/x.test.ts', "mock.module('node:fs', {})", /no module mocks/],
  ['a skipped test', 'packages/client/src/x.test.ts', "test.skip('works', () => {})", /a test runs, always/],
  ['a test that runs alone', 'packages/client/src/x.test.ts', "describe.only('works', () => {})", /a test runs/],
  ['a test put off', 'packages/client/src/x.test.ts', "test('works', { todo: true }, f)", /a test runs/],
  ['a test that skips itself', 'packages/client/src/x.test.ts', 't.skip()', /a test runs/],
  [
    'a test that some machines skip',
    'packages/client/src/x.test.ts',
    "test('a', { skip: !isRoot && 'no' }, f)",
    /a test runs/,
  ],
  ['a silenced compiler', SYNC, '// @ts-ignore\nx()', /say why/],
  ['a silenced linter without a reason', SYNC, '// oxlint-disable-next-line no-empty', /say why the linter is wrong/],
  ['a size with an exception', SYNC, '/* oxlint-disable max-lines -- it is long */', /have no exceptions/],
  ['a reminder', SYNC, half('// TO', 'DO: the rest'), /no reminders/],
]

const files: Planted[] = [
  ['a dumping ground', 'packages/server/src/quota/utils.ts', '', /name the file after what it does/],
  ['a dumping ground with a prefix', 'packages/client/src/date-helpers.test.ts', '', /name the file/],
  ['a dumping folder', 'packages/server/src/quota/shared/limit.ts', '', /name the file/],
  ['an index within a package', 'packages/server/src/quota/index.ts', '', /name the file/],
  ['a name in another case', 'packages/server/src/quota/reserveDay.ts', '', /kebab-case/],
  ['a long file', 'packages/client/src/request.ts', 'x\n'.repeat(401), /401 lines; a file has at most 400/],
  ['a long file among generated ones', 'packages/client/src/a/generated/b.ts', 'x\n'.repeat(401), /401 lines/],
  ['a long file that calls itself generated', SYNC, `// Generated by \`x\`\n${'x\n'.repeat(400)}`, /401 lines/],
  ['a long migration', SYNC_MIGRATION, '--\n'.repeat(401), /401 lines/],
  ['a path of one machine', 'docs/start.md', half('see /wo', 'rk/main'), /a path of one machine/],
  ['a page outside the repository', 'README.md', half('../shared/fac', 'ts/limits.md'), /a path of one machine/],
  ['talk of who wrote it', 'CHANGELOG.md', half('by a sub', 'agent'), /only of itself/],
  ['a private key', 'docs/tls.md', half('-----BEGIN PRIV', 'ATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B'), /a private key/],
  ['a private JWK', 'examples/key.json', half(`{"kty":"EC","d`, `":"${'a1'.repeat(24)}"}`), /a private key/],
  ["a vault's token", 'docs/a.md', half('hv', `s.${'a1'.repeat(14)}`), /a credential/],
  ['a credential', 'examples/a.ts', half('gh', `p_${'a1'.repeat(18)}`), /a credential/],
  ['a secret', SYNC, half('const clientSec', "ret = 'c2VjcmV0LXNlY3JldC0x0Q'"), /looks like a secret/],
  ['a number of a real person', 'examples/a.ts', half("ssn: '123-4", "5-6789'"), /social security/],
  ['a telephone of a real person', 'examples/a.ts', half("'617-44", "4-1234'"), /a telephone number/],
  ['an address of a real person', 'docs/a.md', half('mail jane@gmai', 'l.com'), /an e-mail address/],
]

const documents: Planted[] = [
  ['a dead link', 'README.md', 'Read [the map](ARCHITECTURE.md).', /ARCHITECTURE.md does not exist/],
  ['a link out of the repository', 'docs/a.md', '[x](../../b.md)', /b.md does not exist/],
  ['a page that code promises', SYNC, '// See docs/decisions/0099-x.md.', /docs\/decisions\/0099-x.md does not exist/],
  ['slices out of order', 'ARCHITECTURE.md', '| `log` | x |\n| `sync` | x |', /in this order: sync, log/],
]

const database: Planted[] = [
  [
    'the time of the database server',
    SYNC_MIGRATION,
    'create table aegis.f (at timestamptz default now());',
    /aegis.now/,
  ],
  ['its time under another name', SYNC_SQL, "sql('sync.a', 'select current_timestamp')", /comes from aegis.now/],
  ['its time in a literal', SYNC_SQL, `sql('sync.a', "select 'now'::timestamptz")`, /comes from aegis.now/],
  ['its time in a check', SYNC_SQL, "sql('sync.a', `\nselect clock_timestamp()`)", /sql.ts:2: time in SQL/],
  [
    'SQL put together in a template',
    SYNC,
    'await run(`select * from aegis.feed where id = ${id}`)',
    /not put together/,
  ],
  ['a statement with a hole', SYNC_SQL, "sql('sync.a', `${verb} from aegis.feed`)", /not put together/],
  ['SQL put together by adding', SYNC, "run('delete from aegis.feed where id = ' + id)", /not put together/],
  [
    'a query put together in db/',
    'packages/server/src/db/roles.ts',
    'query(`select from pg_roles where rolname = ${name}`)',
    /not put together/,
  ],
  ['a grant put together elsewhere', SYNC, 'query(`grant aegis_app to ${name}`)', /not put together/],
  ['a statement outside its file', SYNC, "sql('sync.a', 'select 1')", /live in the .sql.ts file/],
  ['a statement under a foreign name', SYNC_SQL, "sql('quota.a', 'select 1')", /named <slice>.<what>, here sync/],
  ['a statement twice', SYNC_SQL, "sql('sync.a', 'select 1')\nsql('sync.a', 'select 2')", /sync.sql.ts:2: .* too/],
  ['a migration without a slice', 'packages/server/migrations/0099_things.sql', '', /NNNN_<slice>_<what>/],
  [
    'a check that is tried on every row there is',
    LATER_MIGRATION,
    'alter table aegis.gap\n  add column a text default f(1, 2),\n  add constraint gap_a check (a in (1, 2));',
    /sql:3: a check .* added "not valid"/,
  ],
  [
    'a check of a new column',
    LATER_MIGRATION,
    'alter table only aegis.gap add column a integer check (a > 0);',
    /sql:1: a check .* added "not valid"/,
  ],
  [
    'a reference of an old table',
    LATER_MIGRATION,
    'alter table aegis.gap add foreign key (id) references aegis.other;',
    /added "not valid"/,
  ],
  [
    'a check that is validated under the lock that added it',
    LATER_MIGRATION,
    'alter table aegis.gap add constraint gap_a check (a > 0) not valid;\nalter table aegis.gap validate constraint gap_a;',
    /sql:2: a check is validated by a later migration/,
  ],
  [
    'an index among other things',
    LATER_MIGRATION,
    'alter table aegis.gap add column a integer;\ncreate unique index on aegis.gap (practice_id, a);',
    /sql:2: an index .* a file of its own/,
  ],
  ['a column that is dropped', LATER_MIGRATION, 'alter table aegis.gap drop column a;', /sql:1: .* must_be_known/],
  ['a column of another name', LATER_MIGRATION, 'alter table aegis.gap rename a to b;', /must_be_known/],
]

const manifestOf = (dependencies: object, more: object = {}) => JSON.stringify({ name: 'x', dependencies, ...more })
const lockOf = (packages: object) => JSON.stringify({ packages })

const dependencies: Planted[] = [
  [
    'a download address',
    'package-lock.json',
    lockOf({ 'node_modules/pg': { integrity: 'sha512-x', resolved: 'https://registry.example/pg.tgz' } }),
    /pg carries a download address/,
  ],
  ['a package without a digest', 'package-lock.json', lockOf({ 'node_modules/pg': {} }), /pg has no sha512 integrity/],
  [
    'an install script nobody allowed',
    'package-lock.json',
    lockOf({ 'node_modules/pg': { integrity: 'sha512-x', hasInstallScript: true } }),
    /pg wants to run an install script/,
  ],
  ['a range', 'packages/server/package.json', manifestOf({ pg: '^8.0.0' }), /pg is pinned by an exact version/],
  [
    'a package without a digest in a lock file of its own',
    'scripts/x/package-lock.json',
    lockOf({ 'node_modules/pg': {} }),
    /pg has no sha512 integrity/,
  ],
  ['a range under another name', 'scripts/x/package.json', manifestOf({ old: 'npm:pg@^8.0.0' }), /pinned by an exact/],
  ['a package from a repository', 'package.json', manifestOf({ pg: 'git+https://x.example/pg' }), /exact version/],
  [
    'a client with a dependency',
    'packages/client/package.json',
    manifestOf({ pg: '8.0.0' }),
    /no runtime dependencies/,
  ],
  [
    'a dependency without a reason',
    'packages/cli/package.json',
    manifestOf({ pg: '8.0.0' }),
    /pg is used and has no r/,
  ],
  ['a reason without a dependency', 'docs/dependencies.md', '| `pg` | speaks to it |', /pg is no longer used/],
  [
    'a production tree over the budget',
    'package-lock.json',
    lockOf({
      'packages/server': { dependencies: { p0: '1.0.0' } },
      ...Object.fromEntries(
        Array.from({ length: 161 }, (_, n) => [
          `node_modules/p${n}`,
          { integrity: 'sha512-x', dependencies: { [`p${n + 1}`]: '1.0.0' } },
        ]),
      ),
    }),
    /161 packages in production; the budget is 160/,
  ],
]

for (const [topic, planted] of Object.entries({ order, code, files, documents, database, dependencies })) {
  describe(`tidy finds a breach of ${topic}:`, () => {
    for (const [title, path, text, message] of planted) {
      test(title, () => assert.match(tidy(new Map([[path, text]])).join('\n'), message))
    }
  })
}

test('a slice that names the table of another is told whose it is', () => {
  const planted = new Map([
    [
      'packages/server/migrations/0060_records_mirror.sql',
      'create table if not exists aegis.record (practice_id integer);',
    ],
    [SYNC_SQL, "sql('sync.a', 'select 1 from aegis.record')"],
    [SYNC_MIGRATION, 'create table aegis.feed (\n  record bigint references aegis.record\n);'],
  ])
  assert.deepEqual(tidy(planted), [
    `${SYNC_MIGRATION}:2: aegis.record belongs to records: ask records for what you need`,
    `${SYNC_SQL}:1: aegis.record belongs to records: ask records for what you need`,
  ])
})

test('a slice that the map does not show is named', () => {
  const planted = new Map([
    ['ARCHITECTURE.md', '| `log` | x |'],
    [SYNC, ''],
  ])
  assert.deepEqual(tidy(planted), ['ARCHITECTURE.md:1: the slice sync is not described'])
})

test('two migrations with one number are told apart', () => {
  const planted = new Map([
    ['packages/server/migrations/0070_sync_feeds.sql', ''],
    ['packages/server/migrations/0070_sync_inbox.sql', ''],
  ])
  assert.match(tidy(planted).join('\n'), /sync_inbox.sql:1: the number is taken by .*sync_feeds.sql/)
})

test('a package imports only what its package.json declares', () => {
  const planted = new Map([
    ['packages/server/package.json', JSON.stringify({ optionalDependencies: { '@x/y': '1.0.0' } })],
    [SYNC, "import '@x/y/z.js'\nimport 'node:fs'\nimport 'pg/lib/client.js'"],
  ])
  const found = tidy(planted).filter((line) => !line.startsWith('docs/'))
  assert.deepEqual(found, [`${SYNC}:3: pg is not a dependency in this package's package.json`])
})

const allowed: [title: string, path: string, text: string][] = [
  ['a slice imports one below, itself and the client', SYNC, "import '../quota/reserve.ts'\nimport './feed.ts'"],
  ['the root is also a folder', 'packages/server/src/start/wire.ts', "import '../aegis.ts'\nimport '../sync/feed.ts'"],
  ['the root imports every slice', 'packages/server/src/main.ts', "import './console/start.ts'"],
  ['the browser takes types', 'packages/web/src/api.ts', "import type { Message } from '@aegis/server/api'"],
  ['a test imports the simulator', 'packages/client/src/x.test.ts', "import { start } from '@aegis/simulator'"],
  ['a test imports what is for tests', 'packages/server/src/db/x.test.ts', "import '../../testing/manual-clock.ts'"],
  ['the rig imports everything', 'rig/rig.ts', "import '../packages/server/src/db/db.ts'\nimport '@aegis/simulator'"],
  ['the index of a package', 'packages/client/src/index.ts', "export { get } from './request.ts'"],
  ['words in comments and strings', SYNC, "// Date.now() is banned\nconst why = 'setTimeout( is banned'"],
  ['the server reads its configuration', 'packages/server/src/config.ts', 'process.env'],
  ['the clock of the server', 'packages/server/src/clock/clock.ts', 'Date.now()'],
  ['a date of a given instant', SYNC, 'new Date(at)'],
  ['a reason for silence', SYNC, '// oxlint-disable-next-line no-empty -- the file may be gone'],
  [
    'the definition of the one clock',
    'packages/server/migrations/0001_db_schemas.sql',
    'create function aegis.now() returns timestamptz language sql as $$ select clock_timestamp() $$;',
  ],
  [
    'the setting of the one clock',
    'packages/server/src/db/sql-clock.sql.ts',
    "sql('db.a', 'select clock_timestamp()')",
  ],
  [
    'the time of the tables of pg-boss',
    'packages/server/src/queue/queue.sql.ts',
    "sql('queue.a', 'update pgboss.job set start_after = clock_timestamp()')",
  ],
  ['names in statements without parameters', 'packages/server/src/db/roles.ts', 'query(`grant aegis_app to ${name}`)'],
  ['time from the one clock', SYNC_SQL, "sql('sync.a', `select aegis.now() /* not now() */`)"],
  [
    'checks, references and indexes of a table that is new',
    LATER_MIGRATION,
    'create table aegis.new (a int check (a > 0));\nalter table aegis.new add check (a < 9);\ncreate index on aegis.new (a);',
  ],
  [
    'a check that is tried on what comes',
    LATER_MIGRATION,
    'alter table aegis.gap add constraint gap_a check (a > 0) not valid, validate constraint of_before;',
  ],
  ['an index alone', LATER_MIGRATION, '-- Why; and why so.\ncreate index gap_a on aegis.gap (practice_id, a);\n'],
  [
    'what is taken away with a mark',
    LATER_MIGRATION,
    'alter table aegis.gap drop column a;\nupdate control.migration set must_be_known = true where number = 160;',
  ],
  ['a sentence that begins like SQL', 'packages/cli/src/up.ts', 'say(`update ${name} to go on`)'],
  ['a slice with a hyphen', 'packages/server/src/key-server/key-server.sql.ts', "sql('key_server.a', 'select 1')"],
  ['the statement of the operator', 'packages/server/src/ops/run-sql.ts', 'query(`select * from (${text}) as result`)'],
  ['links that lead somewhere', 'docs/a.md', '[here](a.md#part) and [there](https://example.com) and [up](../docs)'],
  ['a script of the client uses Node', 'packages/client/scripts/make-x.ts', "import { readFileSync } from 'node:fs'"],
  ['a long generated file', 'packages/client/src/a/generated/b.ts', `// Generated by \`x\`\n${'x\n'.repeat(400)}`],
  ['invented people', 'examples/a.ts', "['987-65-4321', '617-555-0123', 'mia@example.com', 'demo-secret']"],
]

describe('tidy allows:', () => {
  for (const [title, path, text] of allowed) {
    test(title, () => assert.deepEqual(tidy(new Map([[path, text]])), []))
  }
})
