import { renameSync, writeFileSync } from 'node:fs'

/** Writes a file so that a reader sees the old text or the new one, never a part; only the owner can read it. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.new`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, path)
}
