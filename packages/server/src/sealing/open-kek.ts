import type { Random } from '../clock/random.ts'
import type { Db } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { failpoint } from '../failpoints/failpoint.ts'
import type { Kek, KekPurpose } from './kek.ts'
import { createKeyFile, keyFilePath, readKeyFile } from './key-file.ts'
import { storedFingerprint, storeFingerprint } from './sealing.sql.ts'

/**
 * Opens the key-encryption key of a purpose from its file in `directory` (`$AEGIS_HOME/keys`). A new key is made only if
 * the database never saw one for this purpose; its fingerprint is stored there before anything is sealed with it. From
 * then on a missing, damaged, exposed or other key file is refused (`sealing.kek-*`), never replaced.
 */
export async function openKek(
  { db, random }: { db: Db; random: Random },
  { directory, purpose }: { directory: string; purpose: KekPurpose },
): Promise<Kek> {
  const file = keyFilePath(directory, purpose)
  const known = await db.control((tx) => storedFingerprint(tx, purpose))
  let kek = await readKeyFile(directory, purpose, random)
  if (!kek) {
    if (known !== undefined) throw new AegisError('sealing.kek-missing', { file })
    await createKeyFile(directory, purpose, random)
    await failpoint('sealing.after-key-file')
    kek = await readKeyFile(directory, purpose, random)
  }
  if (!kek) throw new AegisError('sealing.kek-missing', { file })
  const expected = known ?? (await agreedFingerprint(db, purpose, kek))
  if (kek.fingerprint !== expected) {
    kek.close()
    throw new AegisError('sealing.kek-wrong', {
      file,
      expected: expected.slice(0, 8),
      found: kek.fingerprint.slice(0, 8),
    })
  }
  return kek
}

/** Stores our fingerprint unless another process was first, and returns the one that counts. */
async function agreedFingerprint(db: Db, purpose: KekPurpose, kek: Kek): Promise<string> {
  const stored = await db.control(async (tx) => {
    await storeFingerprint(tx, { purpose, id: kek.id, fingerprint: kek.fingerprint })
    return storedFingerprint(tx, purpose)
  })
  return stored ?? kek.fingerprint
}
