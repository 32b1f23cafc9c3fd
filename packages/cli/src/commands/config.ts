import { describeConfig, loadConfig } from '@aegis/server'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { configFlag, homeFlag } from '../flags.ts'
import type { InstanceOptions } from '../instance-client.ts'
import type { Terminal } from '../terminal.ts'

interface PrintOptions extends InstanceOptions {
  readonly json?: true
}

const EXAMPLES = `
Settings come from ./aegis.yaml (or --config, AEGIS_CONFIG), then environment variables, then flags; later ones win.
Secrets are never in any of them: files are named instead (athena.secretFile, AEGIS_ATHENA_SECRET_FILE, …).
All settings: docs/reference/configuration.md

A first aegis.yaml:
  environment: preview
  athena:
    clientId: 0oa1example
    secretFile: /run/secrets/athena
  practices: [195900]

Examples:
  aegis config check                     every mistake at once, each with its remedy
  aegis config print                     what is in force and where it was set`

/** `aegis config print|check`. */
export function addConfig(program: Command, { terminal, action }: CommandContext): void {
  const config = program
    .command('config')
    .description('Check the configuration, or print what is in force.')
    .addHelpText('after', EXAMPLES)
  config
    .command('check')
    .description('Find every mistake in the configuration, without starting anything.')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      action(async (options: InstanceOptions) => {
        const loaded = load(terminal, options)
        const { environment, practices, athena } = loaded.config
        const count = practices.length === 1 ? `practice ${practices[0]}` : `${practices.length} practices`
        const from = loaded.file ?? 'the environment alone'
        terminal.out.write(`[${environment}] The configuration (${from}) is fine: ${count} from ${athena.baseUrl}\n`)
        return 0
      }),
    )
  config
    .command('print')
    .description('Print every setting in force with where it was set; secrets are shown as [set].')
    .option('--json', 'a list of settings, for programs')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      action(async (options: PrintOptions) => {
        const { effective } = load(terminal, options)
        const settings = effective.map(({ path, value, origin }) => ({ setting: path.join('.'), value, origin }))
        terminal.out.write(options.json ? `${JSON.stringify(settings, null, 2)}\n` : describeConfig(effective))
        return 0
      }),
    )
}

function load({ env, cwd, err }: Terminal, { home, config }: InstanceOptions) {
  const argvOverrides = { ...(home !== undefined && { home }), ...(config !== undefined && { configFile: config }) }
  const loaded = loadConfig({ argvOverrides, env, cwd })
  for (const warning of loaded.warnings) err.write(`Warning: ${warning}\n`)
  return loaded
}
