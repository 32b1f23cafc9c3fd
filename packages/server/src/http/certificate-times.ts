import { X509Certificate } from 'node:crypto'
import type { TlsIdentity } from './http-app.ts'

/** From when until when a certificate is accepted, epoch ms. */
export interface CertificateTimes {
  /** Of this side, or of the authority that both sides believe. */
  readonly of: 'certificate' | 'authority'
  readonly validFrom: number
  readonly expiresAt: number
}

/** What a process proves itself with, and whom it believes: for how long (pure). */
export function certificateTimes({ cert, ca }: TlsIdentity): CertificateTimes[] {
  // What leads on to the authority stands behind a certificate.
  const [own = new X509Certificate(cert), ...between] = certificatesIn(cert)
  return [
    { of: 'certificate', ...timesOf(own) },
    { of: 'authority', ...timesOf(authorityOf([own, ...between], certificatesIn(ca)) ?? new X509Certificate(ca)) },
  ]
}

/** Until when the authority of a file (PEM) serves that issued a certificate of this chain, epoch ms (pure). */
export function authorityExpiry(chain: readonly X509Certificate[], ca: string): number {
  return timesOf(authorityOf(chain, certificatesIn(ca)) ?? new X509Certificate(ca)).expiresAt
}

function timesOf({ validFromDate, validToDate }: X509Certificate) {
  return { validFrom: validFromDate.getTime(), expiresAt: validToDate.getTime() }
}

function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return found.map((each) => new X509Certificate(each))
}

/**
 * While an authority is replaced its file holds two: the one that counts is that of our own certificate, which is of use no
 * longer than that one lasts. Of several with one key, or where it is none of them, the one that lasts longest.
 */
function authorityOf(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  const issued = (authority: X509Certificate) =>
    chain.some((each) => each.checkIssued(authority) && each.verify(authority.publicKey))
  const ours = authorities.filter(issued)
  return (ours.length > 0 ? ours : authorities).toSorted((one, other) => +other.validToDate - +one.validToDate)[0]
}
