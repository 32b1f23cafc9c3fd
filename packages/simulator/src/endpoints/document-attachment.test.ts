import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startSimulator } from '../index.ts'

const binary = Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))])

/** A simulator on a socket, and what a caller of it needs to upload and to look. */
async function caller(context: TestContext) {
  const simulator = await startSimulator({ practices: [{ id: 195900, patients: 100 }], speed: 0, limits: 'off' })
  context.after(() => simulator.stop())
  const { access_token: token } = (await (
    await fetch(`${simulator.url}/oauth2/v1/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('demo-client:demo-secret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
    })
  ).json()) as { access_token: string }
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${simulator.url}/v1/195900${path}`, { ...init, headers: { authorization: `Bearer ${token}` } })
  return {
    call,
    upload: (body: FormData | URLSearchParams) => call('/patients/5/documents', { method: 'POST', body }),
    async original(answer: Response) {
      const { documentid } = (await answer.json()) as { documentid: string }
      return call(`/patients/5/documents/clinicaldocument/${documentid}/originaldocument`)
    },
  }
}

const fields = { departmentid: '1', documentsubclass: 'CLINICALDOCUMENT' }

function multipart(file: Blob | string, name?: string): FormData {
  const form = new FormData()
  for (const [key, value] of Object.entries(fields)) form.set(key, value)
  if (typeof file === 'string') form.set('attachmentcontents', file)
  else form.set('attachmentcontents', file, name)
  return form
}

const ways: readonly (readonly [what: string, body: () => FormData | URLSearchParams])[] = [
  ['raw in a part with a file name', () => multipart(new Blob([binary], { type: 'application/pdf' }), 'scan.pdf')],
  ['base64 in a part with a file name', () => multipart(new Blob([binary.toString('base64')]), 'scan.pdf')],
  ['base64 in a plain part', () => multipart(binary.toString('base64'))],
  ['base64 in a form', () => new URLSearchParams({ ...fields, attachmentcontents: binary.toString('base64') })],
  [
    'base64 in a form, percent-encoded twice',
    () => new URLSearchParams({ ...fields, attachmentcontents: encodeURIComponent(binary.toString('base64')) }),
  ],
  [
    'base64 with line breaks in a form',
    () =>
      new URLSearchParams({ ...fields, attachmentcontents: binary.toString('base64').replace(/(.{76})/g, '$1\r\n') }),
  ],
]

for (const [what, body] of ways) {
  test(`a file comes back byte for byte that was sent ${what}`, async (t) => {
    const { upload, original } = await caller(t)
    const answer = await upload(body())
    assert.equal(answer.status, 200)
    const file = await original(answer)
    assert.equal(file.headers.get('content-type'), 'application/pdf')
    assert.ok(binary.equals(Buffer.from(await file.arrayBuffer())))
  })
}

test('text that happens to be base64 stays the text it is when it is sent raw', async (t) => {
  const { upload, original } = await caller(t)
  const file = await original(await upload(multipart(new Blob(['abcd']), 'note.txt')))
  assert.equal(await file.text(), 'abcd')
})

test('20 MB are taken, raw or in base64, and a byte more is refused as JSON', async (t) => {
  const { upload } = await caller(t)
  const most = Buffer.alloc(20 * 1024 * 1024)
  most.write('%PDF-')
  const more = Buffer.concat([most, Buffer.from('x')])
  for (const [bytes, status] of [
    [most, 200],
    [more, 400],
  ] as const) {
    const raw = await upload(multipart(new Blob([bytes]), 'a.pdf'))
    const encoded = await upload(new URLSearchParams({ ...fields, attachmentcontents: bytes.toString('base64') }))
    for (const answer of [raw, encoded]) {
      const body = await answer.text()
      assert.equal(answer.status, status, body)
      if (status === 400) assert.match(body, /larger than 20 MB/)
    }
  }
})

test('a file of the wrong extension is what its bytes say, and what the caller says goes before', async (t) => {
  const { call, upload } = await caller(t)
  await upload(new URLSearchParams({ ...fields, attachmentcontents: btoa('\xff\xd8\xffjpeg') }))
  await upload(new URLSearchParams({ ...fields, attachmentcontents: btoa('words'), attachmenttype: 'txt' }))
  await upload(new URLSearchParams({ ...fields, attachmentcontents: btoa('words') }))
  const list = await call('/patients/5/documents?departmentid=1&showmetadata=true&limit=3')
  const { documents } = (await list.json()) as { documents: { filetype: string }[] }
  assert.deepEqual(
    documents.map(({ filetype }) => filetype),
    ['application/octet-stream', 'text/plain', 'image/jpeg'],
  )
})
