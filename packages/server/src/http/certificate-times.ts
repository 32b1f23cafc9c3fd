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
  return [
    { of: 'certificate', ...timesOf(new X509Certificate(cert)) },
    { of: 'authority', ...timesOf(lastingLongest(ca)) },
  ]
}

function timesOf({ validFromDate, validToDate }: X509Certificate) {
  return { validFrom: validFromDate.getTime(), expiresAt: validToDate.getTime() }
}

/** While an authority is replaced its file holds two. */
function lastingLongest(pem: string): X509Certificate {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [pem]
  const [first, ...more] = found.map((each) => new X509Certificate(each))
  if (!first) return new X509Certificate(pem)
  return more.reduce((one, other) => (other.validToDate > one.validToDate ? other : one), first)
}
