import { existsSync } from 'node:fs'
import type { Random } from '../../clock/random.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import type { Db } from '../../db/db.ts'
import { AegisError } from '../../errors/aegis-error.ts'
import type { Kek, KekPurpose } from '../../sealing/kek.ts'
import { keyFilePath, readKeyFile } from '../../sealing/key-file.ts'
import { storedFingerprint } from '../../sealing/sealing.sql.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('keys')

export interface KeyLook {
  readonly findings: readonly Finding[]
  /** Those that this host needs, where each is the one that the data was sealed with; to be closed by the caller. */
  readonly keks: HostKeks | undefined
}

interface KeyPlace {
  readonly directory: string
  /** The database is not there yet, or empty: nothing can be sealed with a key. */
  readonly isNew: boolean
}

export type HostKeks = Readonly<Partial<Record<KekPurpose, Kek>>>

/** The keys that a host needs (pure): the key server none for patient data, whoever uses one none for credentials. */
export function purposesOf({ role, keyServer }: Pick<AegisConfig, 'role' | 'keyServer'>): readonly KekPurpose[] {
  if (keyServer.at) return ['phi']
  return role === 'key-server' ? ['credentials'] : ['phi', 'credentials']
}

/** Whether the key files are those that the data was sealed with, and no others are there. Makes none. */
export async function lookAtKeys(
  { db, random }: { db: Db | undefined; random: Random },
  { purposes, ...where }: KeyPlace & { purposes: readonly KekPurpose[] },
): Promise<KeyLook> {
  const looks = await Promise.all(purposes.map((purpose) => lookAtKey({ db, random }, { ...where, purpose })))
  const foreign = (['phi', 'credentials'] as const).filter((purpose) => !purposes.includes(purpose))
  const findings = [
    ...looks.map(({ finding }) => finding),
    ...foreign.flatMap((purpose) => strayFinding(keyFilePath(where.directory, purpose), purpose)),
  ]
  const keks: Partial<Record<KekPurpose, Kek>> = {}
  for (const [index, purpose] of purposes.entries()) {
    const kek = looks[index]?.kek
    if (kek) keks[purpose] = kek
  }
  if (Object.keys(keks).length === purposes.length) return { findings, keks }
  for (const kek of Object.values(keks)) kek.close()
  return { findings, keks: undefined }
}

/** A key that opens what this host is not to open. */
function strayFinding(file: string, purpose: KekPurpose): Finding[] {
  if (!existsSync(file)) return []
  const remedy = `Make sure that the host that needs it has it and that it is backed up; then remove it here: ${file}`
  return [report.warning(purpose, `The key for ${purpose} is on this host, which does not need it.`, remedy)]
}

async function lookAtKey(
  { db, random }: { db: Db | undefined; random: Random },
  { directory, isNew, purpose }: KeyPlace & { purpose: KekPurpose },
): Promise<{ finding: Finding; kek?: Kek }> {
  const file = keyFilePath(directory, purpose)
  try {
    const kek = await readKeyFile(directory, purpose, random)
    const known = db && (await db.control((tx) => storedFingerprint(tx, purpose)))
    if (!kek) {
      if (known !== undefined) throw new AegisError('sealing.kek-missing', { file })
      return { finding: db || isNew ? notYet(purpose) : notThere(purpose) }
    }
    if (known === undefined) {
      kek.close()
      return {
        finding: db
          ? unused(purpose)
          : report.ok(purpose, `The key file for ${purpose} is whole; the database was not asked`),
      }
    }
    if (known === kek.fingerprint)
      return { finding: report.ok(purpose, `The key for ${purpose} is the one that the data was sealed with`), kek }
    kek.close()
    throw new AegisError('sealing.kek-wrong', { file, expected: known.slice(0, 8), found: kek.fingerprint.slice(0, 8) })
  } catch (error) {
    return { finding: report.fromError(purpose, error) }
  }
}

function notYet(purpose: KekPurpose): Finding {
  return report.ok(purpose, `No key for ${purpose} yet; the first start makes it`)
}

/** Perhaps lost. */
function notThere(purpose: KekPurpose): Finding {
  const message = `There is no key file for ${purpose}; whether data is sealed with it the database tells, which was not asked.`
  return report.skipped(purpose, message)
}

function unused(purpose: KekPurpose): Finding {
  return report.ok(purpose, `The key for ${purpose} is whole; nothing in this database is sealed with it yet`)
}
