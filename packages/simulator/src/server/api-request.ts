import type { IssuedToken, TokenStore } from '../tokens/token-store.ts'

/** Path of a call of the API: the practice's id, and what follows it. */
export const apiPath = /^\/v1\/(\d{1,15})(\/.*)$/

/** The token that a request brings, or why it brings none that is good at `at`. */
export function bearer(
  tokens: TokenStore,
  authorization: string | undefined,
  at: number,
): IssuedToken | 'absent' | 'unknown' | 'expired' {
  if (authorization === undefined) return 'absent'
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
  return token === undefined ? 'unknown' : tokens.look(token, at)
}
