import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls'
import { type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { silentLog } from '../../../testing/memory-log.ts'
import { type TestAuthority, testAuthority } from '../../../testing/test-certificates.ts'
import { systemClock } from '../../clock/clock.ts'
import { systemRandom } from '../../clock/random.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { Secret } from '../../config/secret.ts'
import { AegisError } from '../../errors/aegis-error.ts'
import type { CredentialInfo } from '../../key-server/list-credentials.ts'
import { StopStack } from '../stop-stack.ts'
import { type Asker, bareAsker } from './ask-athenahealth.ts'
import { checkAccess, checkConnection, credentialFindings } from './check-athenahealth.ts'

type TestContext = { after(work: () => Promise<void> | void): void }

const secret = 'a-secret-of-the-clinic-app'
const apps = [{ clientId: 'clinic-app', secret, practices: [195900] }]

/** What of a configuration the checks look at. */
function configured(
  baseUrl: string,
  changes: Partial<AegisConfig> & { secret?: string; scope?: string } = {},
): AegisConfig {
  const { secret: given = secret, scope = 'athena/service/Athenanet.MDP.*', ...others } = changes
  const athena = { clientId: 'clinic-app', secret: new Secret(given), baseUrl, scope, allowedHosts: [] }
  const limits = { perSecond: 50, perDay: 1_000, tokensPerMinute: 5 }
  // Nothing else of it is read here.
  return { environment: 'local', practices: [195900], clock: 'system', athena, limits, ...others } as AegisConfig
}

async function simulated(context: TestContext, options: SimulatorOptions = {}): Promise<string> {
  const practices = [195900, 195901].map((id) => ({ id, patients: 5 }))
  const simulator = await startSimulator({
    seed: 7,
    practices,
    apps,
    limits: 'production',
    startAt: Date.now(),
    ...options,
  })
  context.after(() => simulator.stop())
  return simulator.url
}

async function served(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(async () => {
    server.close()
    if ('closeAllConnections' in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

/** Levels and checks of what is not well, and all that was said. */
async function access(context: TestContext, config: AegisConfig) {
  const stops = new StopStack()
  context.after(() => stops.run())
  const { secret: given } = config.athena
  assert.ok(given)
  const ground = { config, clock: systemClock, random: systemRandom, log: silentLog }
  const asker = bareAsker({ ...ground, content: Buffer.from(given.reveal()), noteRequest: () => undefined }, stops)
  const findings = await checkAccess(asker, config)
  assert.ok(!JSON.stringify(findings).includes(secret), 'no secret in what is said')
  const bad = findings.filter(({ level }) => level !== 'ok')
  return {
    findings,
    bad: bad.map(({ level, check }) => `${level} ${check}`),
    said: bad.map(({ message }) => message).join('\n'),
  }
}

test('a credential that opens every practice is well', async (context) => {
  const { findings, bad } = await access(context, configured(await simulated(context)))
  assert.deepEqual(bad, [])
  assert.deepEqual(
    findings.map(({ check }) => check),
    ['credential', 'practice', 'clock'],
  )
})

test('calls are as far apart as the limit of a second asks for, also where that is no whole number', async (context) => {
  const baseUrl = await simulated(context)
  for (const [perSecond, leastMs] of [
    [50, 20],
    [1.5, 1_000],
    [0.5, 2_000],
  ] as const) {
    const slept: number[] = []
    // Deadlines are of sleeps that can be ended.
    const sleep: typeof systemClock.sleep = async (ms, signal) =>
      signal ? systemClock.sleep(ms, signal) : void slept.push(ms)
    const clock = { ...systemClock, sleep }
    const config = configured(baseUrl, { limits: { perSecond, perDay: 1_000, tokensPerMinute: 5 } })
    const stops = new StopStack()
    context.after(() => stops.run())
    const ground = { config, clock, random: systemRandom, log: silentLog, noteRequest: () => undefined }
    await bareAsker({ ...ground, content: Buffer.from(secret) }, stops).practice(195900)
    assert.ok(slept.length >= 2 && Math.min(...slept) > leastMs, `${perSecond} a second: ${slept.join(', ')} ms`)
  }
})

test('a private key in the file is used as one', async (context) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const names = { kid: 'ours', alg: 'ES256' }
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), ...names }] }
  const url = await simulated(context, { apps: [{ clientId: 'clinic-app', jwks, practices: [195900] }] })
  const key = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...names })
  assert.deepEqual((await access(context, configured(url, { secret: key }))).bad, [])
})

interface Broken {
  readonly what: string
  readonly simulator?: SimulatorOptions
  readonly config?: Parameters<typeof configured>[1]
  readonly bad: readonly string[]
  readonly says: RegExp
}

const broken: readonly Broken[] = [
  {
    what: 'another secret',
    config: { secret: 'another-secret-than-that-one' },
    bad: ['failure credential', 'skipped practice'],
    says: /athenahealth refuses the credential/,
  },
  {
    what: 'a scope that the app was not granted',
    config: { scope: 'athena/service/Somethingelse.MDP.*' },
    bad: ['failure scope', 'skipped practice'],
    says: /does not grant the app the scope "athena\/service\/Somethingelse/,
  },
  {
    what: 'a practice that the app may not see, beside one that it may',
    config: { practices: [195900, 195901] },
    bad: ['failure practice'],
    says: /no access to this practice \(practice: 195901/,
  },
  {
    what: 'a practice that does not exist',
    config: { practices: [42, 195900] },
    bad: ['failure practice'],
    says: /knows no such practice \(practice: 42/,
  },
  {
    what: 'a clock that is three hours off',
    simulator: { startAt: Date.now() - 3 * 3_600_000 },
    bad: ['failure clock'],
    says: /more than 2 seconds apart/,
  },
]

for (const { what, simulator, config, bad, says } of broken) {
  test(`${what} is told`, async (context) => {
    const url = await simulated(context, simulator)
    const found = await access(context, configured(url, config))
    assert.deepEqual(found.bad, bad)
    assert.match(found.said, says)
  })
}

test('where no answer told the time, the clock is said not to be known', async (context) => {
  const silent = createServer((_, response) => {
    response.sendDate = false
    response.writeHead(503).end('down')
  })
  for (const url of [`http://127.0.0.1:${await served(context, silent)}`, 'http://127.0.0.1:1']) {
    const { bad, said } = await access(context, configured(url))
    assert.deepEqual(bad, ['failure credential', 'skipped practice', 'skipped clock'], url)
    assert.match(said, /clock stands is not known/)
  }
})

const tokens: readonly [what: string, token: Asker['token'], bad: readonly string[], said: RegExp][] = [
  ['one that is at hand', async () => 'at-hand', [], /A token is there/],
  ['one of a key server elsewhere', async () => 'handed-out', [], /whether the credential still gets a new one/],
  [
    'none, and no turn to ask for one',
    () => Promise.reject(new AegisError('key-server.token-unavailable', { reason: 'requests-per-minute' })),
    ['warning credential', 'skipped practice'],
    /There is no token[\s\S]*requests-per-minute/,
  ],
  [
    'none, since what is stored does not open',
    () => {
      const cause = new AegisError('sealing.unreadable')
      return Promise.reject(new AegisError('key-server.token-unavailable', { reason: cause.code }, { cause }))
    },
    ['failure credential', 'skipped practice'],
    /sealing\.unreadable/,
  ],
]
for (const [what, token, bad, said] of tokens) {
  test(`of tokens, ${what}: that is told`, async () => {
    const asker = { counted: true, token, practice: () => Promise.resolve(), skewMs: () => 0 }
    const findings = await checkAccess(asker, configured('http://127.0.0.1:1'))
    const told = findings.filter(({ level }) => level !== 'ok').map(({ level, check }) => `${level} ${check}`)
    assert.deepEqual(told, bad)
    assert.match(findings.map(({ message }) => message).join('\n'), said)
  })
}

const day = 86_400_000
const at: CredentialInfo = { number: 1, kind: 'secret', origin: 'operator', state: 'live', next: true, addedAt: 0 }
const stored: readonly [what: string, credentials: readonly CredentialInfo[], told: string | undefined][] = [
  ['that is live', [at], undefined],
  ['that ends in a year', [{ ...at, expiresAt: 365 * day }], undefined],
  ['that ends in a week', [{ ...at, expiresAt: 7 * day }], 'warning key-server.credential-expiring'],
  ['that ends tomorrow', [{ ...at, expiresAt: day }], 'failure key-server.credential-expiring'],
  ['that has expired', [{ ...at, state: 'expired' }], 'failure key-server.credential-expired'],
  ['that is still to begin', [{ ...at, state: 'waiting', usedFrom: day }], 'failure key-server.credential-waiting'],
  ['that was revoked', [{ ...at, state: 'revoked' }], 'failure key-server.credential-missing'],
  ['that is refused', [{ ...at, state: 'refused' }], 'failure key-server.credential-refused'],
  [
    'that is refused beside one that serves',
    [
      { ...at, state: 'refused' },
      { ...at, number: 2 },
    ],
    'warning key-server.credential-refused',
  ],
]
for (const [what, credentials, told] of stored) {
  test(`a stored credential ${what} is told as ${told ?? 'nothing'}`, () => {
    const found = credentialFindings(credentials, 0)
    const shown = found.map(({ level, message }) => `${level} ${/\((key-server\.[a-z-]+)\)/.exec(message)?.[1]}`)
    assert.deepEqual(shown, told === undefined ? [] : [told])
  })
}

test('more practices than are asked for are said to be left', async (context) => {
  const ids = Array.from({ length: 23 }, (_, index) => 195900 + index)
  const url = await simulated(context, {
    practices: ids.map((id) => ({ id, patients: 1 })),
    apps: [{ clientId: 'clinic-app', secret, practices: ids }],
  })
  const { bad, said } = await access(context, configured(url, { practices: ids }))
  assert.deepEqual(bad, ['skipped practice'])
  assert.match(said, /^3 more practices were not asked for/)
})

const answers: readonly [what: string, listener: RequestListener, level: string, says: RegExp][] = [
  [
    'a page of some proxy',
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>'),
    'failure credential',
    /does not answer as athenahealth's does/,
  ],
  [
    'the gateway’s page for an app that is switched off',
    (_, response) => void response.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Developer Inactive</h1>'),
    'failure credential',
    /athenahealth refuses the credential/,
  ],
  [
    'a token endpoint that has enough',
    (_, response) => void response.writeHead(429, { 'content-type': 'application/json' }).end('{}'),
    'warning credential',
    /throttled/,
  ],
  [
    'a server in trouble',
    (_, response) => void response.writeHead(503).end('down'),
    'failure credential',
    /does not answer/,
  ],
]
for (const [what, listener, level, says] of answers) {
  test(`${what} at the base URL is told`, async (context) => {
    const port = await served(context, createServer(listener))
    const { bad, said } = await access(context, configured(`http://127.0.0.1:${port}`))
    assert.equal(bad[0], level)
    assert.match(said, says)
  })
}

test('a host that takes no connections is told', async () => {
  const finding = await checkConnection(configured('http://127.0.0.1:1'), systemClock)
  assert.deepEqual([finding.level, finding.check], ['failure', 'connection'])
  assert.match(finding.message, /cannot be reached \(ECONNREFUSED\)/)
})

test('a simulator takes connections without TLS', async (context) => {
  const finding = await checkConnection(configured(await simulated(context)), systemClock)
  assert.deepEqual([finding.level, /without TLS/.test(finding.message)], ['ok', true])
})

test('a certificate that ends within two weeks is a warning', async (context) => {
  const authority = testAuthority()
  const known = getCACertificates('default')
  setDefaultCACertificates([...known, authority.ca])
  context.after(() => setDefaultCACertificates(known))
  const { key, cert } = authority.identity('athenahealth.example') // until the end of 2049
  const port = await served(context, createTlsServer({ key, cert }))
  const finding = (day: string) => {
    const clock = { ...systemClock, now: () => Date.parse(`${day}T12:00:00Z`) }
    return checkConnection(configured(`https://127.0.0.1:${port}`), clock)
  }
  const early = await finding('2049-12-17')
  assert.equal(early.level, 'ok')
  assert.match(early.message, /over TLSv1\.\d, certificate for 14 days$/)
  const late = await finding('2049-12-18')
  assert.deepEqual([late.level, late.check], ['warning', 'connection'])
  assert.match(late.message, /ends in 13 days\.$/)
  assert.match(late.remedy ?? '', /renew/)
})

const [own, ended, stranger] = [testAuthority(), testAuthority('ended', '260101'), testAuthority('stranger')]
/** Without the authority's certificate, which nobody sends along. */
const ofAuthority = (authority: TestAuthority) => {
  const { key, cert } = authority.identity('athenahealth.example')
  return { key, cert }
}
/** Old versions are refused by OpenSSL itself unless it is told to be lenient. */
const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

/** Of those who ask for one; with TLS 1.3 it is refused only after the handshake. */
const demanding = { requestCert: true, rejectUnauthorized: true } as const

const handshakes: readonly [what: string, tls: TlsOptions | undefined, host: string, says: RegExp, remedy: RegExp][] = [
  [
    'a certificate of nobody’s',
    ofAuthority(stranger),
    '127.0.0.1',
    /certificate of .* is not accepted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  [
    'a certificate that has expired',
    ofAuthority(ended),
    '127.0.0.1',
    /certificate of .* is not accepted \(CERT_HAS_EXPIRED\)/,
    /NODE_EXTRA_CA_CERTS/,
  ],
  [
    'a certificate for another name',
    ofAuthority(own),
    'localhost',
    /certificate of .* is not accepted \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    /athena\.baseUrl/,
  ],
  [
    'TLS 1.1',
    { ...ofAuthority(own), ...old },
    '127.0.0.1',
    /does not speak TLS 1\.2 or newer \(ERR_SSL_[A-Z0-9_]+\)/,
    /http where https is meant/,
  ],
  [
    'no TLS',
    undefined,
    '127.0.0.1',
    /does not speak TLS 1\.2 or newer \(ERR_SSL_[A-Z0-9_]+\)/,
    /http where https is meant/,
  ],
  [
    'a demand for a certificate of ours',
    { ...ofAuthority(own), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ...demanding },
    '127.0.0.1',
    /TLS handshake with .* failed \(ERR_SSL_[A-Z0-9_/]+\)/,
    /proxy/,
  ],
]
for (const [what, tls, host, says, remedy] of handshakes) {
  test(`${what} at the base URL is a failure`, async (context) => {
    const known = getCACertificates('default')
    setDefaultCACertificates([...known, own.ca, ended.ca])
    context.after(() => setDefaultCACertificates(known))
    const port = await served(context, tls ? createTlsServer(tls) : createServer())
    const finding = await checkConnection(configured(`https://${host}:${port}`), systemClock)
    assert.deepEqual([finding.level, finding.check], ['failure', 'connection'])
    assert.match(finding.message, says)
    assert.match(finding.remedy ?? '', remedy)
  })
}
