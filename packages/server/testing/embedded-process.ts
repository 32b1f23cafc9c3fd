/*
 * A process for tests to kill, or to run as another user: starts an embedded cluster and says so on its standard output,
 * one line of JSON. argv: home directory; what to do: "stay" keeps it running until the process is killed, "once" adds a
 * row to a table, counts the rows and stops the cluster; and, to run PostgreSQL as an account of its own, its user id.
 */
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../src/clock/clock.ts'
import { clientConfig } from '../src/db/database-login.ts'
import { startEmbedded } from '../src/db/embedded-postgres.ts'
import { isAegisError } from '../src/errors/aegis-error.ts'
import { silentLog } from './memory-log.ts'

const [home = '', mode = 'once', uid] = process.argv.slice(2)
const account = uid ? { user: { prefix: [], ids: { uid: Number(uid), gid: Number(uid) } } } : {}

try {
  const options = { dataDir: join(home, 'data'), runDir: join(home, 'run'), log: silentLog, clock: systemClock }
  const server = await startEmbedded({ ...options, ...account, settings: { fsync: 'off' } })
  if (mode === 'stay') {
    say({ pid: server.pid, adopted: server.adopted })
    setInterval(() => undefined, 1000)
  } else {
    const rows = await addRow(server.ownerUrl)
    await server.stop()
    say({ rows, adopted: server.adopted })
  }
} catch (error) {
  say(isAegisError(error) ? { code: error.code, detail: error.detail } : { code: String(error) })
}

async function addRow(url: string): Promise<number> {
  const client = new pg.Client(clientConfig({ url }))
  await client.connect()
  await client.query('create table if not exists public.seen (id integer)')
  await client.query('insert into public.seen default values')
  const { rows } = await client.query<{ count: number }>('select count(*)::integer as count from public.seen')
  await client.end()
  return rows[0]?.count ?? 0
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}
