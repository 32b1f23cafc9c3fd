import { type AegisConfig, AegisError, type ConfigFlags, loadConfig, type RunningAegis } from '@aegis/server'
import { JournalError, type Simulator } from '@aegis/simulator'
import { type Command, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command-context.ts'
import { demoConfig, demoSimulator, hasPast, pointedAt, prepareDemo } from '../demo.ts'
import { configFlag, homeFlag, wholeNumber } from '../flags.ts'
import type { InstanceOptions } from '../instance-client.ts'
import { startLiveView } from '../live-view/live-view.ts'
import { FAILED } from '../report-error.ts'
import { type StopRequest, stopRequest } from '../stop-request.ts'
import { showsUnicode, type Terminal, wantsColor } from '../terminal.ts'

interface UpOptions extends InstanceOptions {
  readonly demo?: true
  readonly port?: number
  readonly role?: string
  readonly plain?: true
}

const EXAMPLES = `
It runs until it is stopped with Ctrl-C or SIGTERM, and goes on from there at the next start. On a terminal it draws
what happens; elsewhere, or with --plain, it writes a line for every change of state. Only one runs on a home; several,
each on a home of its own, share the work on one PostgreSQL server: no leader, no order of starting.

Examples:
  aegis up --demo                                a simulated practice and everything else on this machine
  aegis up                                       what ./aegis.yaml configures ("aegis config check" checks it)
  aegis up --config clinic.yaml --home /srv/aegis --plain
  aegis up --demo --home .aegis-2 --port 0       a second one beside the first
  aegis up --role worker --home /srv/aegis-2 --port 0 --plain   one more on the same DATABASE_URL_FILE and AEGIS_KEYS
  aegis up --role key-server --home /srv/aegis-keys --plain   the credentials alone, on a host of their own`

/** `aegis up`: starts an instance and shows what it does until it is stopped. */
export function addUp(program: Command, context: CommandContext): void {
  program
    .command('up')
    .description('Start Aegis: mirror the configured practices until it is stopped.')
    .option('--demo', 'with a simulated practice of its own; needs no configuration')
    .addOption(homeFlag())
    .addOption(configFlag())
    .option(
      '--port <port>',
      'port of its API; 0 takes a free one (else AEGIS_PORT, else http.port, else 7420)',
      wholeNumber(0, 65_535),
    )
    .addOption(
      new Option(
        '--role <role>',
        'what this process does of the work (else AEGIS_ROLE, else role in the file)',
      ).choices(['all', 'worker', 'key-server']),
    )
    .option('--plain', 'lines instead of a picture, also on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(
      context.action(async (options: UpOptions) => {
        const stop = stopRequest(context.terminal)
        try {
          return await up({ ...context, stop }, options)
        } finally {
          stop.dispose()
        }
      }),
    )
}

type UpDeps = Pick<CommandContext, 'terminal' | 'programs'> & { readonly stop: StopRequest }

async function up(deps: UpDeps, options: UpOptions): Promise<number> {
  const { terminal, programs } = deps
  const { config, warnings } = load(terminal, options)
  for (const warning of warnings) terminal.err.write(`Warning: ${warning}\n`)
  const say = announcer(terminal, config)
  say(`starting, ${practicesOf(config)}, home ${config.home}`)
  if (options.demo && hasPast(config)) say('the simulated practices catch up with their past')
  const simulator = options.demo ? await startDemo(programs, config) : undefined
  try {
    if (deps.stop.isRequested()) return 0
    if (simulator) say(`athenahealth is simulated at ${simulator.url}`)
    const { config: complete, seams } = simulator ? pointedAt(config, simulator) : { config, seams: {} }
    const running = await unlessStopped(programs.startAegis(complete, seams, deps.stop.signal), deps.stop)
    if (!running) {
      say('stopped before it had started; nothing is left behind')
      return 0
    }
    try {
      await watch(deps, running, options)
      say('stopping')
    } finally {
      await running.stop()
    }
    say('stopped; the next start goes on from here')
    return 0
  } finally {
    await simulator?.stop()
  }
}

/** What is being started; undefined where it was called off. */
async function unlessStopped<T>(starting: Promise<T>, { signal }: StopRequest): Promise<T | undefined> {
  try {
    return await starting
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined
    throw error
  }
}

async function startDemo({ startSimulator }: CommandContext['programs'], config: AegisConfig): Promise<Simulator> {
  prepareDemo(config)
  try {
    return await startSimulator(demoSimulator(config))
  } catch (error) {
    if (!(error instanceof JournalError)) throw error
    if (error.code === 'in-use') throw new AegisError('ops.already-running', { home: config.home }, { cause: error })
    // The mirror of another world would not fit a new one, so both begin anew.
    const remedy = `remove ${config.home} to begin anew, or give this demo a home of its own with --home.`
    const message = `The demo cannot go on where it was: ${error.problem}`
    throw new CliError(message, { remedy, exitCode: FAILED, cause: error })
  }
}

/** Shows the instance until somebody asks it to end, or throws why it ended by itself. */
async function watch({ terminal, stop }: UpDeps, running: RunningAegis, { plain }: UpOptions): Promise<void> {
  if (stop.isRequested()) return
  const { out, env } = terminal
  const shown = { plain: plain === true, color: wantsColor(out, env), unicode: showsUnicode(env) }
  const view = startLiveView({ out, status: () => running.status(), ...shown })
  try {
    const ended = await Promise.race([stop.requested.then(() => undefined), running.ended])
    if (ended) throw ended
  } finally {
    await view.stop()
  }
}

function load({ env, cwd }: Terminal, { demo, home, config, port, role }: UpOptions) {
  const argvOverrides: ConfigFlags = {
    ...(home !== undefined && { home }),
    ...(config !== undefined && { configFile: config }),
    ...(port !== undefined && { port }),
    ...(role !== undefined && { role }),
  }
  return loadConfig({ argvOverrides, env, cwd, ...(demo && { demo: demoConfig() }) })
}

function announcer({ out }: Terminal, { environment, demo }: AegisConfig): (text: string) => void {
  const where = demo ? `${environment}, demo` : environment
  return (text) => out.write(`[${where}] Aegis: ${text}\n`)
}

function practicesOf({ practices }: AegisConfig): string {
  return practices.length === 1 ? `practice ${practices[0]}` : `${practices.length} practices`
}
