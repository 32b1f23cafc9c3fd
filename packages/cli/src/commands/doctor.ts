import { boundTo, configuredHome, examine, homeAt } from '@aegis/server'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { demoConfig } from '../demo.ts'
import { renderExamination } from '../doctor-view.ts'
import { configFlag, homeFlag } from '../flags.ts'
import type { InstanceOptions } from '../instance-client.ts'
import { FAILED } from '../report-error.ts'
import { untilStopped } from '../stop-request.ts'
import { showsUnicode, wantsColor } from '../terminal.ts'

interface DoctorOptions extends InstanceOptions {
  readonly json?: true
}

const EXAMPLES = `
It looks at the configuration, files and their permissions, keys, the database and its settings, a key server's certificates,
sockets and grants, athenahealth (the credential, each practice, clocks, TLS) and what is left of the day's calls; beside a
running instance or without one. It changes nothing and reads no feed. It asks for one token, and each practice
for its own data (20 at most): these calls are counted and audited with those of the installation, and before the first start
the requests for tokens are noted in the home, or where there is none in the system's temporary directory. It reads a vault's entry, and logs in for that with an AppRole,
which takes one use of its secret id. Where an embedded database does not run it is started for the while.

Exit code 1 when there is a failure; warnings and what was skipped are none.

Examples:
  aegis doctor
  aegis doctor --config clinic.yaml
  aegis doctor --json | jq '.findings[] | select(.level == "failure")'`

/** A pipe has no width; long lines are better there than cut ones. */
const PIPE_COLUMNS = 120

/** `aegis doctor`: what is wrong with an installation, each with its remedy. */
export function addDoctor(program: Command, { terminal, action }: CommandContext): void {
  program
    .command('doctor')
    .description('Look at everything an installation needs, and say what is wrong and what to do.')
    .addOption(homeFlag())
    .addOption(configFlag())
    .option('--json', 'everything, for programs')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (options: DoctorOptions) => {
        const { out, env, cwd } = terminal
        const { home, config } = options
        const argvOverrides = {
          ...(home !== undefined && { home }),
          ...(config !== undefined && { configFile: config }),
        }
        const isDemo = boundTo(homeAt(configuredHome({ argvOverrides, env, cwd }))) === 'demo'
        const sources = { argvOverrides, env, cwd, ...(isDemo && { demo: demoConfig() }) }
        const examined = await untilStopped({ terminal, remedy: 'run it again; it changed nothing.' }, (signal) =>
          examine(sources, {}, signal),
        )
        const size = {
          columns: out.isTTY ? out.columns : PIPE_COLUMNS,
          color: wantsColor(out, env),
          unicode: showsUnicode(env),
        }
        const lines = options.json ? [JSON.stringify(examined, null, 2)] : renderExamination(examined, size)
        out.write(`${lines.join('\n')}\n`)
        return examined.findings.some(({ level }) => level === 'failure') ? FAILED : 0
      }),
    )
}
