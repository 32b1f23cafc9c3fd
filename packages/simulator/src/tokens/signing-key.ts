import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

interface KeyPair {
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** The authorization server's own key. It is made when first needed, which takes a moment, and anew at every start. */
export class SigningKey {
  #pair: KeyPair | undefined

  /** A JWT of these claims, signed with RS256 as Okta signs. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const { kid, privateKey } = this.#have()
    const data = `${encoded({ kid, alg: 'RS256' })}.${encoded(claims)}`
    return `${data}.${sign('sha256', Buffer.from(data), privateKey).toString('base64url')}`
  }

  /** The public key as `/oauth2/v1/keys` shows it. */
  jwks(): { readonly keys: readonly object[] } {
    const { kid, publicKey } = this.#have()
    const { kty, n, e } = publicKey.export({ format: 'jwk' })
    return { keys: [{ kty, alg: 'RS256', kid, use: 'sig', e, n }] }
  }

  #have(): KeyPair {
    this.#pair ??= { kid: 'simulator-1', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
    return this.#pair
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
