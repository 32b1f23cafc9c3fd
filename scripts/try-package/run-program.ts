import { execFile } from 'node:child_process'

/** A step hangs that takes longer. */
const timeoutMs = 300_000
/** A failing test run tells much. */
const outputBytesMax = 64 * 1024 * 1024

export interface ProgramRun {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end and resolves with what it printed; rejects with all of that when it fails. */
export function runProgram(file: string, args: readonly string[], { cwd, env }: ProgramRun): Promise<string> {
  const options = { cwd, timeout: timeoutMs, maxBuffer: outputBytesMax, ...(env && { env }) }
  return new Promise((resolve, reject) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`${file} ${args.slice(0, 3).join(' ')} failed:\n${stdout}${stderr}`, { cause: error }))
      else resolve(stdout)
    })
  })
}
