/** A network that loses what is sent and tells nobody: no reset, no end, no answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { CuttableWay } from '../../testing/cuttable-way.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { clientConfig, type DatabaseLogin } from './database-login.ts'
import { sql } from './db.ts'
import { openDb } from './open-db.ts'

const { logins } = await scratchDatabase()
const one = sql('test.one', 'select 1')
const silent = { kind: 'silent', directions: ['there', 'back'], arrives: 'never' } as const

async function cuttable(t: { after(work: () => Promise<void>): void }) {
  const { host, port } = clientConfig(logins.app)
  const way = await CuttableWay.open({ path: `${host}/.s.PGSQL.${port}` })
  t.after(() => way.close())
  const over = ({ url, ...login }: DatabaseLogin): DatabaseLogin => {
    const { username, password, pathname } = new URL(url)
    return { ...login, url: `postgres://${username}:${password}@127.0.0.1:${way.port}${pathname}` }
  }
  const options = {
    logins: { app: over(logins.app), control: over(logins.control), audit: over(logins.audit) },
    log: memoryLog(),
    answerTimeoutMs: 400,
    connectTimeoutMs: 400,
    closeTimeoutMs: 400,
  }
  return { way, db: await openDb(options) }
}

for (const { what, directions } of [
  { what: 'the question', directions: ['there'] as const },
  { what: 'the answer', directions: ['back'] as const },
]) {
  test(`loses ${what}: db.unavailable in time, and whole again with the network`, async (t) => {
    const { way, db } = await cuttable(t)
    t.after(() => db.close())
    const work = db.control(async (tx) => {
      way.cut({ kind: 'silent', directions, arrives: 'never' })
      await tx.rows(one)
    })
    await assert.rejects(work, (error) => isAegisError(error, 'db.unavailable') && error.detail.reason === 'timeout')
    await assert.rejects(
      db.control((tx) => tx.rows(one)),
      (error) => isAegisError(error, 'db.unavailable'),
    )
    way.heal()
    assert.equal((await db.control((tx) => tx.rows(one))).length, 1)
  })
}

test('at the commit leaves the outcome open, and says so', async (t) => {
  const { way, db } = await cuttable(t)
  t.after(() => db.close())
  const work = db.control(async (tx) => {
    await tx.rows(one)
    way.cut(silent)
  })
  await assert.rejects(work, (error) => isAegisError(error, 'db.unavailable') && error.detail.commit === 'unknown')
})

test('does not keep a process that ends: neither idle connections nor a transaction that waits', async (t) => {
  const { way, db } = await cuttable(t)
  const begun = Promise.withResolvers<void>()
  const waiting = db.practice(1, async (tx) => {
    await tx.rows(one)
    way.cut(silent)
    begun.resolve()
    await tx.rows(one)
  })
  waiting.catch(() => undefined)
  await begun.promise
  const startedAt = performance.now()
  await db.close()
  assert.ok(performance.now() - startedAt < 2_000)
  await assert.rejects(waiting, (error) => isAegisError(error, 'db.unavailable'))
})
