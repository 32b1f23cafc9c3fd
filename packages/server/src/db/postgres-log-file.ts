import { copyFileSync, statSync, truncateSync } from 'node:fs'

/** Far more than a healthy server writes in a year; twice this is the most that is ever kept. */
const logBytesMax = 4 * 1024 * 1024

/**
 * Keeps the server's log bounded: past the limit it is copied to `<file>.1` and emptied in place. The server holds the
 * file open for appending, so it writes on at the new end.
 */
export function limitLogFile(file: string, bytesMax: number = logBytesMax): void {
  try {
    if (statSync(file).size <= bytesMax) return
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
  } catch {
    // No log yet, or no space for the copy: the next check comes.
  }
}
