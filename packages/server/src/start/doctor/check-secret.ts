import { systemClock } from '../../clock/clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import type { Db } from '../../db/db.ts'
import { type CredentialInfo, listCredentials } from '../../key-server/list-credentials.ts'
import { materialOf } from '../../key-server/key-desk.ts'
import { vaultReader } from '../../key-server/vault-reader.ts'
import { recognizeCredential } from '../../key-server/recognize-credential.ts'
import type { Log } from '../../log/log.ts'
import { certificateAlarms } from '../../ops/certificate-alarms.ts'
import { inDays } from '../../ops/credential-alarms.ts'
import { vaultLoginAlarms } from '../../ops/vault-login-alarms.ts'
import { type VaultStatus, vaultStatus } from '../../ops/vault-status.ts'
import type { Kek } from '../../sealing/kek.ts'
import { configuredApp } from '../start-key-server.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('keys')

export interface SecretDeps {
  readonly db: Db
  /** The one for credentials. */
  readonly kek: Kek
  readonly log: Log
}

/** Whether the secret that the configuration or its vault names is the credential that is stored and used. */
export async function checkSecret(deps: SecretDeps, config: AegisConfig): Promise<readonly Finding[]> {
  if (config.demo) return []
  const { content, findings } = await readGiven(config)
  if (!content) return findings
  const source = config.vault ? fromVault : fromFile
  const told = await compare(deps, config, { content, from: source }).catch((error: unknown) =>
    report.fromError('secret', error),
  )
  return [told, ...findings]
}

export interface GivenSecret {
  /** Undefined where none is named, or the vault does not give it. */
  readonly content: Buffer | undefined
  /** Of the vault: why it gives none, and until when the way to it serves. */
  readonly findings: readonly Finding[]
}

/** The secret that the configuration or its vault names. */
export async function readGiven({ athena, vault }: Pick<AegisConfig, 'athena' | 'vault'>): Promise<GivenSecret> {
  const { secret } = athena
  if (secret) return { content: Buffer.from(secret.reveal(), 'utf8'), findings: [] }
  if (!vault) return { content: undefined, findings: [] }
  const reader = vaultReader(vault.place)
  const expiries = () => vaultFindings(vaultStatus(reader.times(), systemClock.now()))
  try {
    const content = await reader.read()
    await reader.lookUp()
    return { content, findings: expiries() }
  } catch (error) {
    const ended = expiries().filter(({ level }) => level === 'failure')
    return { content: undefined, findings: [report.fromError('secret', error), ...ended] }
  }
}

/** Until when the way to the vault serves. */
function vaultFindings({ login, certificates }: VaultStatus): Finding[] {
  const bad = [...certificateAlarms(certificates), ...vaultLoginAlarms(login)].map((alarm) => {
    const { level, code, message, remedy } = alarm
    return report[level === 'error' ? 'failure' : 'warning']('vault', `${message} (${code})`, remedy)
  })
  if (!login) return [...bad, report.skipped('vault', unknownLogin)]
  if (bad.length > 0) return bad
  const ends = [login, ...certificates].flatMap(({ leftMs }) => (leftMs === null ? [] : [leftMs]))
  const left = ends.length > 0 ? `for ${inDays(Math.min(...ends))}` : 'without an end'
  return [report.ok('vault', `What this host logs in to the vault with, and its authority, serve ${left}`)]
}

const unknownLogin =
  'How long what this host logs in to the vault with serves is not known: its policy does not let it look (auth/token/lookup-self, or secret-id/lookup of its role).'

interface Source {
  readonly name: string
  /** What makes an instance take up what it does not know yet. */
  readonly takeUp: string
  readonly leaveOut: string
}

const fromFile: Source = {
  name: 'The secret in athena.secretFile',
  takeUp: 'Start the key server (or the process that has the credentials) again: it takes the file up at its start.',
  leaveOut: 'Put the one that is used into the file, or leave athena.secretFile out: what is stored serves without it.',
}

const fromVault: Source = {
  name: 'What the vault holds',
  takeUp: 'A running instance takes it up within vault.refresh; if it does not, look at its log.',
  leaveOut: 'Put the one that is used into the vault, or leave it out of the configuration.',
}

async function compare(
  deps: SecretDeps,
  config: AegisConfig,
  { content, from }: { content: Buffer; from: Source },
): Promise<Finding> {
  const app = configuredApp(config)
  const number = await recognizeCredential(deps, app, await materialOf({ content }))
  const credentials = await listCredentials(deps, app)
  return judgeSecret({ number, credentials }, from)
}

function judgeSecret(
  { number, credentials }: { number: number | undefined; credentials: readonly CredentialInfo[] },
  { name, takeUp, leaveOut }: Source,
): Finding {
  const used = credentials.find(({ next }) => next)
  const found = credentials.find((credential) => credential.number === number)
  const usedNow = used ? `credential ${used.number} is used` : 'no credential is used'
  if (!found) {
    return credentials.length === 0
      ? report.ok('secret', `${name} is not stored yet; the next start does that`)
      : report.warning('secret', `${name} is none of the credentials that are stored: ${usedNow}.`, takeUp)
  }
  if (found === used) return report.ok('secret', `${name} is credential ${found.number}, which is used`)
  const stands = `${name} is credential ${found.number}`
  if (found.state === 'revoked') {
    return report.failure('secret', `${stands}, which was revoked and is not taken up again; ${usedNow}.`, leaveOut)
  }
  const which =
    found.state === 'live'
      ? 'is stored behind another'
      : { expired: 'has expired', waiting: 'is not used yet', refused: 'athenahealth refuses' }[found.state]
  return report.warning('secret', `${stands}, which ${which}; ${usedNow}.`, leaveOut)
}
