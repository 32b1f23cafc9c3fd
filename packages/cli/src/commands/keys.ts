import { type GivenKeyReport, parseDuration } from '@aegis/server'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command-context.ts'
import { durationMs, homeFlag, configFlag, instantIn, isDay, wholeNumber } from '../flags.ts'
import type { InstanceOptions } from '../instance-client.ts'
import { type KeyDeskClient, withKeyDesk } from '../key-desk-client.ts'
import { credentialTable, describeCredential, holderLines } from '../key-lines.ts'
import { readSecretInput } from '../read-secret-input.ts'
import { CALLED_WRONGLY } from '../report-error.ts'

const ALGS = ['RS384', 'ES384', 'RS256', 'ES256', 'RS512', 'ES512'] as const

interface GiveOptions extends InstanceOptions {
  readonly file?: string
  readonly generate?: (typeof ALGS)[number] | true
  readonly kid?: string
  readonly alg?: string
  readonly audience?: string
  readonly first?: true
  readonly after?: number
  readonly expires?: number
  readonly keep?: number
  readonly json?: true
}

const EXAMPLES = `
An app may have several credentials at once: secrets, and private keys whose public half athenahealth knows. They stand in
an order; the first that is live is used, and when athenahealth refuses it, the next. What goes in never comes out again:
neither a command nor a person can read it. Every change and every use is in the audit log.

The running instance of the home is asked. When none runs, its home is opened for the command: so the first credential is
given before the first start. With role key-server elsewhere, run it there.

Examples:
  aegis keys add --file secret.txt               a secret, alone on one line; then remove the file
  pass show athena | aegis keys add              the same from standard input; never as an argument
  aegis keys add --file key.pem --kid 2027-a     a private key, as PEM or JWK
  aegis keys add --generate                      Aegis makes the key; its private half is seen by nobody
  aegis keys jwks                                the public keys, to be registered with athenahealth
  aegis keys rotate --file new.txt               used at once; the others stay valid for a day (--keep)
  aegis keys revoke 2                            wiped now, with its tokens; 5 seconds later nobody uses them
  aegis keys holders add ann                     from then on, only holders may change anything here`

/** `aegis keys add|list|revoke|rotate|holders|jwks`: the credentials of the app. */
export function addKeys(program: Command, context: CommandContext): void {
  const keys = program
    .command('keys')
    .description('Give, list, replace and revoke the credentials of the app at athenahealth.')
    .addHelpText('after', EXAMPLES)
  addGiving(keys, context)
  addListing(keys, context)
  addRevoking(keys, context)
  addHolders(keys, context)
}

function addGiving(keys: Command, context: CommandContext): void {
  const add = giving(keys.command('add').description('Give one more secret or private key.'))
    .option('--first', 'use it before the others, and not when those are used up')
    .action(context.action((options: GiveOptions) => give(context, 'add', options)))
  const rotate = giving(keys.command('rotate').description('Give a secret or private key in the place of the others.'))
    .option('--keep <duration>', 'how long the others stay valid after it is used (default: a day)', durationMs)
    .action(context.action((options: GiveOptions) => give(context, 'rotate', options)))
  add.addHelpText('after', EXAMPLES)
  rotate.addHelpText('after', EXAMPLES)
}

function giving(command: Command): Command {
  return command
    .option('--file <file>', 'file with the secret or key (else standard input)')
    .addOption(
      new Option('--generate [alg]', `Aegis makes a private key: ${ALGS.join(', ')} (default: RS384)`)
        .choices(ALGS)
        .conflicts(['file', 'kid', 'alg']),
    )
    .option(
      '--kid <id>',
      'id of a private key in the set that athenahealth knows (else in the JWK, else its thumbprint)',
    )
    .option('--alg <alg>', 'how a private key signs (else in the JWK, else RS384 or what fits the curve)')
    .option('--audience <url>', 'whom assertions are made out to (default: the URL of the token endpoint)')
    .option(
      '--after <duration>',
      'not used before: athenahealth has to know a key first (default: 15m with --generate)',
      durationMs,
    )
    .option('--expires <date>', 'when it ends, such as 2027-03-01; warned of two weeks before', instantOf)
    .option('--json', 'the answer, for programs')
    .addOption(homeFlag())
    .addOption(configFlag())
}

async function give(context: CommandContext, action: 'add' | 'rotate', options: GiveOptions): Promise<number> {
  const { terminal } = context
  const { generate, kid, alg, audience, first, after, expires, keep } = options
  const what =
    generate === undefined
      ? { content: await readSecretInput(terminal, options.file) }
      : { generate: generate === true ? ('RS384' as const) : generate }
  const request = {
    action,
    ...what,
    actor: terminal.userName,
    ...(kid !== undefined && { kid }),
    ...(alg !== undefined && { alg }),
    ...(audience !== undefined && { audience }),
    ...(first !== undefined && { first }),
    ...(after !== undefined && { usedAfterMs: after }),
    ...(expires !== undefined && { expiresAt: expires }),
    ...(keep !== undefined && { keepMs: keep }),
  }
  const given = await withKeyDesk(context, options, (desk) => desk.ask('POST /aegis/v1/keys', request))
  terminal.out.write(options.json ? `${JSON.stringify(given)}\n` : described(given, options.file))
  return 0
}

function described(given: GivenKeyReport, file: string | undefined): string {
  const { environment, clientId, result, credential, publicJwk } = given
  const lines = [`[${environment}] app ${clientId}: ${describeCredential(credential)}`]
  if (result === 'unchanged') lines[0] += ' — it was there already; if it had been refused, it is tried again'
  if (result === 'renewed') lines[0] += ' — it was there already, and is used as said now'
  if (publicJwk) {
    lines.push(
      'Its public half, for the developer portal (athenahealth may fetch it too: GET /aegis/v1/jwks.json):',
      JSON.stringify({ keys: [publicJwk] }),
    )
  }
  if (file !== undefined)
    lines.push(`Remove ${file} now, unless you keep it in a safe: Aegis does not need it any more.`)
  return `${lines.join('\n')}\n`
}

function addListing(keys: Command, context: CommandContext): void {
  const { terminal, action } = context
  keys
    .command('list')
    .description('Show the credentials in the order of their use: kind, state, times; never what is secret.')
    .option('--json', 'everything, for programs')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      action(async (options: InstanceOptions & { json?: true }) => {
        const report = await withKeyDesk(context, options, (desk) => desk.ask('GET /aegis/v1/keys', undefined))
        terminal.out.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : credentialTable(report))
        return 0
      }),
    )
  keys
    .command('jwks')
    .description('Print the public keys as a JWKS, to be registered with athenahealth.')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      action(async (options: InstanceOptions) => {
        const set = await withKeyDesk(context, options, (desk) => desk.ask('GET /aegis/v1/jwks.json', undefined))
        terminal.out.write(`${JSON.stringify(set, null, 2)}\n`)
        return 0
      }),
    )
}

function addRevoking(keys: Command, context: CommandContext): void {
  keys
    .command('revoke')
    .description('Wipe a credential for good, with the tokens that were got with it.')
    .argument('[number]', 'its number in "aegis keys list"', wholeNumber(1, 2_147_483_647))
    .option('--all', 'every credential of the app: nothing can be asked of athenahealth any more')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      context.action(async (number: number | undefined, options: InstanceOptions & { all?: true }) => {
        const { terminal } = context
        if ((number === undefined) === (options.all === undefined)) {
          const remedy = 'give the number of one, or --all; "aegis keys list" shows them.'
          throw new CliError('It is not said what to revoke', { remedy, exitCode: CALLED_WRONGLY })
        }
        const request = { ...(number === undefined ? { all: true as const } : { number }), actor: terminal.userName }
        const { environment, clientId, revoked } = await withKeyDesk(context, options, (desk) =>
          desk.ask('POST /aegis/v1/keys/revoke', request),
        )
        const which = revoked.length === 1 ? `credential ${revoked[0]} is` : `credentials ${revoked.join(', ')} are`
        terminal.out.write(
          `[${environment}] app ${clientId}: ${which} wiped; within 5 seconds no process hands out its tokens\n` +
            'Withdraw it at athenahealth too: tokens that somebody else got with it end there only.\n',
        )
        return 0
      }),
    )
}

function addHolders(keys: Command, context: CommandContext): void {
  keys
    .command('holders')
    .description('Show who may change the credentials, put a user of this machine on the list, or take one off.')
    .argument('[action]', 'add or remove', actionOf)
    .argument('[holder]', 'name of a user of the machine, as the audit log shows it')
    .addOption(homeFlag())
    .addOption(configFlag())
    .action(
      context.action(
        async (action: 'add' | 'remove' | undefined, holder: string | undefined, options: InstanceOptions) => {
          const { terminal } = context
          if (action !== undefined && holder === undefined) {
            const remedy = `aegis keys holders ${action} NAME; yours is ${terminal.userName}.`
            throw new CliError('It is not said who', { remedy, exitCode: CALLED_WRONGLY })
          }
          const text = await withKeyDesk(context, options, (desk) =>
            changedHolders(desk, { action, holder }, terminal.userName),
          )
          terminal.out.write(text)
          return 0
        },
      ),
    )
}

async function changedHolders(
  desk: KeyDeskClient,
  { action, holder }: { action: 'add' | 'remove' | undefined; holder: string | undefined },
  actor: string,
): Promise<string> {
  if (action === undefined || holder === undefined) return holderLines(await desk.ask('GET /aegis/v1/keys', undefined))
  const report = await desk.ask('POST /aegis/v1/keys/holders', { action, holder, actor })
  return holderLines(report)
}

function actionOf(text: string): 'add' | 'remove' {
  if (text === 'add' || text === 'remove') return text
  throw new InvalidArgumentError('Give add or remove, or nothing to see the list.')
}

function instantOf(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) && isDay(text) ? Date.parse(text) : instantIn(text)
  if (at !== undefined) return at
  const hint = parseDuration(text) === undefined ? '' : ' A duration is not taken: name the day.'
  throw new InvalidArgumentError(`Give a day such as 2027-03-01, or an instant with its zone.${hint}`)
}
