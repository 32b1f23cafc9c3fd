import { version } from '@aegis/server'
import { Command } from 'commander'
import { addConfig } from './commands/config.ts'
import { addDoctor } from './commands/doctor.ts'
import { addQuota } from './commands/quota.ts'
import { addKeys } from './commands/keys.ts'
import { addSimulate } from './commands/simulate.ts'
import { addSql } from './commands/sql.ts'
import { addStatus } from './commands/status.ts'
import { addSync } from './commands/sync.ts'
import { addUp } from './commands/up.ts'
import type { CommandContext } from './command-context.ts'
import type { Programs } from './programs.ts'
import { describeFailure } from './report-error.ts'
import type { Terminal } from './terminal.ts'

/**
 * Runs one command and returns its exit code: 0 done, 1 failed (message and remedy on standard error), 2 called wrongly.
 */
export async function runCli(argv: readonly string[], terminal: Terminal, programs: Programs): Promise<number> {
  let exitCode = 0
  const context: CommandContext = {
    terminal,
    programs,
    action:
      (run) =>
      async (...args) => {
        exitCode = await run(...args)
      },
  }
  const program = buildProgram(context)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    const failure = describeFailure(error, argv.includes('--debug'))
    if (failure.text) terminal.err.write(`aegis: ${failure.text}\n`)
    return failure.exitCode
  }
}

const EXAMPLES = `
Examples:
  aegis up --demo                        watch a simulated practice being mirrored
  aegis up                               mirror the practices of ./aegis.yaml
  aegis status                           how the running instance is doing
  aegis quota                            how the day's calls stand and will last
  aegis sql --practice 195900 "select status, count(*) from mirror.appointment group by 1"
  aegis keys list                        the app's secrets and keys: which is used, until when
  aegis doctor                           what is wrong with this installation, with the remedy
  aegis simulate --port 9100 --seed 7    athenahealth on this machine, for any program

Exit codes: 0 done, 1 failed (what and the remedy on standard error), 2 called wrongly.
Settings: docs/reference/configuration.md, or "aegis config print".`

function buildProgram(context: CommandContext): Command {
  const { out, err } = context.terminal
  const program = new Command('aegis')
    .description('A live, loss-free mirror of athenahealth practices, on your own machine.')
    .version(version, '--version', 'tell the release')
    .option('--debug', 'show where an error comes from')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help tells how it is called)')
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHelpWidth: () => Math.min(out.columns, 120),
      getErrHelpWidth: () => Math.min(err.columns, 120),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
  const commands = [addUp, addStatus, addQuota, addDoctor, addSync, addSql, addKeys, addSimulate, addConfig]
  for (const add of commands) add(program, context)
  return program
}
