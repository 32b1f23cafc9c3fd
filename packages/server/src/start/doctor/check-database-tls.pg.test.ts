/** What the doctor says of a database's TLS: a real PostgreSQL with certificates, and what it cannot be made to be at once. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { chownSync, mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { CuttableWay } from '../../../testing/cuttable-way.ts'
import { silentLog } from '../../../testing/memory-log.ts'
import { testAuthority } from '../../../testing/test-certificates.ts'
import { systemClock } from '../../clock/clock.ts'
import { clusterPaths } from '../../db/cluster.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../db/embedded-postgres.ts'
import { AegisError } from '../../errors/aegis-error.ts'
import { databaseFailure } from './check-database.ts'
import { examine } from './examine.ts'
import type { Finding } from './finding.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-tls-'))
/** Their own names are beside the loopback's address: "localhost" is another one. */
const [authority, ended] = [testAuthority(), testAuthority('ended', '260101')]
const identity = authority.identity('database.example')

const file = (name: string, content: string) => {
  const path = join(folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}
const caFile = file('ca.pem', authority.ca)
const strangersFile = file('stranger.pem', testAuthority('stranger').ca)
const endedFile = file('ended.pem', ended.ca)
const secretFile = file('secret', 'a-secret-of-the-clinic-app\n')

let cluster: EmbeddedPostgres
let socketFile: string
let port: number

const startsMax = 5

/** PostgreSQL takes no 0: a port is drawn that the system gives to nobody by itself, and another one where it is taken. */
before(async () => {
  for (let tries = 1; ; tries += 1) {
    port = randomInt(20_000, 32_768)
    try {
      return await startOn(port)
    } catch (error) {
      if (tries >= startsMax) throw error
    }
  }
})

async function startOn(port: number): Promise<void> {
  const where = { dataDir: join(folder, 'home', 'postgres'), runDir: join(folder, 'run') }
  // The embedded server is reached by the socket of a port that would be taken where a PostgreSQL runs already.
  const { socketDir, user } = clusterPaths(where)
  socketFile = join(socketDir, '.s.PGSQL.5432')
  rmSync(socketFile, { force: true })
  symlinkSync(`.s.PGSQL.${port}`, socketFile)
  const [certificate, key] = [file('server.pem', identity.cert), file('server.key', identity.key)]
  const { uid, gid } = user.ids ?? statSync(key)
  for (const path of [certificate, key]) chownSync(path, uid, gid)
  const listening = { port: String(port), listen_addresses: '127.0.0.1' }
  const settings = { ...listening, ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }
  cluster = await startEmbedded({ ...where, log: silentLog, clock: systemClock, settings })
}
after(async () => {
  unlinkSync(socketFile)
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What the doctor says of the database behind a way to it. */
async function told(to: { host: string; port: number; sslrootcert?: string }): Promise<readonly Finding[]> {
  const { password } = new URL(cluster.ownerUrl)
  const authorityOf = to.sslrootcert === undefined ? '' : `&sslrootcert=${encodeURIComponent(to.sslrootcert)}`
  const url = `postgres://aegis_owner:${password}@${to.host}:${to.port}/aegis?sslmode=verify-full${authorityOf}`
  const urlFile = file('url', `${url}\n`)
  const athena = { clientId: 'clinic-app', secretFile, baseUrl: 'http://127.0.0.1:1' }
  const database = { urlFile, ownerUrlFile: urlFile }
  const settings = { environment: 'local', practices: [1], home: join(folder, 'aegis'), athena, database }
  const configFile = file('aegis.yaml', JSON.stringify({ ...settings, policy: { offHours: 'always' } }))
  const { findings } = await examine({ env: {}, cwd: folder, argvOverrides: { configFile } })
  assert.ok(!JSON.stringify(findings).includes(password), 'no secret in what is said')
  return findings.filter(({ area }) => area === 'database')
}

test('a database whose certificate is verified is told as such', async () => {
  const findings = await told({ host: '127.0.0.1', port, sslrootcert: caFile })
  const tls = findings.filter(({ check }) => check === 'tls')
  assert.deepEqual(
    tls.map(({ level, message }) => [level, message]),
    [['ok', 'Encrypted and verified (TLSv1.3)']],
  )
})

/** A server that answers PostgreSQL's request for TLS, and says no more when it has it. */
async function tlsListener(context: { after(work: () => Promise<void>): void }, options: TlsOptions): Promise<number> {
  const inside = createTlsServer(options)
  inside.on('tlsClientError', () => undefined)
  inside.on('secureConnection', (socket) => socket.destroy())
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write('S')
      inside.emit('connection', socket)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  context.after(async () => void (await new Promise((resolve) => server.close(resolve))))
  return (server.address() as AddressInfo).port
}

type Context = Parameters<typeof tlsListener>[0]
interface Broken {
  readonly what: string
  /** The way to it; the real one by default. */
  readonly port?: (context: Context) => Promise<number>
  readonly host?: string
  readonly sslrootcert?: string
  readonly says: RegExp
  readonly remedy: RegExp
}

const broken: readonly Broken[] = [
  {
    what: 'a certificate of an authority that Node does not know',
    says: /^The database server's certificate is of an authority that is not trusted here \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\.$/,
    remedy: /sslrootcert=<file>/,
  },
  {
    what: 'a certificate of another authority than the one named',
    sslrootcert: strangersFile,
    says: /authority that is not trusted here \([A-Z_]+\)\.$/,
    remedy: /sslrootcert=<file>/,
  },
  {
    what: 'a certificate for another name',
    host: 'localhost',
    sslrootcert: caFile,
    says: /certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)\.$/,
    remedy: /host in the URL that stands in its certificate/,
  },
  {
    what: 'a certificate that has expired',
    port: (context) => tlsListener(context, ended.identity('database.example')),
    sslrootcert: endedFile,
    says: /certificate, or its authority's, is not valid today \(CERT_HAS_EXPIRED\)\.$/,
    remedy: /^Renew it .* clock/,
  },
  {
    what: 'a server that speaks TLS 1.1 only',
    port: (context) =>
      tlsListener(context, {
        ...identity,
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    sslrootcert: caFile,
    says: /do not agree on a version of TLS \(ERR_SSL_[A-Z0-9_]+\)\.$/,
    remedy: /TLSv1\.2/,
  },
  {
    what: 'a server that demands a certificate of ours',
    port: (context) =>
      tlsListener(context, { ...identity, maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: true }),
    sslrootcert: caFile,
    says: /^The TLS handshake with the database server failed \(ERR_SSL_[A-Z0-9_/]+\)\.$/,
    remedy: /server's log/,
  },
  {
    what: 'a server without TLS',
    // On its socket PostgreSQL takes none.
    port: async (context) => {
      const way = await CuttableWay.open({ path: socketFile })
      context.after(() => way.close())
      return way.port
    },
    sslrootcert: caFile,
    says: /takes no TLS, and the URL asks for it \(no TLS\)\.$/,
    remedy: /ssl = on/,
  },
]

describe('is told with what to do about it', () => {
  for (const { what, host = '127.0.0.1', port: way, sslrootcert, says, remedy } of broken) {
    test(what, async (context) => {
      const to = { host, port: way ? await way(context) : port }
      const findings = await told({ ...to, ...(sslrootcert !== undefined && { sslrootcert }) })
      assert.deepEqual(
        findings.map(({ level, check }) => [level, check]),
        [['failure', 'tls']],
      )
      assert.match(findings[0]?.message ?? '', says)
      assert.match(findings[0]?.remedy ?? '', remedy)
    })
  }
})

test('what the server says of our certificate is not said of its own', () => {
  const reason = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'
  const { message } = databaseFailure(new AegisError('db.unavailable', { reason }))
  assert.equal(message, `The TLS handshake with the database server failed (${reason}).`)
})
