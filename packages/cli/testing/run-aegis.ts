import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const ownBin = join(import.meta.dirname, '..', 'bin', 'aegis.js')

/** The real program, running. */
export interface RunningProgram {
  readonly child: ChildProcess
  /** What it has written so far. */
  readonly out: () => string
  readonly err: () => string
  /** Resolves with what `pattern` finds on standard output; rejects when the program ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; out: string; err: string }>
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What is piped in. Default: nothing. */
  readonly input?: string
  /** The program's file. Default: that of this package. */
  readonly bin?: string
}

/** Starts `aegis` as a shell would, with no more of our environment than it needs to run and to be found by. */
export function runAegis(args: readonly string[], { cwd, env = {}, input, bin = ownBin }: RunOptions): RunningProgram {
  const kept = Object.entries(process.env).filter(([name]) => /^(?:PATH|HOME|TMPDIR|AEGIS_TEST_.*)$/.test(name))
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept), ...env },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => undefined) // it may end without reading
  child.stdin.end(input)
  let [out, err] = ['', '']
  const wake = new Set<() => void>()
  const heard = () => {
    for (const listener of wake) listener()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, out, err }))
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(out)
          if (!found) return
          wake.delete(look)
          resolve(found)
        }
        wake.add(look)
        ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${out}${err}`)), reject)
        look()
      }),
  }
}
