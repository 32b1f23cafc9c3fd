/**
 * `in-use`: another simulator has the file; `damaged`: it is not whole, or no journal; `other-world`: other options or
 * another version of the simulator wrote it; `unusable`: SQLite cannot work with it.
 */
export type JournalErrorCode = 'in-use' | 'damaged' | 'other-world' | 'unusable'

/** A journal the simulator cannot go on from. The file is left as it was. */
export class JournalError extends RangeError {
  readonly code: JournalErrorCode
  /** What is the matter, with the file's name. */
  readonly problem: string
  /** What to do about it. */
  readonly remedy: string

  constructor(code: JournalErrorCode, file: string, details: { is: string; remedy?: string; cause?: unknown }) {
    const problem = `the journal ${file} ${details.is}`
    const remedy = details.remedy ?? 'delete it to begin a new world, or name another file'
    super(`${problem}: ${remedy}`, 'cause' in details ? { cause: details.cause } : undefined)
    this.name = 'JournalError'
    this.code = code
    this.problem = problem
    this.remedy = remedy
  }
}
