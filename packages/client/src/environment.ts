import { AthenaError } from './athena-error.ts'

/** Where a call goes. Always named, because a credential belongs to one environment and must never reach the other. */
export type Environment = 'preview' | 'production' | 'local'

/** athenahealth's hosts (docs.athenahealth.com, "Environments", read 2026-11). */
const hosts = {
  preview: 'api.preview.platform.athenahealth.com',
  production: 'api.platform.athenahealth.com',
} as const

/** Of the client's options, those that decide where calls go. */
export interface BaseUrlOptions {
  readonly environment: Environment
  readonly baseUrl?: string
  readonly allowedHosts?: readonly string[]
}

/**
 * The base URL without a trailing slash, if it belongs to the environment; else an `environment` error before any I/O.
 * Preview and production: athenahealth's host of that environment over https, or an allowed host (a gateway) over https.
 * Local: loopback, or an allowed host. athenahealth's own hosts can never be allowed into another environment.
 */
export function resolveBaseUrl(options: BaseUrlOptions): string {
  const { environment, baseUrl } = options
  if (!['preview', 'production', 'local'].includes(environment)) {
    throw refusal('environment must be preview, production or local')
  }
  if (baseUrl === undefined) {
    if (environment === 'local') throw refusal('environment local needs a baseUrl')
    return `https://${hosts[environment]}`
  }
  const url = parse(baseUrl)
  checkHost(url, options)
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function parse(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw refusal('baseUrl must be an http(s) URL')
  if (url.username || url.password || url.search || url.hash) {
    throw refusal('baseUrl must not carry a user, a query or a fragment')
  }
  return url
}

function checkHost(url: URL, options: BaseUrlOptions): void {
  const { environment, allowedHosts = [] } = options
  const host = url.hostname.toLowerCase().replace(/\.$/, '')
  const owner = Object.entries(hosts).find(([, name]) => name === host)?.[0]
  if (owner !== undefined) {
    checkOwnHost(url, owner, environment)
    return
  }
  const allowed = allowedHosts.some((name) => [host, url.host].includes(name.toLowerCase()))
  if (!allowed && !(environment === 'local' && isLoopback(host))) {
    throw refusal('its host is not one of this environment; name it in allowedHosts if it is yours')
  }
  if (url.protocol !== 'https:' && environment !== 'local') throw refusal(HTTPS_ONLY)
}

const HTTPS_ONLY = 'only https leaves for preview and production'

function checkOwnHost(url: URL, owner: string, environment: Environment): void {
  if (owner !== environment) throw refusal(`this is athenahealth's ${owner} host and the environment is ${environment}`)
  if (url.protocol !== 'https:') throw refusal(HTTPS_ONLY)
  if (url.port !== '') throw refusal("athenahealth's hosts are reached on port 443 only")
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function refusal(hint: string): AthenaError {
  return new AthenaError('environment', { hint })
}
