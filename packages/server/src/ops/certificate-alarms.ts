import { expiryMs, inDays } from './credential-alarms.ts'
import type { Alarm, CertificateStatus } from './status-report.ts'

const names: Readonly<Record<CertificateStatus['of'], string>> = {
  certificate: 'certificate of keyServer.certFile',
  authority: "authority's certificate of keyServer.caFile",
}

const remedies: Readonly<Record<CertificateStatus['of'], string>> = {
  certificate:
    'Have your authority make a new one, and put it and its key in the place of these: they are taken up by themselves.',
  authority:
    'Make a new authority, let keyServer.caFile of both sides hold both for a while, and have the certificates made by the new one.',
}

/** That a certificate with which key server and users know each other ends soon, or has ended (pure). */
export function certificateAlarms(certificates: readonly CertificateStatus[]): Alarm[] {
  return certificates
    .filter(({ leftMs }) => leftMs <= expiryMs.warning)
    .map(({ of, leftMs }) => {
      const code = leftMs > 0 ? 'key-server.certificate-expiring' : 'key-server.certificate-expired'
      const level = leftMs > expiryMs.error ? 'warning' : 'error'
      const when =
        leftMs > 0 ? `expires in ${inDays(leftMs)}; then no token goes this way` : 'has expired: nobody accepts it'
      return { level, code, message: `The ${names[of]} ${when}.`, remedy: remedies[of] }
    })
}
