import { AthenaError } from '../athena-error.ts'
import type { Environment } from '../environment.ts'
import { checkPrivateKey, type PrivateKeyCredential } from './private-key.ts'

/** What proves to athenahealth that a token is asked for by the app it is for: a secret, or a key of the app's own. */
export type Credential = SecretCredential | PrivateKeyCredential

/**
 * An app's client id and secret. `secret` may be a function, so that the secret need not be held between uses; a line
 * break at its end, as files have it, is left off.
 */
export interface SecretCredential {
  readonly clientId: string
  readonly secret: string | (() => Promise<string>)
  /**
   * Where the secret travels: in the `Authorization` header (`client_secret_basic`, the default and what athenahealth
   * documents) or in the form (`client_secret_post`, which its metadata lists too).
   */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post'
  /** The environment the app was made in; if named, it must be the client's. */
  readonly environment?: Environment
}

/** Whether the credential is a private key and not a secret. */
export function hasPrivateKey(credential: Credential): credential is PrivateKeyCredential {
  return 'privateKey' in credential && credential.privateKey !== undefined
}

/**
 * Refuses a credential that cannot be meant, before anything is sent: `invalid-argument`, with what to do and never the
 * secret or key; `environment` when it was made for another one than `environment`.
 */
export function checkCredential(credential: Credential, environment: Environment): void {
  const { clientId } = credential
  if (credential.environment !== undefined && credential.environment !== environment) {
    throw new AthenaError('environment', {
      hint: `the credential is for ${credential.environment}, not ${environment}`,
    })
  }
  if (typeof clientId !== 'string' || clientId === '') throw invalid('clientId', 'a credential has a clientId')
  const secret: unknown = 'secret' in credential ? credential.secret : undefined
  if (hasPrivateKey(credential)) {
    if (secret !== undefined) throw invalid('credential', 'give a secret or a privateKey, not both')
    checkPrivateKey(credential)
    return
  }
  if (secret === undefined || secret === '') throw invalid('secret', 'a credential has a secret or a privateKey')
  checkAuthMethod(credential.authMethod)
}

function checkAuthMethod(method: string | undefined): void {
  if (method === undefined || method === 'client_secret_basic' || method === 'client_secret_post') return
  throw invalid('authMethod', 'authMethod is client_secret_basic or client_secret_post')
}

function invalid(field: string, hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: [field], hint })
}
