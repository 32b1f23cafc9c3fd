import { writeSync } from 'node:fs'
import { describeFailure, FAILED } from './report-error.ts'

const STANDARD_ERROR = 2

/**
 * Ends the process when an error reaches nobody. Node itself would print it with all it holds: a message may quote what was
 * read, and what was read may be about a patient.
 */
export function endOnCrash(argv: readonly string[]): void {
  process.on('uncaughtException', (error) => {
    const { text } = describeFailure(error, argv.includes('--debug'))
    try {
      writeSync(STANDARD_ERROR, `aegis: ${text}\n`)
    } catch {
      // Nobody listens any more; the exit code says it.
    }
    process.exit(FAILED)
  })
}
