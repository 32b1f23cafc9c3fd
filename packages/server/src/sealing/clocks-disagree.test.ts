/** A process whose clock is wrong still learns of what was destroyed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemRandom } from '../clock/random.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { openKek } from './open-kek.ts'
import { createSealing } from './sealing.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-sealing-clocks-'))
after(() => rmSync(home, { recursive: true, force: true }))
const { db, owner } = await scratchDatabase()
const kek = await openKek({ db, random: systemRandom }, { directory: home, purpose: 'phi' })
const practice = 1000

for (const [what, moved] of [
  ['was set back', { now: -3_600_000, steady: 10_000 }],
  ['was set back by a moment', { now: -1, steady: 1 }],
  ['went on while the machine slept, and its steady one stood', { now: 10_000, steady: 0 }],
] as const) {
  test(`a process whose clock ${what} gets no keys that were destroyed meanwhile`, async () => {
    const clock = manualClock()
    let passed = { now: 0, steady: 0 }
    const own = { ...clock, now: () => clock.now() + passed.now, steady: () => clock.steady() + passed.steady }
    const sealing = createSealing({ db, kek, clock: own, random: systemRandom })
    await owner.rows('delete from aegis.keyring where practice_id = $1', [practice])
    await sealing.practice(undefined, practice)
    await owner.rows('delete from aegis.data_key where practice_id = $1', [practice])
    const destroy = `update aegis.keyring set destroyed_at = '2026-01-01', epoch = epoch + 1 where practice_id = $1`
    await owner.rows(destroy, [practice])
    passed = moved
    const gone = (error: unknown) => isAegisError(error, 'sealing.key-missing')
    await assert.rejects(sealing.practice(undefined, practice), gone)
  })
}
