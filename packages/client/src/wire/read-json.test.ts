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
      assert.deepEqual(readJson(text), { ok: true, value: JSON.parse(text) })
    }),
  )
})
