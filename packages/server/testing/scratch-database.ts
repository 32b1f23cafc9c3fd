import { AsyncResource } from 'node:async_hooks'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import pg from 'pg'
import { clientConfig, type RuntimeLogins } from '../src/db/database-login.ts'
import type { Db } from '../src/db/db.ts'
import { migrate } from '../src/db/migrate.ts'
import { migrationsDirectory, readMigrations } from '../src/db/migration-files.ts'
import { type OpenDb, openDb } from '../src/db/open-db.ts'
import { columnTypes } from '../src/db/wire-values.ts'
import { installQueue } from '../src/queue/install-queue.ts'
import { testCluster } from './keeper-connection.ts'
import { silentLog } from './memory-log.ts'

/** A database of a test's own: all migrations applied, no rows but theirs. */
export interface ScratchDatabase {
  readonly db: Db
  readonly owner: {
    /** Runs SQL as the owner (a superuser: row-level security does not bind it). Types as in `Tx.rows`. */
    rows<R extends object>(text: string, values?: readonly unknown[]): Promise<R[]>
  }
  readonly ownerUrl: string
  readonly logins: RuntimeLogins
  /** Closes the connections and drops the database; done by itself at the end of the file, or of the test given. */
  close(): Promise<void>
}

/**
 * A fresh database, cloned from a template with every migration applied: tens of milliseconds, after about a second for
 * the first one of a run. It goes at the end of the file, or of the test whose context is given. Works in a single
 * file run alone as well as in many at the same time.
 */
export async function scratchDatabase(test?: { after(work: () => Promise<void>): void }): Promise<ScratchDatabase> {
  const cluster = await testCluster()
  const name = `scratch_${randomBytes(8).toString('hex')}`
  await createClone(cluster.ownerUrl, name)
  const logins = mapLogins(cluster.logins, (url) => withDatabase(url, name))
  const ownerUrl = withDatabase(cluster.ownerUrl, name)
  const db = await openDb({ logins, log: silentLog, poolSizes: { app: 4, control: 4, audit: 2 } })
  const owner = lazyOwner(ownerUrl)
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= closeScratch({ db, owner, clusterUrl: cluster.ownerUrl, name })
    return closing
  }
  if (test) test.after(close)
  else closeAfterFile(close)
  return { db, owner, ownerUrl, logins, close }
}

/** The place where this module was loaded: the top of the file, whatever hook or test asks for a database later. */
const topOfFile = new AsyncResource('scratch databases')
let toClose: (() => Promise<void>)[] | undefined

function closeAfterFile(close: () => Promise<void>): void {
  if (!toClose) {
    const all: (() => Promise<void>)[] = []
    toClose = all
    // Registered from within a hook, node:test would run it as soon as that hook is done.
    topOfFile.runInAsyncScope(() => after(() => Promise.all(all.map((one) => one()))))
  }
  toClose.push(close)
}

interface OpenScratch {
  db: OpenDb
  owner: LazyOwner
  clusterUrl: string
  name: string
}

async function closeScratch({ db, owner, clusterUrl, name }: OpenScratch): Promise<void> {
  await db.close()
  await owner.end()
  await withClient(withDatabase(clusterUrl, 'postgres'), (client) => client.query(`drop database ${name} with (force)`))
}

type LazyOwner = ScratchDatabase['owner'] & { end(): Promise<void> }

function lazyOwner(url: string): LazyOwner {
  let client: Promise<pg.Client> | undefined
  return {
    async rows<R extends object>(text: string, values: readonly unknown[] = []) {
      client ??= openClient(url)
      return (await (await client).query<R>(text, [...values])).rows
    },
    end: async () => (await client)?.end(),
  }
}

async function createClone(clusterUrl: string, name: string): Promise<void> {
  const adminUrl = withDatabase(clusterUrl, 'postgres')
  await withClient(adminUrl, async (client) => {
    const template = await ensureTemplate(client, clusterUrl)
    // The test cluster is in memory and does not sync: copying files beats writing every page to the log.
    await client.query(`create database ${name} template ${template} strategy file_copy`)
  })
}

let template: Promise<string> | undefined

/** One template per state of the migrations and of the queue's installation, made by whoever needs it first. */
function ensureTemplate(client: pg.Client, clusterUrl: string): Promise<string> {
  template ??= makeTemplate(client, clusterUrl)
  return template
}

async function makeTemplate(client: pg.Client, clusterUrl: string): Promise<string> {
  const state = createHash('sha256').update(readFileSync(new URL('../src/queue/install-queue.ts', import.meta.url)))
  for (const { name, checksum } of readMigrations(migrationsDirectory)) state.update(`${name}:${checksum}\n`)
  const wanted = `template_${state.digest('hex').slice(0, 16)}`
  const lock = [Number.parseInt(wanted.slice(-8), 16)]
  await client.query('select pg_advisory_lock($1)', lock)
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [wanted])
    if (rowCount) return wanted
    const unfinished = `${wanted}_unfinished`
    await client.query(`drop database if exists ${unfinished} with (force)`)
    await client.query(`create database ${unfinished} template template0`)
    const ownerUrl = withDatabase(clusterUrl, unfinished)
    await migrate({ ownerUrl, log: silentLog })
    await installQueue({ ownerUrl })
    await client.query(`alter database ${unfinished} rename to ${wanted}`)
    return wanted
  } finally {
    await client.query('select pg_advisory_unlock($1)', lock)
  }
}

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ ...clientConfig({ url }), types: columnTypes })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openClient(url)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function mapLogins(logins: RuntimeLogins, change: (url: string) => string): RuntimeLogins {
  return {
    app: { ...logins.app, url: change(logins.app.url) },
    control: { ...logins.control, url: change(logins.control.url) },
    audit: { ...logins.audit, url: change(logins.audit.url) },
  }
}
