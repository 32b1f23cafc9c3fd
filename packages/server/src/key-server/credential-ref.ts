import type { Environment } from '@aegis/client'

/** Names a credential. It belongs to one environment; the same client id elsewhere is another credential. */
export interface CredentialRef {
  readonly environment: Environment
  readonly clientId: string
}

/** A token is for one app, at one host, with one scope. */
export interface TokenKey extends CredentialRef {
  readonly baseUrl: string
  readonly scope: string
}
