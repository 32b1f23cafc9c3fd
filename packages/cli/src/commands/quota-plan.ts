import {
  furtherFeeds,
  isAegisError,
  limitBounds,
  planQuota,
  type PracticeShape,
  readWorkSettings,
  usualPractice,
} from '@aegis/server'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command-context.ts'
import { configFlag, decimal, durationMs, wholeNumber } from '../flags.ts'
import { renderPlan } from '../plan-view.ts'
import { CALLED_WRONGLY, FAILED } from '../report-error.ts'
import { showsUnicode, wantsColor } from '../terminal.ts'

interface PlanOptions {
  readonly config?: string
  readonly json?: true
  readonly environment?: string
  readonly practices?: number
  readonly feeds?: readonly string[]
  readonly interval?: number
  readonly latest?: number
  readonly perDay?: number
  readonly perSecond?: number
  readonly patients?: number
  readonly departments?: number
  readonly appointments?: number
  readonly changes?: number
}

const { perDay, perSecond } = limitBounds

const EXAMPLES = `
It needs no instance, no database and no credential, and calls nothing: the settings of ./aegis.yaml (or --config) and
arithmetic. Flags say what would be otherwise. Exit code 1 when it does not fit,
2 when a setting or a flag is wrong.

Examples:
  aegis quota plan                                          # what is configured here
  aegis quota plan --practices 300 --environment production # before there is a configuration
  aegis quota plan --practices 300 --latest 2h --feeds claims,labresults
  aegis quota plan --json | jq .polls.practicesMax`

/** More a day no practice has. */
const aDay = decimal(0, 100_000)

/** A pipe has no width; the table has one. */
const PIPE_COLUMNS = 100

/** `aegis quota plan`: whether a configuration fits the limits, before anything is started. */
export function addQuotaPlan(quota: Command, { terminal, action }: CommandContext): void {
  quota
    .command('plan')
    .description('Tell before the start whether a configuration fits the limits, and how long the first load takes.')
    .addOption(configFlag())
    .addOption(
      new Option('--environment <name>', 'whose limits (else environment in the file, else production)').choices([
        'production',
        'preview',
        'local',
      ]),
    )
    .option('--practices <count>', 'so many practices (else those of the file)', wholeNumber(1, 10_000))
    .option('--feeds <list>', 'feeds beside the five that always are, such as claims,labresults; none; all', feedList)
    .option('--interval <duration>', 'between two readings of a feed (else sync.pollInterval)', durationMs)
    .option('--latest <duration>', 'every feed is read at least so often (else sync.latest)', durationMs)
    .option('--per-day <calls>', 'calls a day (else limits.perDay)', wholeNumber(perDay.min, perDay.max))
    .option('--per-second <calls>', 'calls a second (else limits.perSecond)', decimal(perSecond.min, perSecond.max))
    .option('--patients <count>', `of one practice (default: ${usualPractice.patients})`, wholeNumber(0, 100_000_000))
    .option('--departments <count>', `of one practice (default: ${usualPractice.departments})`, wholeNumber(1, 10_000))
    .option('--appointments <count>', `a day of one practice (default: ${usualPractice.appointmentsADay})`, aDay)
    .option('--changes <count>', `a day of a feed that only names them (default: ${usualPractice.changesADay})`, aDay)
    .option('--json', 'everything, for programs')
    .addHelpText('after', EXAMPLES)
    .action(
      action(async (_: PlanOptions, command: Command) => {
        // --config and --json are flags of "quota" too, which takes them for itself.
        const options: PlanOptions = command.optsWithGlobals()
        const { out, env, cwd } = terminal
        const flags = options.config === undefined ? {} : { configFile: options.config }
        const settings = settingsOf({ flags, env, cwd }, options)
        if (settings.practices === 0) {
          const remedy = 'name practices in aegis.yaml, or say how many with --practices.'
          throw new CliError('No practice is configured', { remedy, exitCode: CALLED_WRONGLY })
        }
        const plan = planQuota({ ...settings, shape: shapeOf(options), now: Date.now() })
        const size = {
          columns: out.isTTY ? out.columns : PIPE_COLUMNS,
          color: wantsColor(out, env),
          unicode: showsUnicode(env),
        }
        out.write(`${options.json ? JSON.stringify(plan, null, 2) : renderPlan(plan, size).join('\n')}\n`)
        return plan.fits ? 0 : FAILED
      }),
    )
}

/** What is wrong is no plan that does not fit: it has an exit code of its own. */
function settingsOf(sources: Parameters<typeof readWorkSettings>[0], options: PlanOptions) {
  try {
    return readWorkSettings(sources, changesOf(options))
  } catch (error) {
    if (!isAegisError(error, 'config.invalid')) throw error
    const remedy = 'mend what is named above, in the file or among the flags.'
    throw new CliError(error.message, { remedy, exitCode: CALLED_WRONGLY, cause: error })
  }
}

/** The flags as settings over those of the file. */
function changesOf(options: PlanOptions) {
  const { environment, practices, feeds, interval, latest, perDay, perSecond } = options
  return {
    ...(environment !== undefined && { environment }),
    ...(practices !== undefined && { practices: Array.from({ length: practices }, (_, index) => index + 1) }),
    sync: {
      ...(feeds !== undefined && { feeds }),
      ...(interval !== undefined && { pollInterval: interval }),
      ...(latest !== undefined && { latest }),
    },
    limits: { ...(perDay !== undefined && { perDay }), ...(perSecond !== undefined && { perSecond }) },
  }
}

function shapeOf({ patients, departments, appointments, changes }: PlanOptions): PracticeShape {
  return {
    ...usualPractice,
    ...(patients !== undefined && { patients }),
    ...(departments !== undefined && { departments }),
    // Who comes is a patient whose record changes, once or twice.
    ...(appointments !== undefined && {
      appointmentsADay: appointments,
      claimsADay: appointments,
      patientChangesADay: 2 * appointments,
    }),
    ...(changes !== undefined && { changesADay: changes }),
  }
}

function feedList(text: string): readonly string[] {
  if (text === 'all') return furtherFeeds
  const names = text === 'none' ? [] : text.split(',').map((name) => name.trim())
  if (names.every((name) => furtherFeeds.some((known) => known === name))) return names
  throw new InvalidArgumentError(`Give none, all, or some of ${furtherFeeds.join(',')}.`)
}
