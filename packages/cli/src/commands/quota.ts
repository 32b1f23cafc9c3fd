import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag, practiceId } from '../flags.ts'
import { connectToInstance, type InstanceOptions } from '../instance-client.ts'
import { addQuotaPlan } from './quota-plan.ts'
import { renderQuota } from '../quota-view.ts'
import { showsUnicode, wantsColor } from '../terminal.ts'

interface QuotaOptions extends InstanceOptions {
  readonly json?: true
  readonly practice?: number
}

const EXAMPLES = `
The day is athenahealth's: it ends at 00:00 GMT. The forecast says when which work would have to stop, with a range that
held on eight of ten past days; who has the lowest priority stops first (bulk, then checks, then feeds), a tenth of the
day is kept for people.

Examples:
  aegis quota
  aegis quota --practice 195900                      # what one practice's calls were for
  aegis quota --json | jq .forecast.leftAtMidnight
  aegis quota plan --practices 300                   # before the start: does it fit?`

/** A pipe has no width; the table has one. */
const PIPE_COLUMNS = 100

/** `aegis quota`: how the day's calls of a running instance stand. */
export function addQuota(program: Command, context: CommandContext): void {
  const { terminal, action } = context
  const quota = program
    .command('quota')
    .description("Show how the day's calls stand, when they will run out, who spends them and what to change.")
    .addOption(homeFlag())
    .addOption(configFlag())
    .option('--practice <id>', 'one practice: what its calls were for', practiceId)
    .option('--json', 'everything, for programs')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (options: QuotaOptions) => {
        const { out, env } = terminal
        const { practice } = options
        const wanted = practice === undefined ? undefined : { practice }
        const report = await connectToInstance(terminal, options).ask('GET /aegis/v1/quota', wanted)
        const size = {
          columns: out.isTTY ? out.columns : PIPE_COLUMNS,
          color: wantsColor(out, env),
          unicode: showsUnicode(env),
        }
        const text = options.json ? JSON.stringify(report, null, 2) : renderQuota(report, size, practice).join('\n')
        out.write(`${text}\n`)
        return 0
      }),
    )
  addQuotaPlan(quota, context)
}
