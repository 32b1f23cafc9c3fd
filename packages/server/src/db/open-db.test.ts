import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import pg from 'pg'
import { memoryLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { clientConfig } from './database-login.ts'
import { sql, type Tx } from './db.ts'
import { openDb } from './open-db.ts'
import { isSqlState } from './sql-error.ts'
import { inTransaction } from './transaction.ts'

const { db, owner, logins } = await scratchDatabase()
await owner.rows(
  `create table aegis.note (practice_id integer not null, id integer not null, text text, primary key (practice_id, id))`,
)
await owner.rows("select aegis.protect('aegis.note')")

const insertNote = sql('test.insert_note', 'insert into aegis.note (practice_id, id, text) values ($1, $2, $3)')
const readNotes = sql('test.read_notes', 'select practice_id, id, text from aegis.note order by id')
const setting = sql('test.setting', 'select current_setting($1) as value')

describe('practices are kept apart', () => {
  test('a practice sees and writes its own rows only', async () => {
    await db.practice(1, (tx) => tx.rows(insertNote, [1, 1, 'of one']))
    await db.practice(2, (tx) => tx.rows(insertNote, [2, 1, 'of two']))
    assert.deepEqual(await db.practice(1, (tx) => tx.rows(readNotes)), [{ practice_id: 1, id: 1, text: 'of one' }])
    await assert.rejects(
      db.practice(1, (tx) => tx.rows(insertNote, [2, 2, 'into another practice'])),
      (error) => isSqlState(error, '42501'),
    )
  })

  test('the same key in two practices is no conflict: it does not tell one of the other', async () => {
    await db.practice(3, (tx) => tx.rows(insertNote, [3, 1, 'same']))
    assert.equal((await db.practice(3, (tx) => tx.rows(readNotes))).length, 1)
  })

  test('10,000 interleaved transactions of two practices on one connection show no foreign row', async () => {
    const one = await openDb({
      logins,
      log: memoryLog(),
      poolSizes: { app: 1, control: 1, audit: 1 },
      connectTimeoutMs: 120_000,
    })
    const practices = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) => {
        const practice = 1 + (index % 2)
        return one
          .practice(practice, async (tx) => {
            const rows = await tx.rows<{ practice_id: number }>(readNotes)
            // Every seventh ends in a rollback, after which PostgreSQL keeps an empty setting on the connection.
            if (index % 7 === 0) throw new Rollback(rows)
            return rows
          })
          .catch((error: unknown) => {
            if (error instanceof Rollback) return error.rows
            throw error
          })
          .then((rows) => rows.every((row) => row.practice_id === practice) && rows.length === 1)
      }),
    )
    await one.close()
    assert.equal(practices.filter((own) => !own).length, 0)
  })

  test('without the context of a practice a tenant table cannot be read at all', async () => {
    const fresh = await openDb({ logins: { ...logins, control: logins.app }, log: memoryLog() })
    // The connection of this pool never had a practice, but the role of a tenant.
    await assert.rejects(
      fresh.control((tx) => tx.rows(readNotes)),
      (error) => isSqlState(error, '42704'),
    )
    await fresh.close()
  })

  test('the empty context that a rollback leaves behind shows no row and accepts none', async () => {
    const empty = sql('test.empty_context', "select set_config('aegis.practice_id', '', true)")
    await db
      .practice(1, async (tx) => {
        await tx.rows(empty)
        assert.deepEqual(await tx.rows(readNotes), [])
        await assert.rejects(tx.rows(insertNote, [1, 9, 'nobody']), (error) => isSqlState(error, '42501'))
        throw new Rollback([])
      })
      .catch((error: unknown) => assert.ok(error instanceof Rollback))
  })

  test('the context ends with its transaction, also on a connection that is used again', async () => {
    const pool = new pg.Pool({ ...clientConfig(logins.app), max: 1, pipeline: true })
    const read = (tx: Tx) => tx.rows(readNotes)
    assert.equal((await inTransaction(pool, 1, read)).length, 1)
    assert.deepEqual(await inTransaction(pool, undefined, read), [])
    await pool.end()
  })

  test('something else than a practice id is refused before any statement', () => {
    for (const wrong of [-1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) {
      assert.throws(() => db.practice(wrong, async () => undefined), RangeError)
    }
  })

  test('the roles of control and audit see no tenant table', async () => {
    await assert.rejects(
      db.control((tx) => tx.rows(readNotes)),
      (error) => isSqlState(error, '42501'),
    )
    await assert.rejects(
      db.audit((tx) => tx.rows(readNotes)),
      (error) => isSqlState(error, '42501'),
    )
  })
})

class Rollback extends Error {
  readonly rows: { practice_id: number }[]
  constructor(rows: { practice_id: number }[]) {
    super('rolled back by the test')
    this.rows = rows
  }
}

describe('a transaction', () => {
  test('commits when its work resolves and rolls back when it rejects', async () => {
    await db.practice(10, (tx) => tx.rows(insertNote, [10, 1, 'stays']))
    await assert.rejects(
      db.practice(10, async (tx) => {
        await tx.rows(insertNote, [10, 2, 'goes'])
        throw new RangeError('no')
      }),
      RangeError,
    )
    assert.deepEqual(await db.practice(10, (tx) => tx.rows(readNotes)), [{ practice_id: 10, id: 1, text: 'stays' }])
  })

  test('whose work swallowed an error is not silently lost', async () => {
    const work = db.practice(11, async (tx) => {
      await tx.rows(insertNote, [11, 1, 'lost?'])
      await tx.rows(insertNote, [11, 1, 'double']).catch(() => undefined)
    })
    await assert.rejects(work, (error) => isAegisError(error, 'db.rolled-back'))
  })

  test('whose work forgot to wait for a statement is rolled back', async () => {
    const work = db.practice(12, async (tx) => {
      void tx.rows(insertNote, [12, 1, 'not awaited']).catch(() => undefined)
    })
    await assert.rejects(work, (error) => isAegisError(error, 'db.statement-not-awaited'))
    assert.deepEqual(await db.practice(12, (tx) => tx.rows(readNotes)), [])
  })

  test('is of no use after its end', async () => {
    let kept: Tx | undefined
    await db.practice(13, async (tx) => {
      kept = tx
    })
    await assert.rejects(
      async () => kept?.rows(readNotes),
      (error) => isAegisError(error, 'db.transaction-over'),
    )
  })

  test('commits with its last statement, before this process goes on', async () => {
    await db.practice(15, async (tx) => {
      await tx.rows(insertNote, [15, 1, 'first'])
      await tx.rows(insertNote, [15, 2, 'last'], { isLast: true })
      let seen: object[] = []
      const look = 'select id from aegis.note where practice_id = 15'
      for (let looks = 0; looks < 2_000 && seen.length < 2; looks += 1) seen = await owner.rows(look)
      assert.equal(seen.length, 2)
      await assert.rejects(
        async () => tx.rows(readNotes),
        (error) => isAegisError(error, 'db.transaction-over'),
      )
    })
  })

  test('whose last statement fails leaves nothing behind', async () => {
    const work = db.practice(16, async (tx) => {
      await tx.rows(insertNote, [16, 1, 'first'])
      await tx.rows(insertNote, [16, 1, 'last'], { isLast: true })
    })
    await assert.rejects(work, (error) => isSqlState(error, '23505'))
    assert.deepEqual(await db.practice(16, (tx) => tx.rows(readNotes)), [])
  })

  test('runs statements begun together in their order', async () => {
    const ids = await db.practice(14, async (tx) => {
      await Promise.all([1, 2, 3].map((id) => tx.rows(insertNote, [14, id, 'together'])))
      return tx.rows<{ id: number }>(readNotes)
    })
    assert.deepEqual(
      ids.map(({ id }) => id),
      [1, 2, 3],
    )
  })

  test('of a practice has its turn behind one that takes as long as a statement may', async (t) => {
    const own = await openDb({ logins, log: memoryLog(), poolSizes: { app: 1 } })
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const long = own.practice(17, () => {
      begun.resolve()
      return held.promise
    })
    await begun.promise
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const next = own.practice(17, (tx) => tx.rows(readNotes))
    next.catch(() => undefined)
    t.mock.timers.tick(30_000)
    t.mock.timers.reset()
    held.resolve()
    assert.deepEqual(await next, [])
    await long
    await own.close()
  })

  test('has the timeouts and the name that an operator sees', async () => {
    const names = [
      'statement_timeout',
      'idle_in_transaction_session_timeout',
      'application_name',
      'search_path',
      'TimeZone',
    ]
    const values = await db.control((tx) =>
      Promise.all(names.map((name) => tx.rows<{ value: string }>(setting, [name]))),
    )
    assert.deepEqual(
      values.map(([row]) => row?.value),
      ['30s', '30s', 'aegis', '', 'UTC'],
    )
  })
})

describe('an error tells the SQLSTATE and the constraint, and nothing of the values', () => {
  const cast = sql('test.cast', 'select $1::text::date')
  const beforeChrist = sql('test.before_christ', "select '0044-03-15 BC'::timestamptz as value")
  const cases: [string, (tx: Tx) => Promise<unknown>, Record<string, string>][] = [
    [
      'a value that cannot be read',
      (tx) => tx.rows(beforeChrist),
      { reason: 'unreadable value', statement: 'test.before_christ' },
    ],
    ['a failed cast', (tx) => tx.rows(cast, ['CANARY']), { sqlstate: '22007', statement: 'test.cast' }],
    [
      'a broken constraint',
      async (tx) => {
        await tx.rows(insertNote, [20, 1, 'CANARY'])
        await tx.rows(insertNote, [20, 1, 'CANARY'])
      },
      { sqlstate: '23505', statement: 'test.insert_note', constraint: 'note_pkey' },
    ],
    [
      'a value of the wrong type',
      (tx) => tx.rows(insertNote, [20, 'CANARY', 'x']),
      { sqlstate: '22P02', statement: 'test.insert_note' },
    ],
  ]
  for (const [what, work, detail] of cases) {
    test(what, async () => {
      const error: unknown = await db.practice(20, work).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof AegisError)
      assert.equal(error.code, 'db.statement-failed')
      assert.deepEqual(error.detail, detail)
      assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /CANARY/)
    })
  }
})

describe('a connection that breaks', () => {
  const kill = (name: string) =>
    owner.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'aegis' and usename = $1`,
      [name],
    )

  test('in the middle of a transaction is db.unavailable, and the next transaction works', async () => {
    const work = db.practice(30, async (tx) => {
      await tx.rows(insertNote, [30, 1, 'lost'])
      await kill('aegis_app')
      await tx.rows(insertNote, [30, 2, 'lost'])
    })
    await assert.rejects(work, (error) => isAegisError(error, 'db.unavailable'))
    assert.deepEqual(await db.practice(30, (tx) => tx.rows(readNotes)), [])
  })

  test('while it is idle is logged, and nobody notices', async () => {
    const log = memoryLog()
    const own = await openDb({ logins, log })
    await own.practice(31, (tx) => tx.rows(insertNote, [31, 1, 'before']))
    await kill('aegis_app')
    while (!log.events().includes('db.connection-lost')) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await own.practice(31, (tx) => tx.rows(readNotes))).length, 1)
    await own.close()
  })

  test('at the commit leaves the outcome open, and says so', async () => {
    await owner.rows(`
      create function aegis.slow_commit() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`)
    await owner.rows(`
      create constraint trigger slow after insert on aegis.note deferrable initially deferred for each row
        when (new.practice_id = 32) execute function aegis.slow_commit()`)
    // The deferred trigger runs within the commit, as a crash would come.
    await owner.rows('grant execute on function aegis.slow_commit() to aegis_app')
    const work = db.practice(32, (tx) => tx.rows(insertNote, [32, 1, 'who knows']))
    await assert.rejects(work, (error) => isAegisError(error, 'db.unavailable') && error.detail.commit === 'unknown')
  })

  test('cannot be made: db.unavailable within the time allowed, and nothing stays open', async () => {
    const nowhere = { url: 'postgres://aegis_app:x@localhost/aegis?host=%2Fnonexistent' }
    const options = {
      logins: { app: nowhere, control: nowhere, audit: nowhere },
      log: memoryLog(),
      connectTimeoutMs: 200,
    }
    const error: unknown = await openDb(options).catch((thrown: unknown) => thrown)
    assert.ok(isAegisError(error, 'db.unavailable'))
    assert.equal(error.detail.reason, 'ENOENT')
  })

  test('for a wrong password tells neither the password nor more than its SQLSTATE', async () => {
    const wrong = { url: logins.app.url.replace(/:[^:@]+@/, ':CANARY@') }
    const error: unknown = await openDb({ logins: { ...logins, app: wrong }, log: memoryLog() }).catch(
      (e: unknown) => e,
    )
    assert.ok(isAegisError(error, 'db.unavailable'))
    assert.equal(error.detail.reason, '28P01')
    assert.doesNotMatch(inspect(error, { depth: 10 }), /CANARY/)
  })
})

describe('close', () => {
  test('waits for the running transaction and leaves no socket', async () => {
    const own = await openDb({ logins, log: memoryLog() })
    let finish: () => void = () => undefined
    const running = own.practice(40, () => new Promise<void>((resolve) => (finish = resolve)))
    let closed = false
    const closing = own.close().then(() => (closed = true))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(closed, false)
    finish()
    await running
    await Promise.all([closing, own.close()])
    const [row] = await owner.rows<{ count: number }>(
      "select count(*)::integer as count from pg_stat_activity where datname = current_database() and query like '%aegis.practice_id%' and state = 'idle in transaction'",
    )
    assert.equal(row?.count, 0)
    await assert.rejects(
      own.practice(40, async () => undefined),
      (error) => isAegisError(error, 'db.unavailable'),
    )
  })
})

test('every session lets its server notice within a minute that the host is gone', async () => {
  // On a socket file, as here, the settings in force are 0: what was asked for stands in `reset_val`.
  const asked = sql(
    'test.keepalives',
    `select name, reset_val as value, source from pg_settings where name ~ '^tcp_' order by name`,
  )
  const wanted = [
    { name: 'tcp_keepalives_count', value: '3', source: 'client' },
    { name: 'tcp_keepalives_idle', value: '30', source: 'client' },
    { name: 'tcp_keepalives_interval', value: '10', source: 'client' },
    { name: 'tcp_user_timeout', value: '60000', source: 'client' },
  ]
  const ask = (tx: Tx) => tx.rows(asked)
  for (const found of [await db.practice(1, ask), await db.control(ask), await db.audit(ask)]) {
    assert.deepEqual(found, wanted)
  }
})
