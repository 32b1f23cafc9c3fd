import { userInfo } from 'node:os'
import { text } from 'node:stream/consumers'
import type { WriteStream } from 'node:tty'
import type { Output, StopSignal, Terminal } from './terminal.ts'

/** The real world around a command. The environment is handed in: only the entry file reads it. */
export function systemTerminal(env: Terminal['env']): Terminal {
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    input: { isTTY: Boolean(process.stdin.isTTY), read: () => text(process.stdin) },
    env,
    cwd: process.cwd(),
    userName: userName(),
    onStop(asked) {
      const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
      for (const signal of signals) process.on(signal, asked)
      return () => {
        for (const signal of signals) process.off(signal, asked)
      }
    },
    exit: (code) => process.exit(code),
  }
}

/** The size of a stream that is no terminal. */
const COLUMNS = 100
const ROWS = 30

function outputOf(stream: WriteStream): Output {
  // A reader that has seen enough, such as `head`, is no error; what is written afterwards goes nowhere.
  stream.on('error', () => undefined)
  return {
    write: (text) => void stream.write(text),
    // Undefined, whatever the types say, when the stream is no terminal.
    get isTTY() {
      return Boolean(stream.isTTY)
    },
    get columns() {
      return stream.columns || COLUMNS
    },
    get rows() {
      return stream.rows || ROWS
    },
    onResize(resized) {
      stream.on('resize', resized)
      return () => stream.off('resize', resized)
    },
    onExit(ended) {
      process.on('exit', ended)
      return () => process.off('exit', ended)
    },
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}` // a container's user may have no name
  }
}
