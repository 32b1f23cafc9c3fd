import { readFile } from 'node:fs/promises'
import { type AthenaClientOptions, type AthenaPractice, createAthenaClient } from '@aegis/client'

/*
 * How the examples reach athenahealth. Settings come from the environment, secrets from files:
 *
 *   ATHENA_ENVIRONMENT   preview, production, or local (the default): a simulator on this machine
 *   ATHENA_BASE_URL      default: http://127.0.0.1:9100 if local, else athenahealth's own address
 *   ATHENA_CLIENT_ID     default: demo-client, which every simulator knows
 *   ATHENA_SECRET_FILE   a file that only you can read, with the secret alone on one line
 *   ATHENA_PRACTICE      default: 195900, athenahealth's preview practice and the simulator's
 */
const { env } = process

/** The settings as options of a client. An example spreads them and adds what it is about. */
export function settings(): AthenaClientOptions {
  const environment = readEnvironment(env['ATHENA_ENVIRONMENT'])
  const baseUrl = env['ATHENA_BASE_URL'] ?? (environment === 'local' ? 'http://127.0.0.1:9100' : undefined)
  return {
    environment,
    ...(baseUrl !== undefined && { baseUrl }),
    credential: { clientId: env['ATHENA_CLIENT_ID'] ?? 'demo-client', secret: readSecret },
  }
}

/** The practice that an example works in. */
export function connect(options: Partial<AthenaClientOptions> = {}): AthenaPractice {
  return createAthenaClient({ ...settings(), ...options }).practice(practiceId())
}

export function practiceId(): number {
  return Number(env['ATHENA_PRACTICE'] ?? 195900)
}

/** Given as a function, the secret is read anew whenever a token is needed, and is not kept in between. */
async function readSecret(): Promise<string> {
  const file = env['ATHENA_SECRET_FILE']
  return file === undefined ? 'demo-secret' : (await readFile(file, 'utf8')).trim()
}

function readEnvironment(word = 'local'): 'preview' | 'production' | 'local' {
  if (word === 'preview' || word === 'production' || word === 'local') return word
  throw new Error('ATHENA_ENVIRONMENT is preview, production or local')
}
