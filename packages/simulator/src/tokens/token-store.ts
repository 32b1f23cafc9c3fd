import type { RegisteredApp } from './apps.ts'
import type { ApiReach } from './scopes.ts'

/** Expired tokens are forgotten once this many are kept, so that a long run does not grow. */
const keptMax = 10_000

/** An access token in circulation, without its value. */
export interface IssuedToken {
  readonly app: RegisteredApp
  readonly scopes: readonly string[]
  /** What of the v1 API it opens. */
  readonly reach: ApiReach
  /** Virtual epoch ms. */
  readonly issuedAt: number
  /** Virtual epoch ms. */
  readonly expiresAt: number
}

/** Access tokens in circulation. An app may hold any number at a time; a new one does not end the others. */
export class TokenStore {
  readonly #issued = new Map<string, IssuedToken>()
  readonly #mint: (token: IssuedToken) => string

  /** `mint` makes the value of a token; no two may be the same. */
  constructor(mint: (token: IssuedToken) => string) {
    this.#mint = mint
  }

  /** Issues a token and returns its value. */
  issue(token: IssuedToken): string {
    if (this.#issued.size >= keptMax) this.#forgetOldest()
    const value = this.#mint(token)
    this.#issued.set(value, token)
    return value
  }

  /** The token of this value, or why it opens nothing. */
  look(value: string, now: number): IssuedToken | 'unknown' | 'expired' {
    const issued = this.#issued.get(value)
    if (issued === undefined) return 'unknown'
    return now < issued.expiresAt ? issued : 'expired'
  }

  /** Ends one token; nothing happens when there is none of this value. */
  end(value: string): void {
    this.#issued.delete(value)
  }

  /** Ends every token of an app, or all tokens. */
  revoke(clientId?: string): void {
    for (const [value, issued] of this.#issued) {
      if (clientId === undefined || issued.app.clientId === clientId) this.#issued.delete(value)
    }
  }

  #forgetOldest(): void {
    let toForget = keptMax / 2
    for (const token of this.#issued.keys()) {
      if (toForget === 0) return
      this.#issued.delete(token)
      toForget -= 1
    }
  }
}
