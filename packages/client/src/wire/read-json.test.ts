import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readJson } from './read-json.ts'

for (const [title, text, expected] of [
  ['plain JSON', '{"a":1}', { ok: true, value: { a: 1 } }],
  ['a byte order mark', '\uFEFF{"a":1}', { ok: true, value: { a: 1 } }],
  ['blank lines before it', '\n\n{"error":"x"}\n', { ok: true, value: { error: 'x' } }],
  ['a bare scalar', '1', { ok: true, value: 1 }],
  ['nothing', '', { ok: false, form: 'empty' }],
  ['only blanks', ' \n\uFEFF\n ', { ok: false, form: 'empty' }],
  ['HTML', '<h1>Developer Inactive</h1>', { ok: false, form: 'html' }],
  ['plain text', 'Service not registered with API gateway.', { ok: false, form: 'text' }],
  ['JSON cut off', '{"patients":[{"patientid":"1"', { ok: false, form: 'text' }],
  ['NaN', '{"a":NaN}', { ok: false, form: 'text' }],
  ['nesting without end', '['.repeat(100_000) + ']'.repeat(100_000), { ok: false, form: 'oversized' }],
  ['the deepest nesting allowed', '['.repeat(64) + ']'.repeat(64), undefined],
  ['one level more', '['.repeat(65) + ']'.repeat(65), { ok: false, form: 'oversized' }],
  ['more values than any page has', `[${'0,'.repeat(3_000_001)}0]`, { ok: false, form: 'oversized' }],
] as const) {
  test(`a body of ${title} is ${expected && !expected.ok ? expected.form : 'read'}`, () => {
    const json = readJson(text)
    if (expected) assert.deepEqual(json, expected)
    else assert.equal(json.ok, true)
  })
}

for (const [title, sent, read] of [
  ['the largest that is exact', '9007199254740991', 9007199254740991],
  ['the first that is not', '9007199254740993', '9007199254740993'],
  ['one below zero', '-9007199254740993', '-9007199254740993'],
  ['one of forty digits', '1234567890123456789012345678901234567890', '1234567890123456789012345678901234567890'],
  ['one with a fraction', '90071992547409931.25', '90071992547409931.25'],
  ['one with an exponent', '1.5E+300', '1.5E+300'],
  ['one beyond all numbers', '1e999', '1e999'],
  ['a long fraction', '0.12345678901234567', 0.12345678901234567],
  ['digits in a text', '"9007199254740993"', '9007199254740993'],
] as const) {
  test(`a number is read as it was sent, or as the text that it was sent as: ${title}`, () => {
    assert.deepEqual(readJson(sent), { ok: true, value: read })
    const beside = { ok: true, value: { 'a"9007199254740993': ['\\', read, '"-9007199254740993,', [read], 1, null] } }
    const text = String.raw`{"a\"9007199254740993":["\\",${sent} ,"\"-9007199254740993,",[${sent}],1,null]}`
    assert.deepEqual(readJson(text), beside)
  })
}

test('a long text beside a number that is too large is read', () => {
  const long = 'a\n'.repeat(5_000_000)
  assert.deepEqual(readJson(`[${JSON.stringify(long)},9007199254740993]`), {
    ok: true,
    value: [long, '9007199254740993'],
  })
})

test('a body cannot reach prototypes', () => {
  const json = readJson(
    '{"__proto__":{"admin":true},"a":[{"__proto__":{"admin":true}}],"constructor":{"prototype":{}}}',
  )
  assert.ok(json.ok)
  assert.deepEqual(Object.keys(Object(json.value)), ['a', 'constructor'])
  const copy: object = { ...Object(json.value) }
  assert.equal('admin' in copy, false)
  assert.equal('admin' in {}, false)
})

test('no text makes the reader fail, and any JSON is read as itself', () => {
  fc.assert(fc.property(fc.string(), (text) => void readJson(text)))
  const value = fc.jsonValue({ maxDepth: 5 }).filter((candidate) => !JSON.stringify(candidate).includes('__proto__'))
  fc.assert(
    fc.property(value, (candidate) => {
      const text = JSON.stringify(candidate)
      assert.deepEqual(readJson(text), { ok: true, value: JSON.parse(text, tooLargeAsText) })
    }),
  )
})

function tooLargeAsText(_name: string, value: unknown): unknown {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER ? String(value) : value
}
