import type { AthenaFetch } from '@aegis/client'
import type { Audit } from '../audit/audit.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import type { Secret as ConfiguredSecret } from '../config/secret.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import { createKeyServer, type KeyServer } from '../key-server/key-server.ts'
import { Secret } from '../key-server/secret.ts'
import { openKek } from '../sealing/open-kek.ts'
import type { Ground } from './compose-parts.ts'
import { keyDirectory } from './key-directory.ts'
import type { StopStack } from './stop-stack.ts'

/** The app that the configuration names. */
export function configuredApp({ environment, athena }: Pick<AegisConfig, 'environment' | 'athena'>): AppRef {
  return { environment, clientId: athena.clientId }
}

/** The key server of this process, with the credential that the configuration names, if it names one. */
export async function startKeyServer(
  ground: Ground,
  { audit, fetch }: { audit: Audit; fetch: AthenaFetch },
  stops: StopStack,
): Promise<KeyServer> {
  const { config, db, clock, random, log } = ground
  const kek = await openKek({ db, random }, { directory: keyDirectory(ground), purpose: 'credentials' })
  stops.push(() => kek.close())
  const keyServer = createKeyServer(
    { db, kek, audit, clock, random, log, fetch },
    { requestsPerMinute: { [config.environment]: config.limits.tokensPerMinute } },
  )
  stops.push(() => keyServer.stop())
  const { secret } = config.athena
  if (secret) await offerConfigured(ground, keyServer, secret)
  return keyServer
}

async function offerConfigured({ config, log }: Ground, keyServer: KeyServer, secret: ConfiguredSecret): Promise<void> {
  const material = Secret.fromBytes(Buffer.from(secret.reveal(), 'utf8'))
  const result = await keyServer.offerCredential(configuredApp(config), { material, origin: 'configuration' })
  if (result === 'spent') log.warn('key-server.configured-secret-spent')
  else if (result !== 'unchanged') log.info('key-server.configured-secret-taken', { result })
}
