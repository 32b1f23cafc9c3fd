/*
 * A process with the credentials of an app. Reads as JSON what it needs, says `ready`, waits for one more line, lets its callers
 * ask for a token all at once, and says which generations they got.
 */
import { createInterface } from 'node:readline'
import { createAudit } from '../src/audit/audit.ts'
import { systemClock as clock } from '../src/clock/clock.ts'
import { systemRandom as random } from '../src/clock/random.ts'
import type { RuntimeLogins } from '../src/db/database-login.ts'
import { openDb } from '../src/db/open-db.ts'
import { createKeyServer } from '../src/key-server/key-server.ts'
import { noSealing } from '../src/sealing/no-sealing.ts'
import { openKek } from '../src/sealing/open-kek.ts'
import { silentLog as log } from './memory-log.ts'

/** What the test that starts it writes. */
export interface TokenAskers {
  readonly logins: RuntimeLogins
  readonly keys: string
  readonly clientId: string
  readonly baseUrl: string
  readonly callers: number
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
// Written by the test that starts this.
const given = JSON.parse((await lines.next()).value as string) as TokenAskers
const db = await openDb({ logins: given.logins, log, poolSizes: { app: 1, control: 2, audit: 1 } })
const kek = await openKek({ db, random }, { directory: given.keys, purpose: 'credentials' })
const audit = createAudit({ db, sealing: noSealing, clock, random })
const server = createKeyServer({ db, kek, audit, clock, random, log, fetch: (url, init) => fetch(url, { ...init }) })
const credential = { environment: 'local', clientId: given.clientId } as const
const tokens = server.tokenSource({ credential, environment: 'local', baseUrl: given.baseUrl })
process.stdout.write('ready\n')
await lines.next()
const got = await Promise.all(Array.from({ length: given.callers }, () => tokens.get()))
process.stdout.write(`${JSON.stringify(got.map(({ generation }) => generation))}\n`)
await server.stop()
await audit.stop()
kek.close()
await db.close()
