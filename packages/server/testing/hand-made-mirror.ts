/** Pages written by hand, applied to a mirror of a practice's own: what athenahealth might send, and no simulator does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '../src/clock/clock.ts'
import { systemRandom } from '../src/clock/random.ts'
import { type ApplyInput, applyRecords, type ApplyResult } from '../src/records/apply-records.ts'
import { openRecord } from '../src/records/open-record.ts'
import { recordKinds } from '../src/records/record-kinds.ts'
import { recordKey } from '../src/records/record-name.ts'
import { lockHeldRecords } from '../src/records/records.sql.ts'
import type { WireRecord } from '../src/records/wire-record.ts'
import { openKek } from '../src/sealing/open-kek.ts'
import type { Pseudonym } from '../src/sealing/practice-keys.ts'
import { createSealing } from '../src/sealing/sealing.ts'
import { scratchDatabase } from './scratch-database.ts'

const facts = { departments: new Map([['1', { departmentid: '1', timezonename: 'US/Eastern' }]]) }

/** A record as the mirror has it; `patient` is the pseudonym of whom it is about. */
export interface HeldRecord {
  readonly state: string
  readonly body: WireRecord
  readonly patient: string | null
  readonly clear: Readonly<Record<string, unknown>>
}

/** Runs when a page is applied and its transaction still open. */
export type BeforeCommit = () => Promise<void>

export interface HandMadeMirror {
  readonly practice: number
  /** Applies a page, by default of a feed; each is asked for after the one before. */
  apply(
    kind: ApplyInput['kind'],
    records: readonly WireRecord[],
    rest?: Partial<Pick<ApplyInput, 'source' | 'shape' | 'recentSince'>> & { beforeCommit?: BeforeCommit | undefined },
  ): Promise<ApplyResult>
  read(kind: ApplyInput['kind'], id: string): Promise<HeldRecord | undefined>
  pseudonym(patientId: string): Promise<string>
  /** Until a transaction waits for another one, or what should wait is through without. */
  untilSomebodyWaits(isThrough: () => boolean): Promise<void>
  /** All changes so far: what, of which fields. */
  changes(): Promise<string[]>
}

/** A database and its keys, with a mirror for each practice that is asked for. Called at the top of a file. */
export async function handMadeMirrors(): Promise<() => HandMadeMirror> {
  const { db, owner } = await scratchDatabase()
  const directory = mkdtempSync(join(tmpdir(), 'aegis-hand-made-'))
  after(() => rmSync(directory, { recursive: true }))
  const kek = await openKek({ db, random: systemRandom }, { directory, purpose: 'phi' })
  const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
  let practices = 0
  let seq = 1n
  return () => {
    const practice = ++practices
    return {
      practice,
      apply: (kind, records, { beforeCommit, ...rest } = {}) =>
        db.practice(practice, async (tx) => {
          const of = { practice, kind, source: 'feed', shape: 'feed', fetchSeq: seq++, records, facts } as const
          const applied = await applyRecords(tx, await sealing.practice(tx, practice), { ...of, ...rest })
          await beforeCommit?.()
          return applied
        }),
      read: (kind, id) =>
        db.practice(practice, async (tx) => {
          const keys = await sealing.practice(tx, practice)
          const key = recordKey(recordKinds[kind], keys, { id })
          const [row] = await lockHeldRecords(tx, { practice, kind }, [{ key, digest: null }])
          if (!row) return undefined
          if (row.patient) await keys.loadPatients(tx, [row.patient as Pseudonym]) // stored from one
          const { state, patient, clear } = row
          return { state, patient, body: openRecord(keys, kind, row), clear: { ...clear } }
        }),
      pseudonym: async (id) => (await sealing.practice(undefined, practice)).pseudonym('patient', id),
      async untilSomebodyWaits(isThrough) {
        const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
        while (!isThrough() && (await owner.rows(waiting)).length === 0);
      },
      async changes() {
        const rows = await owner.rows<{ what: string; fields: string[] }>(
          'select what, fields from aegis.change where practice_id = $1 order by change_id',
          [practice],
        )
        return rows.map(({ what, fields }) => [what, ...fields].join(' '))
      },
    }
  }
}
