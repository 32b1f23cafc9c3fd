import { expiryMs, inDays } from './credential-alarms.ts'
import type { Alarm, CertificateStatus } from './status-report.ts'

/** `afterwards`: the remedy once it has ended, where that is another one. */
const told: Readonly<
  Record<CertificateStatus['of'], { name: string; after: string; remedy: string; afterwards?: string }>
> = {
  certificate: {
    name: 'certificate of keyServer.certFile',
    after: 'no token goes this way',
    remedy:
      'Have your authority make a new one, and put it and its key in the place of these: they are taken up by themselves.',
  },
  authority: {
    name: "authority's certificate of keyServer.caFile",
    after: 'no token goes this way',
    remedy:
      'Make a new authority, let keyServer.caFile of both sides hold both for a while, and have the certificates made by the new one.',
  },
  'vault-authority': {
    name: "authority's certificate of vault.caFile",
    after: 'the vault is not believed any more',
    remedy:
      'Put the certificate of the next authority beside it into the file, before the vault gets one of its making.',
    afterwards: "Put the certificate of the authority that the vault's certificate is from now into the file.",
  },
}

/** That a certificate with which key server, users and vault know each other ends soon, or has ended (pure). */
export function certificateAlarms(certificates: readonly CertificateStatus[]): Alarm[] {
  return certificates
    .filter(({ leftMs }) => leftMs <= expiryMs.warning)
    .map(({ of, leftMs }) => {
      const { name, after, remedy, afterwards = remedy } = told[of]
      const code = leftMs > 0 ? 'key-server.certificate-expiring' : 'key-server.certificate-expired'
      const level = leftMs > expiryMs.error ? 'warning' : 'error'
      const when = leftMs > 0 ? `expires in ${inDays(leftMs)}; then ${after}` : `has expired: ${after}`
      return { level, code, message: `The ${name} ${when}.`, remedy: leftMs > 0 ? remedy : afterwards }
    })
}
