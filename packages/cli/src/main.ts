/** The entry of the program `aegis`; bin/aegis.js calls it. The only file of the package that reads the environment. */
import { openKeys, startAegis } from '@aegis/server'
import { startSimulator } from '@aegis/simulator'
import { runCli } from './cli.ts'
import { endOnCrash } from './end-on-crash.ts'
import { systemTerminal } from './system-terminal.ts'

/** Runs the command of this process and ends the process with its exit code. */
export async function main(): Promise<void> {
  endOnCrash(process.argv)
  const code = await runCli(process.argv.slice(2), systemTerminal(process.env), {
    startAegis,
    openKeys,
    startSimulator,
  })
  await Promise.all([written(process.stdout), written(process.stderr)])
  process.exit(code)
}

/** Resolves when all that was written before is out: a pipe takes it later. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
