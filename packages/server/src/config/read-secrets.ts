import { clientConfig } from '../db/database-login.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { DatabaseConfig } from './aegis-config.ts'
import type { Problem } from './config-error.ts'
import type { Layers } from './read-layers.ts'
import { readSecretFile } from './read-secret-file.ts'
import type { Variables } from './read-variables.ts'
import { Secret } from './secret.ts'
import type { Settings } from './settings.ts'
import { valueAt } from './tree.ts'

export interface SecretSources {
  readonly settings: Partial<Settings>
  readonly layers: Layers
  readonly env: Variables
  /** The demo's secret, which needs no file. */
  readonly demoSecret: string | undefined
}

export interface Secrets {
  readonly athena: Secret | undefined
  readonly database: DatabaseConfig | undefined
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/** Reads every secret that the settings name; a setting that is not there is nobody's business here. */
export function readSecrets(sources: SecretSources): Secrets {
  const read = new SecretReader(sources)
  const athena = sources.demoSecret === undefined ? read.file('athena.secretFile') : new Secret(sources.demoSecret)
  const [url, ownerUrl] = [read.file('database.urlFile'), read.file('database.ownerUrlFile')]
  read.checkUrl('database.urlFile', url)
  read.checkUrl('database.ownerUrlFile', ownerUrl)
  const plain = read.plainUrl(url ?? ownerUrl)
  const database = plain ?? (url ? { url, ...(ownerUrl && { ownerUrl }) } : undefined)
  return { athena, database, problems: read.problems, warnings: read.warnings }
}

class SecretReader {
  readonly problems: Problem[] = []
  readonly warnings: string[] = []
  readonly #sources: SecretSources

  constructor(sources: SecretSources) {
    this.#sources = sources
  }

  file(setting: string): Secret | undefined {
    const { layers, settings } = this.#sources
    const given = valueAt(layers.tree, setting.split('.'))
    if (typeof given !== 'string' || !given) return undefined
    const path = layers.pathOf(setting.split('.'), given)
    const origin = layers.originOf(setting.split('.')) ?? ''
    const strict = settings.environment === 'production'
    const orKey = setting === 'athena.secretFile'
    const reading = readSecretFile({ setting, origin, given, path, strict, orKey })
    if (reading.secret === undefined) this.problems.push(reading.problem)
    else if (reading.warning !== undefined) this.warnings.push(reading.warning)
    return reading.secret
  }

  /** DATABASE_URL as hosting platforms set it: one login for everything, in the open. */
  plainUrl(fromFile: Secret | undefined): DatabaseConfig | undefined {
    const { env, demoSecret } = this.#sources
    const instead =
      'Use DATABASE_URL_FILE and DATABASE_OWNER_URL_FILE, with a login each for the runtime and for migrations.'
    if (env.DATABASE_OWNER_URL) {
      this.problems.push({ path: 'DATABASE_OWNER_URL', what: 'would hold a password in the open.', remedy: instead })
    }
    const text = env.DATABASE_URL
    if (!text) return undefined
    if (demoSecret !== undefined) {
      this.warnings.push('DATABASE_URL is not used: the demo brings its own database.')
      return undefined
    }
    if (fromFile) {
      const remedy = 'Unset DATABASE_URL.'
      this.problems.push({ path: 'DATABASE_URL', what: 'is set beside the files with database URLs.', remedy })
      return undefined
    }
    this.warnings.push(
      `DATABASE_URL stands in the environment, where others can read it, and serves as owner and runtime login alike. ${instead}`,
    )
    const url = new Secret(text)
    this.checkUrl('DATABASE_URL', url)
    return { url, ownerUrl: url }
  }

  checkUrl(path: string, url: Secret | undefined): void {
    if (!url) return
    try {
      clientConfig({ url: url.reveal() })
    } catch (error) {
      const origin = this.#sources.layers.originOf(path.split('.'))
      this.problems.push({ path, ...(origin !== undefined && { origin }), ...explainUrl(error) })
    }
  }
}

function explainUrl(error: unknown): Pick<Problem, 'what' | 'remedy'> {
  const insecure = isAegisError(error, 'db.insecure-url')
  return insecure
    ? {
        what: 'would send data over the network unencrypted or unverified.',
        remedy: 'Add sslmode=verify-full to the URL (with sslrootcert=<file> for a private authority).',
      }
    : {
        what: 'holds no URL of a PostgreSQL database.',
        remedy:
          'Write postgres://user:password@host:5432/database?sslmode=verify-full (and a certificate that exists).',
      }
}
