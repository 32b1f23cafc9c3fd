import type { Programs } from './programs.ts'
import type { Terminal } from './terminal.ts'

/** What a command is given when it is added to the program. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly programs: Programs
  /** Wraps an action: what it returns becomes the exit code. */
  readonly action: <A extends unknown[]>(run: (...args: A) => Promise<number>) => (...args: A) => Promise<void>
}
