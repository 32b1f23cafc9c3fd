import type { AegisConfig } from '../../config/aegis-config.ts'
import type { Db } from '../../db/db.ts'
import { type CredentialInfo, listCredentials } from '../../key-server/list-credentials.ts'
import { materialOf } from '../../key-server/key-desk.ts'
import { vaultReader } from '../../key-server/vault-reader.ts'
import { recognizeCredential } from '../../key-server/recognize-credential.ts'
import type { Log } from '../../log/log.ts'
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
  const { secret } = config.athena
  if (config.demo) return []
  if (secret) return [await compare(deps, config, { content: Buffer.from(secret.reveal(), 'utf8'), from: fromFile })]
  if (!config.vault) return []
  try {
    const content = await vaultReader(config.vault.place).read()
    return [await compare(deps, config, { content, from: fromVault })]
  } catch (error) {
    return [report.fromError('secret', error)]
  }
}

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
