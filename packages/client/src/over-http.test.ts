import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testServer } from '../testing/test-server.ts'
import { createAthenaClient } from './athena-client.ts'

const MIB = 1024 * 1024
const fast = { retry: { baseMs: 1 } }

test('a call over a real socket with the runtime’s own fetch', async () => {
  await using server = await testServer((request, response) => {
    assert.equal(request.headers['authorization'], 'Bearer token')
    response.setHeader('content-type', 'application/json; charset=UTF-8')
    response.setHeader('x-ratelimit-remaining', '49998')
    response.end('\n\n{"departments":[{"departmentid":1,"name":"Höhenweg"}]}')
  })
  const { items, meta } = await server.practice().departments.list().fetchPage()
  assert.deepEqual(items, [{ departmentid: '1', name: 'Höhenweg' }])
  assert.equal(meta.rateLimit?.remaining, 49_998)
  assert.ok(meta.serverDate !== undefined)
})

test('a body of 200 MB is not read to its end', async () => {
  const chunk = Buffer.alloc(MIB, 0x20)
  let written = 0
  await using server = await testServer((_, response) => {
    const pump = () => {
      while (written < 200 && !response.destroyed) {
        written += 1
        if (!response.write(chunk)) {
          response.once('drain', pump)
          return
        }
      }
      response.end()
    }
    pump()
  })
  await assert.rejects(server.practice().departments.list().fetchPage(), { code: 'response-too-large' })
  // 16 MiB are taken; what lies in the buffers of two sockets comes on top.
  assert.ok(written < 40, `${written} MiB were taken`)
})

test('a small body that unpacks into a very large one is stopped while it unpacks', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * MIB, 0x20))
  await using server = await testServer((_, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.end(bomb)
  })
  const { departments } = server.practice({ responseBytesMax: MIB })
  await assert.rejects(departments.list().fetchPage(), { code: 'response-too-large' })
  const before = process.memoryUsage().rss
  for (let call = 0; call < 3; call += 1) {
    await assert.rejects(departments.list().fetchPage(), { code: 'response-too-large' })
  }
  assert.ok(process.memoryUsage().rss - before < 100 * MIB)
})

test('what one call may take can be narrowed', async () => {
  await using server = await testServer((_, response) =>
    response.end(`{"departments":[],"pad":"${'x'.repeat(2_000)}"}`),
  )
  const { departments } = server.practice()
  await departments.list().fetchPage()
  await assert.rejects(departments.list({}, { responseBytesMax: 1_000 }).fetchPage(), { code: 'response-too-large' })
})

for (const [title, headers, body, code] of [
  ['text/html that is HTML', { 'content-type': 'text/html' }, Buffer.from('<h1>It works</h1>'), 'malformed-response'],
  ['text/plain that is JSON', { 'content-type': 'text/plain' }, Buffer.from('{"departments":[]}'), 'ok'],
  ['no content type', {}, Buffer.from('{"departments":[]}'), 'ok'],
  [
    'UTF-16',
    { 'content-type': 'application/json' },
    Buffer.from('\uFEFF{"departments":[]}', 'utf16le'),
    'malformed-response',
  ],
  ['a UTF-16 label', { 'content-type': 'application/json; charset=utf-16' }, Buffer.from('{}'), 'malformed-response'],
  [
    'Latin-1',
    { 'content-type': 'text/json;charset=ISO-8859-1' },
    Buffer.from('{"departments":[{"departmentid":"é"}]}', 'latin1'),
    'ok',
  ],
  [
    'a byte that is no UTF-8',
    {},
    Buffer.from([...Buffer.from('{"departments":[{"departmentid":"1","name":"'), 0xe9, 0x22, 0x7d, 0x5d, 0x7d]),
    'ok',
  ],
  ['a byte order mark', {}, Buffer.from('\uFEFF{"departments":[]}'), 'ok'],
] as const) {
  test(`an answer of ${title} is ${code}`, async () => {
    await using server = await testServer((_, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      response.end(body)
    })
    const outcome = await server
      .practice()
      .departments.list()
      .fetchPage()
      .then(
        () => 'ok',
        (error: { code: string }) => error.code,
      )
    assert.equal(outcome, code)
  })
}

test('a redirect is not followed: the token stays', async () => {
  let elsewhere = 0
  await using other = await testServer((_, response) => {
    elsewhere += 1
    response.end('{}')
  })
  await using server = await testServer((_, response) => {
    response.writeHead(302, { location: `${other.baseUrl}/v1/195900/departments` })
    response.end()
  })
  await assert.rejects(server.practice().departments.list().fetchPage(), { code: 'malformed-response', status: 302 })
  assert.equal(elsewhere, 0)
})

test('a read whose connection breaks before or within the answer is repeated', async () => {
  let count = 0
  await using server = await testServer((request, response) => {
    count += 1
    if (count === 1) request.socket.destroy()
    else if (count === 2) {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"departments":[', () => request.socket.destroy())
    } else response.end('{"departments":[{"departmentid":"1"}]}')
  })
  const { items, meta } = await server.practice(fast).departments.list().fetchPage()
  assert.deepEqual([items.length, meta.attempts], [1, 3])
})

test('a drain and a write whose connection breaks are not, and say that they may have been executed', async () => {
  await using server = await testServer((request) => request.socket.destroy())
  const practice = server.practice(fast)
  await assert.rejects(practice.feeds.patients.drainPage({ limit: 1 }), { code: 'network', executed: 'unknown' })
  await assert.rejects(practice.patients.update(1, { status: 'deleted' }), { code: 'network', executed: 'unknown' })
  assert.deepEqual(server.requests, ['GET /v1/195900/patients/changed?limit=1', 'PUT /v1/195900/patients/1'])
})

test('where nobody listens nothing was executed, and a write may be repeated', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  const attempts: number[] = []
  const client = createAthenaClient({
    environment: 'local',
    baseUrl: `http://127.0.0.1:${address.port}`,
    tokenSource: { get: async () => ({ value: 't', generation: 1, expiresAt: Infinity }) },
    hooks: { onAttempt: ({ call }) => attempts.push(call.attempt) },
    ...fast,
  })
  const write = client.practice(1).appointments.checkIn(1)
  await assert.rejects(write, { code: 'network', executed: 'no', hint: 'ECONNREFUSED' })
  assert.deepEqual(attempts, [1, 2, 3])
})

test('a caller who gives up frees the connection', async () => {
  const controller = new AbortController()
  let closed: Promise<unknown> = Promise.resolve()
  await using server = await testServer((request) => {
    closed = once(request.socket, 'close')
    controller.abort()
  })
  const call = server.practice().departments.get(1, undefined, { signal: controller.signal })
  await assert.rejects(call, { code: 'aborted' })
  await closed
})

test('forms arrive as forms', async () => {
  const bodies: string[] = []
  await using server = await testServer((request, response) => {
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
    request.setEncoding('utf8').on('data', (text: string) => bodies.push(text))
    request.on('end', () => response.end('[{"appointmentid":"7","patientid":"5"}]'))
  })
  await server.practice().appointments.book(7, { patientid: 5, bookingnote: 'Ü & ?' })
  assert.deepEqual(Object.fromEntries(new URLSearchParams(bodies.join(''))), { patientid: '5', bookingnote: 'Ü & ?' })
})
