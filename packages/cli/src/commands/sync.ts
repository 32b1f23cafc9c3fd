import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag, practiceId } from '../flags.ts'
import { connectToInstance, type InstanceOptions } from '../instance-client.ts'

interface SyncOptions extends InstanceOptions {
  readonly practice?: number
  readonly feed?: string
}

const ACTIONS = {
  now: {
    description: 'Read feeds at once instead of when they are due.',
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
  aegis sync resnapshot --practice 195900                   large: runs in the off-hours`

/** `aegis sync now|resnapshot`: asks the running instance to read feeds. */
export function addSync(program: Command, { terminal, action }: CommandContext): void {
  const sync = program
    .command('sync')
    .description('Make the running instance read feeds now, or read everything again.')
    .addHelpText('after', EXAMPLES)
  for (const name of ['now', 'resnapshot'] as const) {
    const { description, done } = ACTIONS[name]
    sync
      .command(name)
      .description(description)
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
            const feed = options.feed === undefined ? {} : { feed: options.feed }
            await instance.ask('POST /aegis/v1/sync', { action: name, practice, ...feed })
            terminal.out.write(`[${environment}] practice ${practice}: ${options.feed ?? 'every feed'} ${done}\n`)
          }
          return 0
        }),
      )
  }
}
