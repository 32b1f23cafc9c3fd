import type { AegisApi } from '@aegis/server'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag, instant, practiceId } from '../flags.ts'
import { connectToInstance, type InstanceOptions } from '../instance-client.ts'

interface SyncOptions extends InstanceOptions {
  readonly practice?: number
  readonly feed?: string
  /** Of a resnapshot; epoch ms. */
  readonly since?: number
}

const ACTIONS = {
  now: {
    description: 'Read feeds as soon as sync.pollInterval after their last reading, instead of when they are due.',
    done: 'is due now',
  },
  resnapshot: {
    description: 'Read all records of feeds again and compare; the mirror stays usable meanwhile.',
    done: 'will be read again as a whole',
  },
} as const

const EXAMPLES = `
Examples:
  aegis sync now                                            all feeds of all practices
  aegis sync now --practice 195900 --feed appointments
  aegis sync resnapshot --practice 195900                   large: runs in the off-hours
  aegis sync resnapshot --since 2026-11-23T04:00:00Z        after a restored backup, of that time: a gap until it is read`

/** `aegis sync now|resnapshot`: asks the running instance to read feeds. */
export function addSync(program: Command, { terminal, action }: CommandContext): void {
  const sync = program
    .command('sync')
    .description('Make the running instance read feeds now, or read everything again.')
    .addHelpText('after', EXAMPLES)
  for (const name of ['now', 'resnapshot'] as const) {
    const { description, done } = ACTIONS[name]
    const command = sync.command(name).description(description)
    if (name === 'resnapshot') {
      const since = 'opens a gap from then on, and reads what changed since on all other days too'
      command.option('--since <time>', since, instant)
    }
    command
      .option('--practice <id>', 'one practice instead of all', practiceId)
      .option('--feed <name>', 'one feed instead of all')
      .addOption(homeFlag())
      .addOption(configFlag())
      .action(
        action(async (options: SyncOptions) => {
          const instance = connectToInstance(terminal, options)
          const { environment, practices } = await instance.ask('GET /aegis/v1/status', undefined)
          const chosen = options.practice === undefined ? practices.map(({ practice }) => practice) : [options.practice]
          for (const practice of chosen) {
            await instance.ask('POST /aegis/v1/sync', requestOf(name, practice, options))
            terminal.out.write(`[${environment}] practice ${practice}: ${options.feed ?? 'every feed'} ${done}\n`)
          }
          return 0
        }),
      )
  }
}

function requestOf(
  action: 'now' | 'resnapshot',
  practice: number,
  { feed, since }: SyncOptions,
): AegisApi['POST /aegis/v1/sync']['request'] {
  const feeds = { practice, ...(feed !== undefined && { feed }) }
  if (action === 'now') return { action, ...feeds }
  return { action, ...feeds, ...(since !== undefined && { since: new Date(since).toISOString() }) }
}
