import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { isAegisError } from '../errors/aegis-error.ts'
import { isAllowedAddress } from './allowed-address.ts'
import { checkedUrl, type EgressRule, egressRule } from './egress-rule.ts'
import { socketOpener } from './open-socket.ts'

const rules: [string, Parameters<typeof egressRule>[0], EgressRule][] = [
  [
    'athenahealth itself is on the internet',
    { environment: 'preview' },
    { origin: 'https://api.preview.platform.athenahealth.com', reach: 'public' },
  ],
  [
    'a simulator is on this machine',
    { environment: 'local', baseUrl: 'http://localhost:9100' },
    { origin: 'http://localhost:9100', reach: 'loopback' },
  ],
  [
    'a gateway that the operator names may be anywhere',
    { environment: 'preview', baseUrl: 'https://gateway.example', allowedHosts: ['gateway.example'] },
    { origin: 'https://gateway.example', reach: 'any' },
  ],
]
for (const [title, options, rule] of rules) {
  test(title, () => assert.deepEqual(egressRule(options), rule))
}

const rule: EgressRule = { origin: 'https://api.platform.athenahealth.com', reach: 'public' }
/** User and password before the host. */
function withUser(origin: string): string {
  return `${origin.replace('//', '//user:secret@')}/v1/1/patients`
}

const refused = [
  'https://api.platform.athenahealth.com.evil.example/v1/1/patients',
  'https://api.platform.athenahealth.com:8443/v1/1/patients',
  'http://api.platform.athenahealth.com/v1/1/patients',
  'https://api.platform.athenahealth.com@example.com/v1/1/patients',
  withUser(rule.origin),
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]/v1',
  'https://0x7f.1/v1',
  '//evil.example/v1',
  'javascript:alert(1)',
  '/v1/1/patients?lastname=Marigold',
]
for (const url of refused) {
  test(`nothing leaves for ${url}`, () => {
    assert.throws(
      () => checkedUrl(rule, url),
      (error) => isAegisError(error, 'egress.refused') && !error.message.includes('Marigold'),
    )
  })
}

test('the configured origin is allowed, with any path and query', () => {
  assert.equal(checkedUrl(rule, `${rule.origin}/v1/1/patients?lastname=x`).pathname, '/v1/1/patients')
  assert.equal(checkedUrl(rule, `${rule.origin}:443/v1`).pathname, '/v1')
})

const addresses: [string, boolean, boolean][] = [
  ['93.184.215.14', true, false],
  ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', true, false],
  ['127.0.0.1', false, true],
  ['127.8.9.10', false, true],
  ['::1', false, true],
  ['::ffff:127.0.0.1', false, true],
  ['::ffff:169.254.169.254', false, false],
  ['169.254.169.254', false, false],
  ['10.1.2.3', false, false],
  ['172.31.255.255', false, false],
  ['172.32.0.1', true, false],
  ['192.168.1.1', false, false],
  ['100.64.0.1', false, false],
  ['0.0.0.0', false, false],
  ['::', false, false],
  ['fd00::1', false, false],
  ['fe80::1', false, false],
  ['ff02::1', false, false],
]
for (const [address, onInternet, loopback] of addresses) {
  test(`${address} is ${onInternet ? '' : 'not '}on the internet and ${loopback ? '' : 'not '}this machine`, () => {
    assert.deepEqual(
      [isAllowedAddress(address, 'public'), isAllowedAddress(address, 'loopback'), isAllowedAddress(address, 'any')],
      [onInternet, loopback, true],
    )
  })
}

async function listening(t: TestContext, onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

test('a name that stands for this machine is connected to only where that is meant', async (t) => {
  let arrived = 0
  const port = await listening(t, (socket) => {
    arrived++
    socket.destroy()
  })
  const open = (origin: string, reach: EgressRule['reach']) => socketOpener({ origin, reach }, { connectMs: 1_000 })()
  for (const host of ['localhost', '127.0.0.1', '[::ffff:7f00:1]']) {
    const connecting = open(`http://${host}:${port}`, 'public')
    await assert.rejects(connecting, (error) => isAegisError(error, 'egress.address-refused'))
  }
  assert.equal(arrived, 0)
  for (const reach of ['loopback', 'any'] as const) (await open(`http://127.0.0.1:${port}`, reach)).destroy()
  assert.ok(arrived >= 1)
})

test('where nobody listens, the error is the system’s, from before anything was sent', async (t) => {
  const port = await listening(t, () => undefined)
  const open = socketOpener(
    { origin: `http://127.0.0.1:${port === 1 ? 2 : 1}`, reach: 'loopback' },
    { connectMs: 1_000 },
  )
  await assert.rejects(open(), { syscall: 'connect' })
})

test('TLS is offered from 1.2 on', async (t) => {
  const hello = Promise.withResolvers<Buffer>()
  const port = await listening(t, (socket) => {
    socket.once('data', (bytes) => {
      hello.resolve(bytes)
      socket.destroy()
    })
  })
  await assert.rejects(socketOpener({ origin: `https://localhost:${port}`, reach: 'loopback' }, { connectMs: 1_000 })())
  assert.deepEqual(offeredVersions(await hello.promise), [0x0304, 0x0303])
})

/** The extension supported_versions of a ClientHello (RFC 8446, 4.1.2 and 4.2.1). */
function offeredVersions(record: Buffer): number[] {
  let at = 5 + 4 + 2 + 32
  at += 1 + record.readUInt8(at)
  at += 2 + record.readUInt16BE(at)
  at += 1 + record.readUInt8(at)
  for (at += 2; at < record.length; at += 4 + record.readUInt16BE(at + 2)) {
    if (record.readUInt16BE(at) !== 43) continue
    const count = record.readUInt8(at + 4) / 2
    return Array.from({ length: count }, (_, index) => record.readUInt16BE(at + 5 + 2 * index))
  }
  return []
}
