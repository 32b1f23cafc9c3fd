import { resolve } from 'node:path'
import {
  type AppOptions,
  demoApp,
  faultNames,
  JournalError,
  type Limits,
  readAppFile,
  type Simulator,
  type SimulatorOptions,
} from '@aegis/simulator'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command-context.ts'
import { collect, durationMs, instant, notNegative, onOrOff, practiceId, wholeNumber } from '../flags.ts'
import { readLine } from '../read-line.ts'
import { CALLED_WRONGLY, FAILED } from '../report-error.ts'
import { stopRequest } from '../stop-request.ts'
import { frontDoorFlags, type FrontDoorOptions, frontDoorOptions } from './front-door-flags.ts'

interface SimulateOptions extends FrontDoorOptions {
  readonly port: number
  readonly seed: number
  readonly practice?: readonly number[]
  readonly patients: number
  readonly limits: NonNullable<SimulatorOptions['limits']>
  readonly throttle: 'json' | 'gateway-text'
  readonly appFile?: string
  readonly speed: number
  readonly startAt?: number
  readonly day?: true
  readonly activationLag: number
  readonly retention: number
  readonly unreadRetention?: number
  readonly fallBackHour: 'first' | 'second'
  readonly expiresIn: 'string' | 'number'
  readonly tokenLifetime: number
  readonly encoding: 'typed' | 'string'
  readonly admin: boolean
  readonly adminTokenFile?: string
  readonly journal?: string
  readonly recording?: string
  readonly faults?: string
  readonly requestLog: number
  readonly json?: true
}

const EXAMPLES = `
It speaks athenahealth's API as recorded: tokens, limits, practices that keep state, changed-data feeds. All people in
it are made up. Put its URL where https://api.preview.platform.athenahealth.com stood. What really happened (requests,
pages handed out, state) is under /__sim/; see the README of @aegis/simulator.

Examples:
  aegis simulate --port 9100                                    practice 195900, demo-client / demo-secret
  aegis simulate --practice 195900 --practice 195901 --patients 100000 --limits production
  aegis simulate --day --speed 60 --json                        an hour in a minute; one line of JSON tells the URL
  aegis simulate --app-file apps.json                           [{"clientId": "…", "secret": "…", "practices": [195900]}]
  aegis simulate --quirk shuffledKeys --quirk totals=string     answers in habits that break tidy readers
  aegis simulate --recording exchanges/                         recorded answers instead of practices
  aegis simulate --faults faults.json                           [{"kind": "throttled", "when": {"every": 3}}]

An app in the file has a "clientId" and a "secret" ("secrets" for several at a time), "jwks" with its public keys, or
"jwksUrl" where it serves them; and, where it differs from the flags, "authMethods", "kind", "scopes", "practices",
"limits", "encoding" and "quirks". Apps are added and changed while it runs with POST /__sim/apps.

Kinds of faults: ${kindsOfFaults()}.
A fault strikes when a request's path, method, practice, app, time, number or chance is as "when" says. More are set while it
runs with POST /__sim/faults.`

function kindsOfFaults(): string {
  return Object.keys(faultNames)
    .join(', ')
    .replaceAll(/(.{80,100}) /g, '$1\n')
}

/** `aegis simulate`: athenahealth on this machine. */
export function addSimulate(program: Command, { terminal, programs, action }: CommandContext): void {
  const command = program
    .command('simulate')
    .description('Be athenahealth on this machine, for development and tests in any language.')
  for (const flag of [...flags(), ...frontDoorFlags()]) command.addOption(flag)
  command.addHelpText('after', EXAMPLES).action(
    action(async (given: SimulateOptions) => {
      const options = withPaths(given, terminal.cwd)
      const stop = stopRequest(terminal)
      try {
        const apps = options.appFile === undefined ? [demoApp] : await readApps(options.appFile)
        const simulator = await start(programs.startSimulator, await optionsOf(options, apps))
        const started = { simulator, options, apps }
        terminal.out.write(options.json ? `${JSON.stringify(toldOf(started))}\n` : describe(started))
        await stop.requested
        await simulator.stop()
        return 0
      } finally {
        stop.dispose()
      }
    }),
  )
}

function flags(): Option[] {
  const shownAs = (text: string) => [durationMs(text), text] as const
  return [
    new Option('--port <port>', '0 takes a free one').default(0).argParser(wholeNumber(0, 65_535)),
    new Option('--seed <number>', 'the same seed gives the same practice and day')
      .default(1)
      .argParser(wholeNumber(0, 2 ** 31)),
    new Option('--practice <id>', 'a practice; may be given several times (default: 195900)').argParser(
      collect(practiceId),
    ),
    new Option('--patients <count>', 'patients of each practice').default(1_000).argParser(wholeNumber(0, 1_000_000)),
    new Option('--limits <limits>', 'preview, production, off, or perSecond=5,perDay=50000,tokensPerMinute=5')
      .default('preview')
      .argParser(limitsOf),
    new Option('--throttle <style>', 'how a call over its limit is answered')
      .choices(['json', 'gateway-text'])
      .default('json'),
    new Option('--app-file <file>', 'apps with their secrets, as JSON (default: demo-client / demo-secret)'),
    new Option('--speed <factor>', 'virtual seconds per second; 0 stands still').default(1).argParser(notNegative),
    new Option(
      '--start-at <instant>',
      'virtual time at the start, such as 2026-11-23T14:00:00Z (default: now)',
    ).argParser(instant),
    new Option('--day', 'the practices live through their day: bookings, visits, changes'),
    new Option('--activation-lag <duration>', 'until a feed subscription takes effect')
      .default(...shownAs('15m'))
      .argParser(durationMs),
    new Option('--retention <duration>', 'how long processed changes can be read again')
      .default(...shownAs('4h'))
      .argParser(durationMs),
    new Option(
      '--unread-retention <duration>',
      'how long changes wait that nobody reads (default: for ever)',
    ).argParser(durationMs),
    new Option('--fall-back-hour <reading>', 'the hour that comes twice in autumn')
      .choices(['first', 'second'])
      .default('first'),
    new Option('--expires-in <type>', 'how tokens tell their lifetime').choices(['string', 'number']).default('string'),
    new Option('--token-lifetime <duration>', 'how long a token is good')
      .default(...shownAs('1h'))
      .argParser(durationMs),
    new Option('--encoding <era>', 'string: numbers and booleans as text, as before 2019')
      .choices(['typed', 'string'])
      .default('typed'),
    new Option('--admin <on|off>', 'whether /__sim/ is served').default(true, 'on').argParser(onOrOff),
    new Option('--admin-token-file <file>', 'file with a token that /__sim/ then asks for'),
    new Option('--journal <file>', 'keep what callers change: started again with it, it goes on where it stopped'),
    new Option('--recording <directory>', 'serve recorded exchanges instead of practices'),
    new Option('--faults <file>', 'what goes wrong on demand, as JSON'),
    new Option('--request-log <count>', 'requests kept in the log')
      .default(100_000)
      .argParser(wholeNumber(1, 100_000_000)),
    new Option('--json', 'tell URL and apps in one line of JSON'),
  ]
}

/** Files and folders are named from where the command runs. */
function withPaths(options: SimulateOptions, cwd: string): SimulateOptions {
  const { appFile, adminTokenFile, journal, recording, faults } = options
  return {
    ...options,
    ...(appFile !== undefined && { appFile: resolve(cwd, appFile) }),
    ...(adminTokenFile !== undefined && { adminTokenFile: resolve(cwd, adminTokenFile) }),
    ...(journal !== undefined && { journal: resolve(cwd, journal) }),
    ...(recording !== undefined && { recording: resolve(cwd, recording) }),
    ...(faults !== undefined && { faults: resolve(cwd, faults) }),
  }
}

async function optionsOf(options: SimulateOptions, apps: readonly AppOptions[]): Promise<SimulatorOptions> {
  const { port, seed, patients, limits, throttle, speed, fallBackHour, expiresIn, encoding, admin } = options
  const practices = practicesOf(options).map((id) => ({ id, patients }))
  return {
    port,
    seed,
    practices,
    limits,
    throttle,
    apps,
    speed,
    fallBackHour,
    expiresIn,
    encoding,
    admin,
    day: options.day === true,
    activationLagMs: options.activationLag,
    retentionMs: options.retention,
    tokenLifetimeS: options.tokenLifetime / 1_000,
    requestLogSize: options.requestLog,
    ...frontDoorOptions(options),
    ...(options.startAt !== undefined && { startAt: options.startAt }),
    ...(options.unreadRetention !== undefined && { unreadRetentionMs: options.unreadRetention }),
    ...(options.adminTokenFile !== undefined && { adminToken: await readLine(options.adminTokenFile) }),
    ...(options.journal !== undefined && { journal: options.journal }),
    ...(options.recording !== undefined && { recording: options.recording }),
    ...(options.faults !== undefined && { faults: options.faults }),
  }
}

async function readApps(file: string): Promise<readonly AppOptions[]> {
  try {
    return await readAppFile(file)
  } catch (error) {
    if (error instanceof TypeError) throw new CliError(error.message, { remedy: 'correct the file.', exitCode: FAILED })
    const remedy = 'name a file that can be read: [{"clientId": "…", "secret": "…"}].'
    throw new CliError(`${file} cannot be read`, { remedy, exitCode: FAILED, cause: error })
  }
}

async function start(startSimulator: (options: SimulatorOptions) => Promise<Simulator>, options: SimulatorOptions) {
  try {
    return await startSimulator(options)
  } catch (error) {
    throw explained(error, options)
  }
}

/** What the simulator says of an option that makes no sense is for the user; what the system says is put into words. */
function explained(error: unknown, { port }: SimulatorOptions): unknown {
  if (!(error instanceof Error)) return error
  const failed = (message: string, remedy: string) => new CliError(message, { remedy, exitCode: FAILED, cause: error })
  if (error instanceof JournalError) return failed(error.problem, `${error.remedy}.`)
  if ('path' in error && typeof error.path === 'string') {
    const remedy = 'name what exists and can be opened with --recording, --journal or --faults.'
    return failed(`${error.path} cannot be opened`, remedy)
  }
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return failed(
      `Another program listens on port ${port} already`,
      'choose another one with --port; 0 takes a free one.',
    )
  }
  if (code === 'EACCES') {
    const remedy = 'choose a port of 1024 or above with --port; 0 takes a free one.'
    return failed(`The system does not let it listen on port ${port}`, remedy)
  }
  if (!(error instanceof RangeError || error instanceof TypeError)) return error
  const remedy = '"aegis simulate --help" tells what can be given.'
  return new CliError(error.message, { remedy, exitCode: CALLED_WRONGLY })
}

function limitsOf(text: string): SimulateOptions['limits'] {
  if (text === 'preview' || text === 'production' || text === 'off') return text
  const given = new Map(
    text
      .split(',')
      .map((part) => part.split('='))
      .map(([name = '', value]) => [name.trim(), Number(value)]),
  )
  const [perSecond, perDay, tokensPerMinute] = ['perSecond', 'perDay', 'tokensPerMinute'].map((name) => given.get(name))
  const limits: Partial<Omit<Limits, 'perPractice'>> = {
    ...(perSecond !== undefined && { perSecond }),
    ...(perDay !== undefined && { perDay }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  }
  const values = Object.values(limits)
  if (values.length === 0 || values.length < given.size || values.some((value) => !(value >= 1))) {
    throw new InvalidArgumentError('Give preview, production, off, or perSecond=5,perDay=50000,tokensPerMinute=5.')
  }
  return { perSecond: Infinity, perDay: Infinity, tokensPerMinute: Infinity, ...limits }
}

interface Started {
  readonly simulator: Simulator
  readonly options: SimulateOptions
  readonly apps: readonly AppOptions[]
}

function toldOf({ simulator, options, apps }: Started) {
  return {
    url: simulator.url,
    environment: 'local',
    // The secret of the demo's app is public; others stay in their file.
    apps: apps.map((app) => (app === demoApp ? app : { clientId: app.clientId })),
    practices: practicesOf(options),
    now: new Date(simulator.clock.now()).toISOString(),
    speed: options.speed,
    admin: options.admin ? `${simulator.url}/__sim/` : null,
    pid: process.pid,
  }
}

function describe(started: Started): string {
  const { url, apps, practices, now, speed, admin } = toldOf(started)
  const { patients, recording, day } = started.options
  const clients = apps.map((app) => ('secret' in app ? `${app.clientId} / ${app.secret}` : app.clientId))
  const serves =
    recording === undefined ? `${practices.join(', ')}, ${patients.toLocaleString('en-US')} patients each` : recording
  const lines = [
    `[local] athenahealth is simulated at ${url}`,
    `  ${recording === undefined ? 'practices ' : 'recordings'}  ${serves}`,
    `  app${apps.length === 1 ? ' ' : 's'}        ${clients.join(', ')}`,
    `  time        ${now}, speed ${speed}${day ? ', with the life of a day' : ''}`,
    `  truth       ${admin ?? 'off'}`,
    'Ctrl-C stops it.',
  ]
  return `${lines.join('\n')}\n`
}

function practicesOf({ practice, recording }: SimulateOptions): readonly number[] {
  return recording === undefined ? (practice ?? [195900]) : []
}
