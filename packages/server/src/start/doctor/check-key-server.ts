import { X509Certificate } from 'node:crypto'
import { lstatSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../clock/clock.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import type { TokensServedAt } from '../../config/read-key-server.ts'
import { systemCode } from '../../config/system-code.ts'
import { type CertificateTimes, certificateTimes } from '../../http/certificate-times.ts'
import type { TlsIdentity } from '../../http/http-app.ts'
import { type Finding, reporter } from './finding.ts'

const report = reporter('key-server')

const DAY_MS = 86_400_000
/** Whoever renews by hand needs some days. */
const CERTIFICATE_DAYS = 14
const CONNECT_MS = 3_000

/** What a process of this installation proves itself with, and whom it believes: for how long yet (pure). */
export function judgeIdentity(tls: TlsIdentity, now: number): readonly Finding[] {
  return certificateTimes(tls).map((times) => judgeCertificate(times, now))
}

const certificates = {
  certificate: {
    name: 'certificate of keyServer.certFile',
    remedy: 'Have your authority make a new one, and put it and its key in the place of these.',
  },
  authority: {
    name: "authority's certificate of keyServer.caFile",
    remedy: 'Make a new authority, and have the certificates of both sides made by it: each side needs the new file.',
  },
}

function judgeCertificate({ of, validFrom, expiresAt }: CertificateTimes, now: number): Finding {
  const { name, remedy } = certificates[of]
  const days = Math.floor((expiresAt - now) / DAY_MS)
  if (expiresAt <= now)
    return report.failure(of, `The ${name} expired on ${dayOf(expiresAt)}: nobody accepts it.`, remedy)
  if (validFrom > now) {
    const later = "Check this machine's clock; else have it made with an earlier begin."
    return report.failure(of, `The ${name} is valid from ${dayOf(validFrom)} only.`, later)
  }
  if (days < CERTIFICATE_DAYS) return report.warning(of, `The ${name} expires in ${days} days.`, remedy)
  return report.ok(of, `The ${name} is valid for ${days} days`)
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/**
 * What other processes of the installation meet here: the certificate and its authority, or the directory of the sockets;
 * and, where an instance runs, whether it really listens there.
 */
export async function checkListener(
  { keyServer }: Pick<AegisConfig, 'keyServer'>,
  {
    isRunning,
    clock = systemClock,
    us = process.getuid?.(),
  }: { isRunning: boolean; clock?: Clock; us?: number | undefined },
): Promise<readonly Finding[]> {
  const { listen, services } = keyServer
  if (!listen) return []
  if ('directory' in listen) {
    const found = judgeDirectory(listen.directory, us)
    const sockets = isRunning ? await checkSockets(listen.directory, Object.keys(services)) : []
    return [found, ...sockets]
  }
  const findings = judgeIdentity(listen.tls, clock.now())
  const usable = findings.every(({ level }) => level !== 'failure')
  return isRunning && usable && listen.port !== 0 ? [...findings, await checkPort(listen)] : findings
}

const OTHERS = 0o007
const GROUP_WRITES = 0o020
const GROUP_ENTERS = 0o010
const SET_GROUP = 0o2000

/** Who may reach the sockets is who gets tokens: nobody but the owner and the group of their directory. */
function judgeDirectory(path: string, us: number | undefined): Finding {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) {
    const remedy = `Run: install -d -m 2750 -g GROUP ${path}, as the user that runs Aegis, with the group of the services.`
    return report.failure('socket-directory', `${path}, the directory of the sockets, is not there.`, remedy)
  }
  if (us !== undefined && stat.uid !== us && stat.uid !== 0) {
    const message = `${path}, the directory of the sockets, belongs to another user (${stat.uid}), who could put others in their place.`
    return report.failure('socket-directory', message, `Run as root: chown ${us} ${path}`)
  }
  const mend = `Run: chmod 2750 ${path}`
  if (stat.mode & OTHERS) {
    return report.failure('socket-directory', `Everybody on this machine can get at the sockets in ${path}.`, mend)
  }
  if (stat.mode & GROUP_WRITES) {
    return report.failure('socket-directory', `The group of ${path} can put other sockets in their place.`, mend)
  }
  if (!(stat.mode & GROUP_ENTERS)) return report.ok('socket-directory', `${path} is for this user alone`)
  if (!(stat.mode & SET_GROUP)) {
    const message = `Sockets made in ${path} do not get its group, so that the services may not be able to open them.`
    return report.warning('socket-directory', message, mend)
  }
  return report.ok('socket-directory', `${path} is for this user and the group ${stat.gid}`)
}

async function checkSockets(directory: string, services: readonly string[]): Promise<Finding[]> {
  const found = await Promise.all(services.map((service) => checkSocket(join(directory, `${service}.sock`))))
  const bad = found.filter((finding) => finding !== undefined)
  return bad.length > 0 ? bad : [report.ok('listens', `There is a socket that answers for each of ${services.length}`)]
}

const restart = 'Start the instance of this home again, and look at its log if it does not come up.'

async function checkSocket(path: string): Promise<Finding | undefined> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat?.isSocket()) return report.failure('listens', `${path} is no socket: nobody listens there.`, restart)
  if (stat.mode & OTHERS) {
    return report.failure('socket', `Everybody who gets into its directory can open ${path}.`, `Run: chmod 660 ${path}`)
  }
  const answer = await reach((done) => connect(path, done))
  return answer === 'open' ? undefined : report.failure('listens', `Nobody listens at ${path} (${answer}).`, restart)
}

/** Whether the one who listens shows the certificate that stands in the file: with a service's eyes, up to the hand-shake. */
async function checkPort(listen: Extract<TokensServedAt, { host: string }>): Promise<Finding> {
  const { host, port, tls } = listen
  // What it listens at on all interfaces is reached on its own.
  const at = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  let shown: string | undefined
  const answer = await reach((done) => {
    // Whether the name in the certificate is the one that services use is seen from where they are.
    const options = { host: at, port, ...tls, minVersion: 'TLSv1.2', checkServerIdentity: () => undefined } as const
    const socket = connectTls(options, () => {
      shown = socket.getPeerX509Certificate()?.fingerprint256
      done()
    })
    return socket
  })
  const place = `${host}:${port}`
  if (answer !== 'open') {
    const code = `${place} does not take a connection with the certificates of this configuration (${answer}).`
    return report.failure('listens', code, restart)
  }
  if (shown !== new X509Certificate(tls.cert).fingerprint256) {
    return report.failure('listens', `${place} shows another certificate than that of keyServer.certFile.`, restart)
  }
  return report.ok('listens', `${place} answers with the certificate of keyServer.certFile`)
}

/** Opens a connection and closes it: `open`, or the system's word for why not. */
function reach(open: (done: () => void) => ReturnType<typeof connect>): Promise<string> {
  return new Promise((resolve) => {
    const end = (answer: string) => {
      timer.cancel()
      socket.destroy()
      resolve(answer)
    }
    const timer = systemClock.timer(CONNECT_MS, () => end('no answer'))
    const socket = open(() => end('open'))
    socket.once('error', (error) => end(systemCode(error)))
  })
}
