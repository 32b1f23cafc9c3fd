import type { AthenaFetch, TokenSource } from '@aegis/client'
import type { Audit } from '../audit/audit.ts'
import type { RefusalCounter } from '../audit/refusal-counter.ts'
import type { AegisConfig } from '../config/aegis-config.ts'
import { systemClock } from '../clock/clock.ts'
import type { StandingError } from '../errors/standing-error.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import { createKeyServer, type KeyServer } from '../key-server/key-server.ts'
import { keyServerLink } from '../key-server/key-server-link.ts'
import { RemoteTokenSource } from '../key-server/remote-token-source.ts'
import type { KeyServerConfig } from '../config/read-key-server.ts'
import { certificateTimes } from '../http/certificate-times.ts'
import type { CertificateStatus } from '../ops/status-report.ts'
import { createTokenBroker } from '../key-server/token-broker.ts'
import type { OwnFacts } from '../ops/own-alarms.ts'
import { openKek } from '../sealing/open-kek.ts'
import type { Ground } from './compose-parts.ts'
import { type FollowedVault, followVault } from './follow-vault.ts'
import { type FollowedFiles, type FollowFilesDeps, followKeyServerFiles } from './follow-key-server-files.ts'
import { keyDirectory } from './key-directory.ts'
import { offerConfigured } from './offer-configured.ts'
import { type ServeDeps, serveTokens } from './serve-tokens.ts'
import { renewLink } from './renew-link.ts'
import { repeatedly } from './repeatedly.ts'
import type { StopStack } from './stop-stack.ts'

/** The app that the configuration names. */
export function configuredApp({ environment, athena }: Pick<AegisConfig, 'environment' | 'athena'>): AppRef {
  return { environment, clientId: athena.clientId }
}

/** Where this process gets tokens, and the credentials if it has them. */
export interface Keys extends Pick<OwnFacts, 'standing' | 'certificates' | 'vaultLogin'> {
  readonly tokenSource: TokenSource
  /** Undefined where another process has the credentials. */
  readonly keyServer: KeyServer | undefined
}

/** Users of a key server look at it also while nobody wants a token, ms of the machine's time. */
const lookEveryMs = 4_000

/** Starts the key server of this process, and lets others have tokens if it is told to; or links up with another one. */
export async function startKeys(
  ground: Ground,
  { audit, refusals, fetch }: { audit: Audit; refusals: RefusalCounter; fetch: AthenaFetch },
  stops: StopStack,
): Promise<Keys> {
  const { config, clock, log } = ground
  const { athena, environment, keyServer: where } = config
  const app = configuredApp(config)
  const used = { config: where }
  const ofTheWay = () => certificatesLeft(used.config)
  if (where.at) {
    const link = keyServerLink(where.at)
    stops.push(() => link.close())
    const wish = { ...app, scope: athena.scope, practices: [...config.practices] }
    const tokenSource = new RemoteTokenSource({ link, clock, log }, wish)
    stops.push(repeatedly({ clock: systemClock, afterMs: () => lookEveryMs }, () => tokenSource.look()))
    const files = followFiles(ground, { used, use: renewLink(link, where.at), stops })
    const standing = () => present([tokenSource.standing(), files?.standing()])
    return { tokenSource, keyServer: undefined, standing, certificates: ofTheWay, vaultLogin: () => null }
  }
  const { keyServer, vault } = await startKeyServer(ground, { audit, fetch }, stops)
  const place = { environment, baseUrl: athena.baseUrl, allowedHosts: athena.allowedHosts }
  const source = (scope: string) => keyServer.tokenSource({ ...place, credential: app, scope })
  const options = { app, scopeDefault: athena.scope }
  const brokerOf: ServeDeps['brokerOf'] = (grants) =>
    createTokenBroker({ audit, refusals, clock, source }, { ...options, grants })
  const listeners = await serveTokens({ brokerOf, refusals, log, random: ground.random }, where)
  stops.push(() => listeners.stop())
  const files = followFiles(ground, { used, use: (changed) => listeners.use(changed), stops })
  const standing = () => present([vault?.standing(), files?.standing()])
  const certificates = () => [...ofTheWay(), ...(vault?.status().certificates ?? [])]
  const vaultLogin = () => vault?.status().login ?? null
  return { tokenSource: source(athena.scope), keyServer, standing, certificates, vaultLogin }
}

interface UsedKeyServer {
  config: KeyServerConfig
}

/** Notes what was taken into use. */
function noting(used: UsedKeyServer, use: FollowFilesDeps['use']): FollowFilesDeps['use'] {
  return async (config) => {
    const isNew = await use(config)
    used.config = config
    return isNew
  }
}

/** For how long the certificates of a place last, by the machine's clock, as both sides judge them. */
function certificatesLeft({ at, listen }: KeyServerConfig): CertificateStatus[] {
  const place = at ?? listen
  if (!place || !('tls' in place)) return []
  const now = systemClock.now()
  return certificateTimes(place.tls).map(({ of, expiresAt }) => ({ of, leftMs: expiresAt - now }))
}

/** Keeps what other processes and this one prove themselves with, and who may have what, as their files say. */
function followFiles(
  { config, log }: Ground,
  { used, use, stops }: { used: UsedKeyServer; use: FollowFilesDeps['use']; stops: StopStack },
): FollowedFiles | undefined {
  const { rereadKeyServer: reread } = config
  if (!reread) return undefined
  const inUse = () => used.config
  const followed = followKeyServerFiles({ reread, inUse, use: noting(used, use), clock: systemClock, log })
  stops.push(() => followed.stop())
  return followed
}

function present(standing: readonly (StandingError | undefined)[]): StandingError[] {
  return standing.filter((each) => each !== undefined)
}

/** The key server of this process, with the credential that the configuration names, if it names one. */
async function startKeyServer(
  ground: Ground,
  { audit, fetch }: { audit: Audit; fetch: AthenaFetch },
  stops: StopStack,
): Promise<{ keyServer: KeyServer; vault: FollowedVault | undefined }> {
  const { config, db, clock, random, log } = ground
  const kek = await openKek({ db, random }, { directory: keyDirectory(ground), purpose: 'credentials' })
  stops.push(() => kek.close())
  const keyServer = createKeyServer(
    { db, kek, audit, clock, random, log, fetch },
    { requestsPerMinute: { [config.environment]: config.limits.tokensPerMinute } },
  )
  stops.push(() => keyServer.stop())
  const { secret } = config.athena
  if (secret) await offerConfigured({ keyServer, log }, configuredApp(config), secret)
  if (!config.vault) return { keyServer, vault: undefined }
  // Its time is the machine's, like the vault's.
  const vault = await followVault({ keyServer, clock: systemClock, log }, configuredApp(config), config.vault)
  stops.push(() => vault.stop())
  return { keyServer, vault }
}
