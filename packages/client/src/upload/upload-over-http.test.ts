import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { once } from 'node:events'
import { testServer } from '../../testing/test-server.ts'
import { type AthenaClientOptions, createAthenaClient } from '../athena-client.ts'
import type { AthenaRequestInit } from '../athena-call.ts'
import { fileContent } from '../node.ts'
import type { AthenaPractice } from '../resources/athena-practice.ts'
import { content, type FileValue } from './content.ts'

const MIB = 1024 * 1024
const small = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 31) % 256)

/** What arrived, read to its end. */
async function received(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

interface Arrived {
  readonly headers: IncomingMessage['headers']
  readonly form: FormData
}

/** A server that takes uploads; `answer` may refuse before or after the body was read. */
async function uploadServer(answer: (response: ServerResponse, count: number) => void = done) {
  const arrived: Arrived[] = []
  const server = await testServer((request, response) => {
    const { headers } = request
    received(request)
      .then(async (body) => {
        const type = headers['content-type'] ?? ''
        const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
        arrived.push({ headers, form })
        answer(response, arrived.length)
      })
      .catch(() => request.destroy())
  })
  return { server, arrived }
}

function done(response: ServerResponse): void {
  response.end('{"documentid":"117707"}')
}

function upload(practice: AthenaPractice, attachmentcontents: FileValue) {
  const form = { attachmentcontents, documentsubclass: 'ADMIN_CONSENT', departmentid: 1 }
  return practice.request('POST /patients/{patientid}/documents', { path: { patientid: 7 }, form })
}

function uploadAdmin(practice: AthenaPractice, attachmentcontents: FileValue) {
  const form = { attachmentcontents, documentsubclass: 'ADMIN_CONSENT', departmentid: 1 }
  return practice.request('POST /patients/{patientid}/documents/admin', { path: { patientid: 7 }, form })
}

async function bytesOf(value: FormDataEntryValue | null): Promise<Buffer> {
  return value instanceof File ? Buffer.from(await value.arrayBuffer()) : Buffer.from(String(value), 'base64')
}

async function* slowly(bytes: Uint8Array, pieceBytes = 1_001): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    // Lets the other side of the socket, which is in this process too, have its turn.
    await setImmediate()
    yield bytes.subarray(at, at + pieceBytes)
  }
}

async function scratchFile(t: TestContext, bytes: Uint8Array): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'aegis-upload-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'scan.pdf')
  await writeFile(path, bytes)
  return path
}

for (const [title, file, length] of [
  ['bytes', () => small, true],
  ['a Blob', () => new Blob([small], { type: 'application/pdf' }), true],
  ['a stream of a known size', () => content(slowly(small), { sizeBytes: small.length }), true],
  ['a stream', () => content(new Blob([small]).stream()), false],
] as const) {
  test(`${title} as a document: multipart, ${length ? 'with its length' : 'in chunks'}`, async () => {
    const { server, arrived } = await uploadServer()
    await using _ = server
    const { value } = await upload(server.practice(), file())
    assert.equal(value.documentid, '117707')
    const [{ headers, form }] = arrived as [Arrived]
    assert.equal(headers['content-length'] !== undefined, length)
    assert.equal(headers['transfer-encoding'], length ? undefined : 'chunked')
    assert.deepEqual(await bytesOf(form.get('attachmentcontents')), Buffer.from(small))
    assert.equal(form.get('departmentid'), '1')
  })
}

test('a class-specific document: base64 in a form', async () => {
  const { server, arrived } = await uploadServer()
  await using _ = server
  await uploadAdmin(server.practice(), content(slowly(small)))
  const [{ headers, form }] = arrived as [Arrived]
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
  assert.deepEqual(await bytesOf(form.get('attachmentcontents')), Buffer.from(small))
})

test('a file is opened when it is sent, and anew when the call is repeated', async (t) => {
  const { server, arrived } = await uploadServer((response, count) => {
    if (count === 1) response.statusCode = 401
    done(response)
  })
  await using _ = server
  await upload(server.practice(), await fileContent(await scratchFile(t, small), { type: 'application/pdf' }))
  assert.equal(arrived.length, 2)
  for (const { headers, form } of arrived) {
    assert.ok(headers['content-length'] !== undefined)
    assert.deepEqual(await bytesOf(form.get('attachmentcontents')), Buffer.from(small))
  }
})

test('a file that is not there, is a folder or is too large is refused before anything is sent', async (t) => {
  const path = await scratchFile(t, new Uint8Array(2_000))
  await assert.rejects(fileContent(`${path}.not`), (error: Error & { code: string; cause: { code: string } }) => {
    assert.deepEqual([error.code, error.cause.code], ['content-unreadable', 'ENOENT'])
    assert.ok(!error.message.includes('scan'))
    return true
  })
  await assert.rejects(fileContent(join(path, '..')), { code: 'content-unreadable' })
  const { server } = await uploadServer()
  await using _ = server
  const large = await fileContent(path, { bytesMax: 1_999 })
  await assert.rejects(upload(server.practice(), large), { code: 'upload-too-large', executed: 'no' })
  assert.deepEqual(server.requests, [])
})

test('a stream that turns out too large ends the request: what arrived is no whole body', async () => {
  const { server, arrived } = await uploadServer()
  await using _ = server
  const practice = server.practice()
  for (const send of [upload, uploadAdmin]) {
    const sent = content(slowly(new Uint8Array(3 * MIB), 100_000), { bytesMax: 2 * MIB })
    await assert.rejects(send(practice, sent), { code: 'upload-too-large', executed: 'unknown' })
  }
  assert.deepEqual([server.requests.length, arrived.length], [2, 0])
})

test('a source that fails ends the request with its own error as the cause', async () => {
  const { server, arrived } = await uploadServer()
  await using _ = server
  const broken = Object.assign(new Error('read error'), { code: 'EIO' })
  async function* failing() {
    yield small
    throw broken
  }
  const sent = content(failing())
  await assert.rejects(upload(server.practice(), sent), {
    code: 'content-unreadable',
    executed: 'unknown',
    cause: broken,
  })
  assert.equal(arrived.length, 0)
})

test('a stream is never sent twice: a refused token is renewed, and the error says to call again', async () => {
  const { server, arrived } = await uploadServer((response, count) => {
    if (count === 1) response.statusCode = 401
    done(response)
  })
  await using _ = server
  const tokens: unknown[] = []
  const practice = server.practice({
    tokenSource: {
      async get(options = {}) {
        tokens.push(options.newerThan)
        return { value: 'token', generation: tokens.length, expiresAt: Number.POSITIVE_INFINITY }
      },
    },
  })
  const refused = upload(practice, content(slowly(small)))
  await assert.rejects(refused, { code: 'unauthorized', executed: 'no', hint: /renewed.*new one/ })
  assert.deepEqual([arrived.length, tokens], [1, [undefined, 1]])
  await upload(practice, content(slowly(small)))
})

test('a throttled upload is repeated where its content can be opened anew, and says so where not', async () => {
  const { server, arrived } = await uploadServer((response, count) => {
    if (count % 2 === 1) response.writeHead(429, { 'retry-after': '0' })
    done(response)
  })
  await using _ = server
  const practice = server.practice({ clock: impatient })
  await upload(practice, small)
  assert.equal(arrived.length, 2)
  await assert.rejects(upload(practice, content(slowly(small))), { code: 'throttled', hint: /sent once/ })
  assert.equal(arrived.length, 3)
})

/** The machine's clock, whose waits are over at once. */
const impatient: NonNullable<AthenaClientOptions['clock']> = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    ms < 5_000
      ? Promise.resolve()
      : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
}

test('an upload whose connection breaks is not repeated', async () => {
  await using server = await testServer((request) => request.once('data', () => request.socket.destroy()))
  await assert.rejects(upload(server.practice(), new Uint8Array(MIB).fill(1)), { code: 'network', executed: 'unknown' })
  assert.equal(server.requests.length, 1)
})

test('a refusal that comes before the whole content was sent is heard', async () => {
  await using server = await testServer((_, response) => {
    response.writeHead(413, { connection: 'close' })
    response.end('<h1>too large</h1>')
  })
  await assert.rejects(
    upload(server.practice(), content(slowly(new Uint8Array(9 * MIB), 100_000))),
    (error: { code: string }) => {
      // The connection may break under what is still being written before the refusal has been read.
      assert.ok(['upload-too-large', 'network'].includes(error.code), error.code)
      return true
    },
  )
})

test('a yes that comes before the whole content was sent is not taken for one', async () => {
  await using server = await testServer((_, response) => done(response))
  async function* endless() {
    yield small
    await new Promise(() => undefined)
  }
  await assert.rejects(upload(server.practice(), content(endless())), { executed: 'unknown' })
})

test('where nobody listens a stream is left alone and may be sent again', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(address !== null && typeof address === 'object')
  let opened = 0
  async function* source() {
    opened += 1
    yield small
  }
  const client = createAthenaClient({
    environment: 'local',
    baseUrl: `http://127.0.0.1:${address.port}`,
    tokenSource: { get: async () => ({ value: 't', generation: 1, expiresAt: Infinity }) },
    clock: impatient,
  })
  const sent = content(source())
  await assert.rejects(upload(client.practice(1), sent), (error: { executed: string; meta?: unknown }) => {
    assert.equal(error.executed, 'no')
    return true
  })
  assert.equal(opened, 0)
  assert.ok(sent.sendable)
})

test('a caller who gives up lets the content go', async () => {
  const { server } = await uploadServer()
  await using _ = server
  const controller = new AbortController()
  let released = false
  const stalled = new ReadableStream<Uint8Array>(
    {
      pull() {
        controller.abort()
        return new Promise(() => undefined)
      },
      cancel() {
        released = true
      },
    },
    { highWaterMark: 0 },
  )
  const form = { attachmentcontents: content(stalled), documentsubclass: 'ADMIN_CONSENT', departmentid: 1 }
  const { request } = server.practice()
  const call = request('POST /patients/{patientid}/documents', { path: { patientid: 7 }, form }, controller)
  await assert.rejects(call, { code: 'aborted' })
  assert.ok(released)
})

test('a wrapper of fetch gets the stream and the parameters beside the file', async () => {
  const { server } = await uploadServer()
  await using _ = server
  const seen: AthenaRequestInit[] = []
  const practice = server.practice({
    fetch(url, init) {
      if (init.duplex) seen.push(init)
      return fetch(url, init)
    },
  })
  await upload(practice, small)
  assert.ok(seen[0]?.body instanceof ReadableStream)
  assert.equal(seen[0].fields, 'documentsubclass=ADMIN_CONSENT&departmentid=1')
})
