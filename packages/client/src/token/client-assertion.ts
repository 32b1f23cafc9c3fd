import { randomId } from '../random.ts'
import { makeSigner, type PrivateKeyCredential } from './private-key.ts'

/**
 * How long an assertion is good for. SMART Backend Services allows at most five minutes; half of that leaves clocks room
 * to differ either way.
 */
const LIFE_SECONDS = 150

export interface AssertionInput {
  readonly credential: PrivateKeyCredential
  /** The URL the token is asked at. */
  readonly tokenUrl: string
  /** Epoch ms. */
  readonly now: number
}

/**
 * A new assertion (RFC 7523, section 3): `iss` and `sub` are the client id, `aud` the credential's audience or the token
 * URL, `exp` two and a half minutes from now, `jti` never used before. There is no `iat`: it is optional, and a server
 * whose clock is behind ours would refuse it. To be used once.
 */
export async function makeAssertion({ credential, tokenUrl, now }: AssertionInput): Promise<string> {
  const { clientId, audience = tokenUrl } = credential
  const { alg, kid, sign } = await makeSigner(credential)
  const header = { alg, kid, typ: 'JWT' }
  const exp = Math.floor(now / 1000) + LIFE_SECONDS
  const claims = { iss: clientId, sub: clientId, aud: audience, exp, jti: randomId() }
  const encoder = new TextEncoder()
  const parts = [header, claims].map((part) => toBase64Url(encoder.encode(JSON.stringify(part))))
  const input = parts.join('.')
  return `${input}.${toBase64Url(await sign(encoder.encode(input)))}`
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
