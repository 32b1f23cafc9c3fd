import { AthenaError } from '../athena-error.ts'

/** What other forms of PEM are called, and what to do with them. */
const others: readonly (readonly [label: string, hint: string])[] = [
  ['ENCRYPTED PRIVATE KEY', 'the PEM is encrypted; decrypt it first (openssl pkcs8 -in KEY -nocrypt -topk8)'],
  ['RSA PRIVATE KEY', 'the PEM is PKCS#1; turn it into PKCS#8 (openssl pkcs8 -topk8 -nocrypt -in KEY)'],
  ['EC PRIVATE KEY', 'the PEM is SEC1; turn it into PKCS#8 (openssl pkcs8 -topk8 -nocrypt -in KEY)'],
  ['PUBLIC KEY', 'this is the public half of the key; give the private one'],
  ['CERTIFICATE', 'this is a certificate; give the private key'],
]

/**
 * The DER bytes of a PKCS#8 private key in PEM (RFC 7468). `invalid-argument` for anything else, saying what it is and
 * never what is in it.
 */
export function readPkcs8(pem: string): Uint8Array<ArrayBuffer> {
  const match = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(pem)
  const base64 = match?.[1]?.replace(/\s+/g, '')
  if (base64 === undefined) {
    const other = others.find(([label]) => pem.includes(`BEGIN ${label}`))
    throw wrongKey(other?.[1] ?? 'give a JWK, a PKCS#8 key as PEM text (BEGIN PRIVATE KEY), or a function that signs')
  }
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    throw wrongKey('the PEM is damaged: what is in it is no base64')
  }
}

/** DER of the object identifiers a PKCS#8 key begins with (RFC 8017, RFC 5480), in hex, and the kind of key they mean. */
const identifiers: readonly (readonly [hex: string, kind: string])[] = [
  ['06092a864886f70d010101', 'RSA'],
  ['06072a8648ce3d020106082a8648ce3d030107', 'P-256'],
  ['06072a8648ce3d020106052b81040022', 'P-384'],
  ['06072a8648ce3d020106052b81040023', 'P-521'],
]

/** The kind of a PKCS#8 key: `RSA`, or the name of its curve. `invalid-argument` for any other. */
export function algorithmOfDer(der: Uint8Array): string {
  // The identifiers stand within the first 30 bytes: two lengths and the version come before them.
  const head = Array.from(der.subarray(0, 40), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const found = identifiers.find(([hex]) => head.includes(hex))
  if (!found) throw wrongKey('the PEM holds no RSA key and no EC key on P-256, P-384 or P-521')
  return found[1]
}

function wrongKey(hint: string): AthenaError {
  return new AthenaError('invalid-argument', { invalidFields: ['privateKey'], hint })
}
