import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AthenaError } from '../athena-error.ts'
import type { Params } from '../call/params.ts'
import { type Content, content, CONTENT_BYTES_MAX, type ContentEncoding, type ContentSource } from './content.ts'
import { makeUpload, type Upload, uploadFormOf } from './upload.ts'

const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => (index * 7) % 256)

/** A body as the other side reads it. */
async function read(upload: Upload): Promise<{ form: FormData; text: string; length: number | undefined }> {
  const body = upload.open()
  const received = Buffer.from(await new Response(body.stream).arrayBuffer())
  if (body.bytes !== undefined) assert.equal(received.byteLength, body.bytes)
  assert.ok(body.whole)
  const form = await new Response(received, { headers: { 'content-type': upload.contentType } }).formData()
  return { form, text: received.toString('latin1'), length: body.bytes }
}

async function* pieces(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list
}

function streamOf(list: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of list) controller.enqueue(piece)
      controller.close()
    },
  })
}

const sources: readonly (readonly [title: string, make: () => ContentSource])[] = [
  ['bytes', () => bytes],
  ['an ArrayBuffer', () => bytes.slice().buffer],
  ['a Blob', () => new Blob([bytes])],
  ['a File', () => new File([bytes], 'x.pdf')],
  ['a stream', () => streamOf([bytes.subarray(0, 10), bytes.subarray(10)])],
  ['a generator', () => pieces([bytes.subarray(0, 10), new Uint8Array(0), bytes.subarray(10)])],
  ['a stream of Node', () => Readable.from([Buffer.from(bytes)])],
  ['a function that opens a stream', () => () => streamOf([bytes])],
  ['a function that opens a generator later', () => async () => pieces([bytes])],
]

for (const [title, make] of sources) {
  test(`${title} arrives in a form as base64, beside the other parameters`, async () => {
    const form = { departmentid: 1, attachmentcontents: content(make()), observationdate: '2026-03-02' }
    const upload = makeUpload(form, 'urlencoded')
    assert.equal(upload.contentType, 'application/x-www-form-urlencoded')
    assert.equal(upload.fields, 'departmentid=1&observationdate=03%2F02%2F2026')
    const received = Object.fromEntries((await read(upload)).form)
    const { attachmentcontents, ...rest } = received
    assert.deepEqual(rest, { departmentid: '1', observationdate: '03/02/2026' })
    assert.deepEqual(Buffer.from(String(attachmentcontents), 'base64'), Buffer.from(bytes))
  })

  test(`${title} arrives as a file of a multipart body`, async () => {
    const sent = content(make(), { type: 'application/pdf', filename: 'a "b"\r\nc.pdf' })
    const upload = makeUpload({ departmentid: 1, attachmentcontents: sent, internalnote: 'Ü\r\n--x' }, 'multipart')
    assert.match(upload.contentType, /^multipart\/form-data; boundary=aegis-[\da-f-]{36}$/)
    const { form, text } = await read(upload)
    assert.equal(form.get('departmentid'), '1')
    assert.equal(form.get('internalnote'), 'Ü\r\n--x')
    const file = form.get('attachmentcontents')
    assert.ok(file instanceof File)
    assert.equal(file.type, 'application/pdf')
    assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes)
    assert.match(text, /filename="a %22b%22%0D%0Ac\.pdf"/)
  })
}

test('bytes and Blobs stand for themselves among the parameters', async () => {
  for (const image of [bytes, new Blob([bytes])]) {
    const { form } = await read(makeUpload({ image }, 'urlencoded'))
    assert.deepEqual(Buffer.from(String(form.get('image')), 'base64'), Buffer.from(bytes))
  }
})

test('in a form the content comes first, so that one cut short lacks what athenahealth requires', async () => {
  const { text } = await read(makeUpload({ departmentid: 1, attachmentcontents: bytes }, 'urlencoded'))
  assert.ok(text.startsWith('attachmentcontents=') && text.endsWith('&departmentid=1'))
})

for (const [encoding, uploadForm, decode] of [
  ['base64', 'urlencoded', (text: string) => text],
  ['base64-percent', 'urlencoded', decodeURIComponent],
  ['base64', 'multipart', (text: string) => text],
  ['base64-percent', 'multipart', decodeURIComponent],
] as const) {
  test(`${encoding} in a ${uploadForm} body`, async () => {
    const image = content(bytes, { encoding })
    const { form } = await read(makeUpload({ image }, uploadForm))
    const value = form.get('image')
    const text = value instanceof File ? await value.text() : String(value)
    assert.deepEqual(Buffer.from(decode(text), 'base64'), Buffer.from(bytes))
  })
}

const known = new Set(['raw/multipart/known', 'base64/multipart/known'])
const memory = [
  'base64/urlencoded',
  'base64-percent/urlencoded',
  'raw/multipart',
  'base64/multipart',
  'base64-percent/multipart',
]
for (const name of memory) {
  // The names above are made of these.
  const [encoding, uploadForm] = name.split('/') as [ContentEncoding, 'urlencoded' | 'multipart']
  test(`${name}: the length is told of bytes, of a known size ${known.has(`${name}/known`) ? 'too' : 'not'}, of a stream never`, async () => {
    const lengthOf = async (sent: Content) => (await read(makeUpload({ a: 1, image: sent }, uploadForm))).length
    const options = { encoding }
    assert.ok((await lengthOf(content(bytes, options))) !== undefined)
    const sized = await lengthOf(content(() => streamOf([bytes]), { ...options, sizeBytes: bytes.length }))
    assert.equal(sized !== undefined, known.has(`${name}/known`))
    assert.equal(await lengthOf(content(streamOf([bytes]), options)), undefined)
  })
}

test('any content in any pieces comes out as it went in, by either body', async () => {
  const list = fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(list, fc.constantFrom('urlencoded', 'multipart'), async (given, uploadForm) => {
      const whole = Buffer.concat(given)
      fc.pre(whole.byteLength > 0)
      const { form } = await read(makeUpload({ a: 'x', image: content(pieces(given)) }, uploadForm))
      const value = form.get('image')
      const got = value instanceof File ? Buffer.from(await value.arrayBuffer()) : Buffer.from(String(value), 'base64')
      assert.deepEqual(got, whole)
      assert.equal(form.get('a'), 'x')
    }),
    { numRuns: 60 },
  )
})

test('the endpoint decides how an upload is built', () => {
  assert.equal(uploadFormOf('/patients/{patientid}/documents'), 'multipart')
  assert.equal(uploadFormOf('/patients/{patientid}/documents/clinicaldocument'), 'urlencoded')
  assert.equal(uploadFormOf('/patients/{patientid}/photo'), 'urlencoded')
})

const over = CONTENT_BYTES_MAX + 1
test('a content may ask for the other body', async () => {
  const image = content(bytes, { uploadForm: 'multipart' })
  assert.match(makeUpload({ image }, 'urlencoded').contentType, /^multipart/)
})

for (const [title, form, code] of [
  ['bytes over the limit', { image: content(bytes, { bytesMax: 999 }) }, 'upload-too-large'],
  ['a Blob over the limit', { image: new Blob([new Uint8Array(over)]) }, 'upload-too-large'],
  ['a stream said to be over it', { image: content(streamOf([]), { sizeBytes: over }) }, 'upload-too-large'],
  ['no bytes', { image: new Uint8Array(0) }, 'invalid-argument'],
  ['two files', { image: bytes, attachmentcontents: bytes }, 'invalid-argument'],
  ['raw bytes in a form', { image: content(bytes, { encoding: 'raw' }) }, 'invalid-argument'],
] as const satisfies readonly (readonly [string, Params, string])[]) {
  test(`an upload of ${title} is refused before anything is sent`, () => {
    assert.throws(() => makeUpload(form, 'urlencoded'), { code, executed: 'no' })
  })
}

test('exactly 20 MiB are taken, one byte more is not', () => {
  makeUpload({ image: content(streamOf([]), { sizeBytes: CONTENT_BYTES_MAX }) }, 'multipart')
  assert.equal(CONTENT_BYTES_MAX, 20_971_520)
})

for (const [title, source, options] of [
  ['a string', 'JVBERi0x', {}],
  ['nothing', undefined, {}],
  ['a size that is none', bytes, { bytesMax: -1 }],
  ['a media type with a line break', bytes, { type: 'text/plain\r\nx: y' }],
] as const) {
  test(`a content made of ${title} is refused`, () => {
    // What a caller without types could pass.
    assert.throws(() => content(source as never, options), { code: 'invalid-argument' })
  })
}

/** What became of an upload of a content that does not end well. */
async function failing(sent: Content, uploadForm: 'urlencoded' | 'multipart' = 'multipart') {
  const body = makeUpload({ departmentid: 1, image: sent }, uploadForm).open()
  let received = 0
  await assert.rejects(async () => {
    // A reader of its own: the stream of the body is typed without iteration.
    const reader = body.stream.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) received += read.value.byteLength
  }, TypeError)
  assert.ok(!body.whole)
  return { ...body.failure, received }
}

test('a stream that turns out too large ends before the bytes that are too many', async () => {
  const sent = content(pieces([bytes, bytes, Uint8Array.of(1)]), { bytesMax: 2_000 })
  const { code, executed, invalidFields, received } = await failing(sent)
  assert.deepEqual([code, executed, invalidFields], ['upload-too-large', 'unknown', ['image']])
  assert.ok(received < 2_300, String(received))
})

test('a stream of exactly the limit is sent whole', async () => {
  await read(makeUpload({ image: content(pieces([bytes, bytes]), { bytesMax: 2_000 }) }, 'multipart'))
})

for (const [title, sizeBytes] of [
  ['shorter', 1_001],
  ['longer', 999],
] as const) {
  test(`a content that is ${title} than was said ends in an error, never in a body of another length`, async () => {
    const { code, hint } = await failing(content(pieces([bytes]), { sizeBytes }))
    assert.equal(code, 'content-unreadable')
    assert.match(String(hint), /sizeBytes/)
  })
}

test('a stream of nothing, one of text, and one that fails are unreadable', async () => {
  assert.equal((await failing(content(pieces([])))).code, 'content-unreadable')
  assert.equal((await failing(content(Readable.from(['text'])))).code, 'content-unreadable')
  const broken = new RangeError('the disk is gone')
  const { code, cause, executed } = await failing(content(() => Promise.reject(broken)))
  assert.deepEqual([code, cause, executed], ['content-unreadable', broken, 'no'])
})

test('a stream can be sent once, what can be opened anew again and again', async () => {
  const form = (image: Content) => makeUpload({ image }, 'multipart')
  const once = form(content(streamOf([bytes])))
  assert.ok(once.sendable)
  await read(once)
  assert.ok(!once.sendable)
  assert.equal(
    await once
      .open()
      .stream.getReader()
      .read()
      .catch((error: AthenaError) => error.name),
    'TypeError',
  )
  const again = form(content(() => streamOf([bytes])))
  await read(again)
  assert.ok(again.sendable)
  await read(again)
})

test('a stream that was sent before is refused where it is given again', async () => {
  const image = content(streamOf([bytes]))
  await read(makeUpload({ image }, 'multipart'))
  assert.throws(() => makeUpload({ image }, 'multipart'), { code: 'invalid-argument' })
})

test('nothing is opened before it is asked for, and what was opened is let go', async () => {
  const seen: string[] = []
  async function* source() {
    seen.push('opened')
    try {
      while (true) yield bytes
    } finally {
      seen.push('let go')
    }
  }
  const body = makeUpload({ image: content(source) }, 'multipart').open()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(seen, [])
  const reader = body.stream.getReader()
  await reader.read()
  await reader.read()
  body.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(seen, ['opened', 'let go'])
})

test('a stream that stalls is let go too', async () => {
  let cancelled = false
  const stalled = new ReadableStream<Uint8Array>({
    pull: () => new Promise(() => undefined),
    cancel() {
      cancelled = true
    },
  })
  const body = makeUpload({ image: content(stalled) }, 'multipart').open()
  const reader = body.stream.getReader()
  await reader.read()
  reader.read().catch(() => undefined)
  body.close()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(cancelled)
})
