import type { Failure } from './judge-response.ts'

/**
 * Codes of errors that happen before a request's first byte can have left: names, connections, certificates. No route to the
 * host (EHOSTUNREACH, ENETDOWN) is none of them: a connection that stands can lose it while the answer is awaited. Where it
 * is met while connecting, the error's `syscall` says so.
 */
const NEVER_SENT =
  /^(ENOTFOUND|EAI_[A-Z]+|ECONNREFUSED|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_[A-Z_]+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|ERR_TLS_(CERT_ALTNAME_INVALID|HANDSHAKE_TIMEOUT))$/

/** Codes of errors of the network at any time. */
const NETWORK = /^(E[A-Z]{3,}|EAI_[A-Z]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|ERR_(TLS|SSL|HTTP2|STREAM)_[A-Z_]+)$/

/** How far to follow `cause`: undici wraps once, proxies and agents once more. */
const CAUSES_MAX = 5

/**
 * What a rejected `fetch` means: a failure, or undefined when the error is none of the network's and belongs to whoever
 * threw it. The original error is not kept, because some implementations write the whole URL into its message.
 */
export function judgeTransportError(error: unknown): Failure | undefined {
  const chain = causes(error)
  const codes = chain.map(codeOf).filter((code) => code !== undefined)
  const code = codes.find((name) => NEVER_SENT.test(name)) ?? codes.find((name) => NETWORK.test(name))
  const fromFetch = chain.some((link) => link instanceof TypeError || link instanceof DOMException)
  if (code === undefined && !fromFetch) return undefined
  const connecting = chain.some(
    (link) => member(link, 'syscall') === 'connect' || member(link, 'syscall') === 'getaddrinfo',
  )
  const neverSent = connecting || (code !== undefined && NEVER_SENT.test(code))
  const cause = new Error(code ?? 'the connection failed')
  cause.name = 'TransportError'
  return { code: 'network', executed: neverSent ? 'no' : 'unknown', hint: code ?? 'no error code', cause }
}

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = []
  for (let link = error; link !== undefined && link !== null && chain.length < CAUSES_MAX; link = next(link))
    chain.push(link)
  return chain
}

function next(link: unknown): unknown {
  // Several addresses were tried: they failed alike, the first stands for all.
  const errors = member(link, 'errors')
  return Array.isArray(errors) ? errors[0] : member(link, 'cause')
}

function codeOf(link: unknown): string | undefined {
  const code = member(link, 'code')
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : undefined
}

function member(link: unknown, name: string): unknown {
  return typeof link === 'object' && link !== null && name in link ? Reflect.get(link, name) : undefined
}
