/*
 * A process that appends audit attempts as fast as it can and prints the id of each as soon as it is told that the entry
 * is durable. Reads the runtime logins as JSON from its standard input. Ends only by being killed.
 */
import { text } from 'node:stream/consumers'
import { createAudit } from '../src/audit/audit.ts'
import { systemClock } from '../src/clock/clock.ts'
import { systemRandom } from '../src/clock/random.ts'
import type { RuntimeLogins } from '../src/db/database-login.ts'
import { openDb } from '../src/db/open-db.ts'
import type { Sealing } from '../src/sealing/sealing.ts'
import { silentLog } from './memory-log.ts'

const callers = 20

// Written by the test that starts this.
const logins = JSON.parse(await text(process.stdin)) as RuntimeLogins
const db = await openDb({ logins, log: silentLog })
const nothingToSeal = () => Promise.reject(new Error('nothing to seal here'))
const sealing: Sealing = { practice: nothingToSeal, ensureKeys: nothingToSeal, close: () => undefined }
const audit = createAudit({ db, sealing, clock: systemClock, random: systemRandom })

await Promise.all(Array.from({ length: callers }, append))

async function append(): Promise<never> {
  for (;;) {
    const id = await audit.attempt({
      practice: 1,
      type: 'upstream',
      subtype: 'killed',
      action: 'R',
      actor: { kind: 'system', id: 'test' },
    })
    process.stdout.write(`${id}\n`)
  }
}
