import type { Limiter } from '../limits/limiter.ts'
import type { SimulatorSettings } from '../server/options.ts'
import { Apps } from './apps.ts'
import { UsedAssertions } from './client-assertion.ts'
import { tokenMint, usualAudiences, type Oauth } from './oauth.ts'
import { SigningKey } from './signing-key.ts'
import { TokenStore } from './token-store.ts'

export interface OauthSurroundings {
  readonly limiter: Limiter
  /** Base URL of the simulator; known once it listens. */
  readonly url: () => string
  /** The machine's time, ms. */
  readonly realTime: () => number
}

/** The authorization server of a simulator with its apps. Throws TypeError or RangeError for apps that make no sense. */
export function createOauth(settings: SimulatorSettings, { limiter, url, realTime }: OauthSurroundings): Oauth {
  const { encoding, quirks, jwksHosts, tokenFormat, throttle, expiresIn, scopeForms } = settings
  const apps = new Apps({ encoding, quirks, jwksHosts, realTime })
  for (const app of settings.apps) apps.add(app)
  const signingKey = new SigningKey()
  return {
    apps,
    tokens: new TokenStore(tokenMint({ format: tokenFormat, signingKey, url })),
    signingKey,
    assertions: {
      audiences: () => settings.assertionAudiences ?? usualAudiences(url()),
      lifetimeMaxS: settings.assertionLifetimeMaxS,
      algorithms: settings.assertionAlgorithms,
    },
    used: new UsedAssertions(),
    limiter,
    throttle,
    lifetimeS: settings.tokenLifetimeS,
    expiresIn,
    scopeForms,
  }
}
