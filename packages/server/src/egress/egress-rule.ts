import { type BaseUrlOptions, resolveBaseUrl } from '@aegis/client'
import { AegisError } from '../errors/aegis-error.ts'

/** Which addresses a name may stand for: any of the internet, this machine's own, or whatever the operator says. */
export type Reach = 'public' | 'loopback' | 'any'

/** The one place requests may go to. */
export interface EgressRule {
  /** Scheme, host and port. */
  readonly origin: string
  readonly reach: Reach
}

/**
 * The rule for a base URL that belongs to its environment; else the client's `environment` error. A host that the
 * operator allowed by name may be anywhere; athenahealth's own must be on the internet, and loopback must be loopback,
 * whatever a name server says.
 */
export function egressRule(options: BaseUrlOptions): EgressRule {
  const { origin, host, hostname } = new URL(resolveBaseUrl(options))
  const allowed = options.allowedHosts?.some((name) => [host, hostname].includes(name.toLowerCase())) ?? false
  if (allowed) return { origin, reach: 'any' }
  return { origin, reach: options.environment === 'local' ? 'loopback' : 'public' }
}

/** Parses a URL that is about to be requested; `egress.refused` for any other place, without naming the URL. */
export function checkedUrl(rule: EgressRule, url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || parsed.origin !== rule.origin || parsed.username || parsed.password) {
    throw new AegisError('egress.refused', { allowed: rule.origin })
  }
  return parsed
}
