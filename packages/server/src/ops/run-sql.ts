import type { Audit } from '../audit/audit.ts'
import type { EntryOutcome } from '../audit/entry.ts'
import type { Db, Tx } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { openRecord } from '../records/open-record.ts'
import type { Kind } from '../records/record-kind.ts'
import { recordKinds } from '../records/record-kinds.ts'
import type { PracticeKeys, Pseudonym } from '../sealing/practice-keys.ts'
import type { Sealing } from '../sealing/sealing.ts'
import { isMirrored } from '../sync/schedule.sql.ts'
import type { SqlQuery, SqlResult } from './operations.ts'
import { judgeSql } from './judge-sql.ts'
import { enterMirror, selectFrom } from './ops.sql.ts'
import { sealedCell } from './ops-api.ts'

export interface SqlDeps {
  readonly db: Db
  readonly sealing: Sealing
  readonly audit: Audit
  /** Of this process: counted here. */
  readonly running: { count: number }
}

/** Feeds do their work with the same few connections (`db/open-db.ts`), and need most of them. */
const atOnceMax = 2

/** A result is for a person or a script that pages; a larger one is cut and says so. */
const rowsMax = 10_000

/**
 * Runs one SELECT over the views of the schema `mirror`, in the practice's context. Sealed values stay sealed unless a
 * reason is given; then they are opened, and who asked, why and which patients is in the audit log before the answer.
 * `ops.sql-busy` where as many run already as may at once.
 */
export async function runSql(deps: SqlDeps, query: SqlQuery): Promise<SqlResult> {
  const text = query.text.trim().replace(/;\s*$/, '')
  if (!(await deps.db.control((tx) => isMirrored(tx, query.practice)))) return denied(deps, query, text)
  const { rows, patients } = await read(deps, query, text).catch(async (error: unknown) => {
    await record(deps, query, { text, rows: 0, patients: [], outcome: 'failure' })
    throw error
  })
  await record(deps, query, { text, rows: rows.length, patients, outcome: 'success' })
  return {
    columns: Object.keys(rows[0] ?? {}),
    rows: rows.slice(0, rowsMax).map((row) => Object.values(row)),
    truncated: rows.length > rowsMax,
  }
}

/**
 * A practice that is not mirrored here may be one that somebody tries to see: it is not told from one that does not exist,
 * and recorded with the installation, which has no keys for practices that are not its own.
 */
async function denied(deps: SqlDeps, query: SqlQuery, text: string): Promise<never> {
  const { practice } = query
  await record(deps, { ...query, practice: 0 }, { text, rows: 0, patients: [], outcome: 'failure', asked: practice })
  throw new AegisError('ops.unknown-practice', { practice })
}

async function read(deps: SqlDeps, query: SqlQuery, text: string): Promise<{ rows: Row[]; patients: Pseudonym[] }> {
  const reason = judgeSql(text)
  if (reason !== undefined) throw new AegisError('ops.sql-refused', { reason })
  if (deps.running.count >= atOnceMax) throw new AegisError('ops.sql-busy')
  deps.running.count += 1
  try {
    return await deps.db.practice(query.practice, async (tx) => {
      await enterMirror(tx)
      const found = await select(tx, text)
      return query.unseal
        ? await opened(deps, tx, { practice: query.practice, found })
        : { rows: found.map(hidden), patients: [] }
    })
  } finally {
    deps.running.count -= 1
  }
}

type Row = Record<string, unknown>

async function select(tx: Tx, text: string): Promise<Row[]> {
  try {
    return await selectFrom<Row>(tx, { text, rowsMax: rowsMax + 1 })
  } catch (error) {
    if (isAegisError(error, 'db.unavailable')) throw error
    const sqlstate = isAegisError(error) ? error.detail.sqlstate : undefined
    throw new AegisError('ops.sql-refused', { reason: 'PostgreSQL refused it', ...(sqlstate ? { sqlstate } : {}) })
  }
}

/** `sealed:<kind>:<key>:<patient or nothing>:<base64>`, as the views write it. */
const sealedPattern = /^sealed:([a-z]+):([^:]*):([^:]*):([A-Za-z0-9+/=\s]*)$/

interface SealedValue {
  readonly kind: Kind
  readonly key: string
  readonly patient: Pseudonym | null
  readonly sealed: Buffer
}

function sealedValue(cell: unknown): SealedValue | undefined {
  const [, kind, key, patient, text] = (typeof cell === 'string' ? sealedPattern.exec(cell) : null) ?? []
  if (!kind || key === undefined || text === undefined || !Object.hasOwn(recordKinds, kind)) return undefined
  // A kind of the table above; a pseudonym because the view read it from one.
  return {
    kind: kind as Kind,
    key,
    patient: (patient || null) as Pseudonym | null,
    sealed: Buffer.from(text, 'base64'),
  }
}

function hidden(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, sealedValue(cell) ? sealedCell : cell]))
}

async function opened({ sealing }: SqlDeps, tx: Tx, from: { practice: number; found: Row[] }) {
  const keys = await sealing.practice(tx, from.practice)
  const values = from.found.flatMap((row) => Object.values(row).map(sealedValue))
  const patients = [...new Set(values.flatMap((value) => value?.patient ?? []))]
  await keys.loadPatients(tx, patients)
  return { rows: from.found.map((row) => openRow(keys, row)), patients }
}

function openRow(keys: PracticeKeys, row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, cell]) => {
      const value = sealedValue(cell)
      return [name, value ? openRecord(keys, value.kind, value) : cell]
    }),
  )
}

function record(
  { audit }: SqlDeps,
  query: SqlQuery,
  read: {
    text: string
    rows: number
    patients: readonly Pseudonym[]
    outcome: EntryOutcome
    /** The practice, where the entry is not in its own log. */
    asked?: number
  },
) {
  const { practice, unseal } = query
  return audit.record({
    practice,
    type: 'mirror',
    subtype: unseal ? 'sql-unseal' : 'sql',
    action: 'R',
    actor: { kind: 'operator', id: unseal?.actor ?? 'local' },
    purpose: 'HOPERAT',
    outcome: read.outcome,
    records: read.rows,
    patients: read.patients,
    detail: {
      query: read.text,
      ...(read.asked !== undefined && { practice: read.asked }),
      ...(unseal && { reason: unseal.reason }),
    },
  })
}
