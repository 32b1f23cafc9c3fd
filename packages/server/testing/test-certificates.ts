import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { TlsIdentity } from '../src/http/http-app.ts'

/*
 * Just enough of X.509 (RFC 5280) for tests: Node can read and check certificates and cannot make them. An authority, and
 * certificates of it with a common name, DNS names and the loopback address, all on P-256.
 */

/** An authority of a test. */
export interface TestAuthority {
  /** Its certificate, PEM. */
  readonly ca: string
  /** What a process with this name proves itself with. */
  identity(name: string, dnsNames?: readonly string[], uris?: readonly string[]): TlsIdentity
}

let serial = 1

/** Makes an authority; two of them do not know each other. `until`: its last day, YYMMDD. */
export function testAuthority(name = 'test authority', until = '491231'): TestAuthority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ca = certificate({ subject: name, issuer: name, publicKey, extensions: [isAuthority], until }, privateKey)
  return {
    ca,
    identity(subject, dnsNames = [subject], uris = []) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const extensions = dnsNames.length > 0 ? [alternativeNames(dnsNames, uris)] : []
      const cert = certificate(
        { subject, issuer: name, publicKey: own.publicKey, extensions, until: '491231' },
        privateKey,
      )
      return { cert, key: String(own.privateKey.export({ type: 'pkcs8', format: 'pem' })), ca }
    },
  }
}

const sequence = 0x30
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'))
const ecdsaWithSha256 = tlv(sequence, oid('2a8648ce3d040302'))
const isAuthority = tlv(
  sequence,
  oid('551d13'),
  tlv(0x01, Buffer.from([0xff])),
  tlv(0x04, tlv(sequence, tlv(0x01, Buffer.from([0xff])))),
)

function alternativeNames(dnsNames: readonly string[], uris: readonly string[]): Buffer {
  const dns = dnsNames.map((name) => tlv(0x82, Buffer.from(name)))
  const names = [...uris.map((uri) => tlv(0x86, Buffer.from(uri))), ...dns]
  return tlv(sequence, oid('551d11'), tlv(0x04, tlv(sequence, ...names, tlv(0x87, Buffer.from([127, 0, 0, 1])))))
}

function nameOf(common: string): Buffer {
  return tlv(sequence, tlv(0x31, tlv(sequence, oid('550403'), tlv(0x0c, Buffer.from(common)))))
}

function certificate(
  of: { subject: string; issuer: string; publicKey: KeyObject; extensions: readonly Buffer[]; until: string },
  issuerKey: KeyObject,
): string {
  serial += 1
  const times = ['250101000000Z', `${of.until}235959Z`].map((time) => tlv(0x17, Buffer.from(time)))
  const toBeSigned = tlv(
    sequence,
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1, serial >> 8, serial & 0xff])),
    ecdsaWithSha256,
    nameOf(of.issuer),
    tlv(sequence, ...times),
    nameOf(of.subject),
    of.publicKey.export({ type: 'spki', format: 'der' }),
    ...(of.extensions.length > 0 ? [tlv(0xa3, tlv(sequence, ...of.extensions))] : []),
  )
  const signature = sign('sha256', toBeSigned, issuerKey)
  const whole = tlv(sequence, toBeSigned, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** Tag, length, value (DER). */
function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  const { length } = value
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), value])
}
