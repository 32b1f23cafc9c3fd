import type { StopSignal, Terminal } from '../src/terminal.ts'
import { type MemoryOutput, memoryOutput } from './memory-output.ts'

/** A terminal for one command of a test. */
export interface TestTerminal extends Terminal {
  readonly out: MemoryOutput
  readonly err: MemoryOutput
  /** Codes the command wanted to end the process with at once. */
  readonly exits: number[]
  /** As Ctrl-C and kill do. */
  signal(signal: StopSignal): void
}

/** A terminal with this environment and working directory, and no user in front of it. */
export function testTerminal({
  cwd = '/',
  env = {},
  input,
}: {
  cwd?: string
  /** What is piped in; without it, it is a terminal. */
  input?: string
  env?: Record<string, string>
} = {}): TestTerminal {
  const listeners = new Set<(signal: StopSignal) => void>()
  const exits: number[] = []
  return {
    out: memoryOutput(),
    err: memoryOutput(),
    input: { isTTY: input === undefined, read: async () => input ?? '' },
    env,
    cwd,
    userName: 'tester',
    exits,
    exit: (code) => void exits.push(code),
    onStop(asked) {
      listeners.add(asked)
      return () => listeners.delete(asked)
    },
    signal(signal) {
      for (const asked of listeners) asked(signal)
    },
  }
}
