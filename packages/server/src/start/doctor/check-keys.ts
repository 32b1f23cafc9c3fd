import type { Random } from '../../clock/random.ts'
import type { Db } from '../../db/db.ts'
import { AegisError } from '../../errors/aegis-error.ts'
import type { Kek, KekPurpose } from '../../sealing/kek.ts'
import { keyFilePath, readKeyFile } from '../../sealing/key-file.ts'
import { storedFingerprint } from '../../sealing/sealing.sql.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('keys')

export interface KeyLook {
  readonly findings: readonly Finding[]
  /** Both, where they are the ones that the data was sealed with; to be closed by the caller. */
  readonly keks: { readonly phi: Kek; readonly credentials: Kek } | undefined
}

const purposes = ['phi', 'credentials'] as const

/** Whether the key files are those that the data was sealed with. Makes none. */
export async function lookAtKeys(
  { db, random }: { db: Db | undefined; random: Random },
  directory: string,
): Promise<KeyLook> {
  const looks = await Promise.all(purposes.map((purpose) => lookAtKey({ db, random }, { directory, purpose })))
  const [phi, credentials] = looks.map(({ kek }) => kek)
  const findings = looks.map(({ finding }) => finding)
  if (phi && credentials) return { findings, keks: { phi, credentials } }
  phi?.close()
  credentials?.close()
  return { findings, keks: undefined }
}

async function lookAtKey(
  { db, random }: { db: Db | undefined; random: Random },
  { directory, purpose }: { directory: string; purpose: KekPurpose },
): Promise<{ finding: Finding; kek?: Kek }> {
  const file = keyFilePath(directory, purpose)
  try {
    const kek = await readKeyFile(directory, purpose, random)
    const known = db && (await db.control((tx) => storedFingerprint(tx, purpose)))
    if (!kek) {
      if (known !== undefined) throw new AegisError('sealing.kek-missing', { file })
      return { finding: report.ok(purpose, `No key for ${purpose} yet; the first start makes it`) }
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

function unused(purpose: KekPurpose): Finding {
  return report.ok(purpose, `The key for ${purpose} is whole; nothing in this database is sealed with it yet`)
}
