import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplyError } from '../route.ts'
import { inputOf } from './input.ts'
import { parseMultipart } from './multipart.ts'

const type = 'multipart/form-data; boundary=xyz'
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, value) => value)).toString('latin1')

function body(...parts: readonly string[]): string {
  return `${parts.map((part) => `--xyz\r\n${part}\r\n`).join('')}--xyz--\r\n`
}

const field = 'Content-Disposition: form-data; name="departmentid"\r\n\r\n1'
const file = `Content-Disposition: form-data; name="attachmentcontents"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n`

test('parts keep every byte, their file names and their types', () => {
  const [first, second] = parseMultipart(body(field, file + everyByte), type) ?? []
  assert.deepEqual([first?.name, first?.fileName, first?.bytes.toString()], ['departmentid', undefined, '1'])
  assert.deepEqual([second?.fileName, second?.contentType], ['a.pdf', 'application/pdf'])
  assert.equal(second?.bytes.toString('latin1'), everyByte)
})

test('a request reads the plain parts as fields in UTF-8, and its files as parts', () => {
  const note = Buffer.from('Content-Disposition: form-data; name="internalnote"\r\n\r\nZoë').toString('latin1')
  const input = inputOf({
    method: 'POST',
    path: '/',
    query: 'autoclose=true',
    authorization: undefined,
    contentType: type,
    body: body(field, note, file + everyByte),
  })
  assert.equal(input.integer('departmentid'), 1)
  assert.equal(input.text('internalnote'), 'Zoë')
  assert.equal(input.flag('autoclose'), true)
  assert.equal(input.text('attachmentcontents'), undefined)
  assert.equal(input.part('attachmentcontents')?.bytes.length, 256)
})

const read: readonly (readonly [what: string, body: string, type: string, values: readonly string[]])[] = [
  ['a quoted boundary', body(field), 'multipart/form-data; boundary="xyz"', ['1']],
  ['text before the first boundary and behind the last', `hello\r\n${body(field)}good bye`, type, ['1']],
  ['an empty part', body('Content-Disposition: form-data; name="a"\r\n\r\n'), type, ['']],
  ['blanks behind a boundary', body(field).replace('--xyz\r\n', '--xyz  \r\n'), type, ['1']],
  ['a value that looks like a boundary', body(`${field}\r\n--xy`), type, ['1\r\n--xy']],
  ['line breaks at the edges of a value', body(field.replace('\r\n\r\n1', '\r\n\r\n\r\n1\r\n')), type, ['\r\n1\r\n']],
  ['no part at all', '--xyz--', type, []],
]
for (const [what, text, contentType, values] of read) {
  test(`${what} is read`, () => {
    assert.deepEqual(
      parseMultipart(text, contentType)?.map(({ bytes }) => bytes.toString('latin1')),
      values,
    )
  })
}

const names: readonly (readonly [header: string, name: string])[] = [
  ['filename="say \\"hi\\".pdf"', 'say "hi".pdf'],
  ['filename="say %22hi%22.pdf"', 'say "hi".pdf'],
  ['filename=plain.pdf', 'plain.pdf'],
  ["filename*=UTF-8''Zo%C3%AB.pdf", 'Zoë.pdf'],
]
for (const [header, name] of names) {
  test(`${header} names ${name}`, () => {
    const text = body(`Content-Disposition: form-data; name="f"; ${header}\r\n\r\nx`)
    assert.equal(parseMultipart(text, type)?.[0]?.fileName, name)
  })
}

const broken: readonly (readonly [what: string, body: string, type: string])[] = [
  ['cut short', body(field, file + everyByte).slice(0, -20), type],
  ['without its boundary', body(field), 'multipart/form-data'],
  ['of another boundary', body(field), 'multipart/form-data; boundary=abc'],
  ['with a part without a name', body('Content-Disposition: form-data\r\n\r\n1'), type],
  ['with a part without an end of its headers', body('Content-Disposition: form-data; name="a"'), type],
  ['with something behind a boundary', body(field).replace('--xyz\r\n', '--xyz!\r\n'), type],
]
for (const [what, text, contentType] of broken) {
  test(`a body ${what} is refused as a whole`, () => {
    assert.equal(parseMultipart(text, contentType), undefined)
    const arrival = { method: 'POST', path: '/', query: '', authorization: undefined, contentType, body: text }
    assert.throws(
      () => inputOf(arrival).text('departmentid'),
      (error) => error instanceof ReplyError && error.reply.status === 400,
    )
  })
}
