import assert from 'node:assert/strict'
import test from 'node:test'
import type { Db, Tx } from '../packages/server/src/db/db.ts'
import { WatchedDb } from './pass-time.ts'

const jumpMs = 3_600_000

/** More turns of the event loop than anything here takes. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('in a database that follows a clock one thing is done after the other, each at the time it then is', async () => {
  const done: string[] = []
  const tx: Tx = { rows: () => Promise.resolve([]) }
  const begin = <T>(work: (tx: Tx) => Promise<T>) => work(tx)
  const db: Db = { practice: (_, work) => begin(work), control: begin, audit: begin }
  const told: Tx = {
    rows: async (_, [nowMs] = []) => {
      done.push(`told ${nowMs}`)
      return []
    },
  }
  let now = 0
  const watched = new WatchedDb(db)
  watched.follow({ now: () => now }, told)
  const answer = Promise.withResolvers<void>()
  const one = watched.control(async () => {
    done.push('one begins')
    await answer.promise
    done.push('one ends')
  })
  const other = watched.audit(async () => {
    done.push('other')
  })
  await turns()
  now = jumpMs
  await turns()
  answer.resolve()
  await Promise.all([one, other])
  assert.deepEqual(done, ['told 0', 'one begins', 'one ends', `told ${jumpMs}`, 'other'])
})
