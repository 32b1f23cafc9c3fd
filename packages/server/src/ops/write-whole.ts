import { renameSync, writeFileSync } from 'node:fs'
import { diskFullError } from '../errors/disk-full.ts'

/** Writes a file so that a reader sees the old text or the new one, never a part; only the owner can read it. On a full disk: `db.disk-full`. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`
  try {
    writeFileSync(draft, text, { mode: 0o600 })
    renameSync(draft, path)
  } catch (error) {
    throw diskFullError(error, path) ?? error
  }
}
