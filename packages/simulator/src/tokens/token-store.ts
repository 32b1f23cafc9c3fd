import { randomBytes } from 'node:crypto'
import type { RegisteredApp } from './apps.ts'

/** Expired tokens are forgotten once this many are kept, so that a long run does not grow. */
const keptMax = 10_000

interface Issued {
  readonly app: RegisteredApp
  readonly expiresAt: number
}

/** Access tokens in circulation. An app may hold any number at a time; a new one does not end the others. */
export class TokenStore {
  readonly #issued = new Map<string, Issued>()

  /** A new opaque token (28 characters, as recorded) that opens the API until `expiresAt` (virtual epoch ms). */
  issue(app: RegisteredApp, expiresAt: number): string {
    if (this.#issued.size >= keptMax) this.#forgetOldest()
    const token = randomBytes(21).toString('base64url')
    this.#issued.set(token, { app, expiresAt })
    return token
  }

  /** The token's app, or why it opens nothing. */
  look(token: string, now: number): RegisteredApp | 'unknown' | 'expired' {
    const issued = this.#issued.get(token)
    if (issued === undefined) return 'unknown'
    return now < issued.expiresAt ? issued.app : 'expired'
  }

  /** Ends every token of an app, or all tokens. */
  revoke(app?: RegisteredApp): void {
    for (const [token, issued] of this.#issued) {
      if (app === undefined || issued.app === app) this.#issued.delete(token)
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
