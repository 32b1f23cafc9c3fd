import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag, practiceId } from '../flags.ts'
import { connectToInstance, type InstanceOptions } from '../instance-client.ts'
import { renderReport } from '../live-view/render-view.ts'
import { FAILED } from '../report-error.ts'
import { showsUnicode, wantsColor } from '../terminal.ts'

interface StatusOptions extends InstanceOptions {
  readonly json?: true
  readonly practice?: number
}

const EXAMPLES = `
Of many practices it shows how many are well, and the others; --practice shows one of them in full.
Exit code 1 when there is an alarm of level error, so that scripts and monitors can use it.

Examples:
  aegis status
  aegis status --practice 195900            # one practice of many, with every feed
  aegis status --json | jq '.practices[].feeds[] | {feed, state, lagMs}'
  aegis status --json | jq -r .urls.api     # where this instance can be reached`

/** A pipe has no width; long lines are better there than cut ones. */
const PIPE_COLUMNS = 200

/** `aegis status`: how the running instance of a home is doing. */
export function addStatus(program: Command, { terminal, action }: CommandContext): void {
  program
    .command('status')
    .description('Show how the running instance is doing: feeds, records, freshness, quota, alarms.')
    .addOption(homeFlag())
    .addOption(configFlag())
    .option('--practice <id>', 'one practice, in full', practiceId)
    .option('--json', 'everything, for programs')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (options: StatusOptions) => {
        const { out, env } = terminal
        const { practice } = options
        const wanted = practice === undefined ? undefined : { practice }
        const report = await connectToInstance(terminal, options).ask('GET /aegis/v1/status', wanted)
        const size = {
          columns: out.isTTY ? out.columns : PIPE_COLUMNS,
          color: wantsColor(out, env),
          unicode: showsUnicode(env),
        }
        const text = options.json ? JSON.stringify(report, null, 2) : renderReport(report, size).join('\n')
        out.write(`${text}\n`)
        return report.alarms.some(({ level }) => level === 'error') ? FAILED : 0
      }),
    )
}
