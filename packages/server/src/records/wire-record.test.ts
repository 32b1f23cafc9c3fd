import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalText } from './wire-record.ts'

describe('canonical text', () => {
  test('equal records give equal texts, whatever order their fields came in, at every level', () => {
    const one = { b: 1, a: { y: [1, { q: 2, p: 3 }], x: 'x' } }
    const other = { a: { x: 'x', y: [1, { p: 3, q: 2 }] }, b: 1 }
    assert.equal(canonicalText(one), '{"a":{"x":"x","y":[1,{"p":3,"q":2}]},"b":1}')
    assert.equal(canonicalText(other), canonicalText(one))
  })

  test('the order of a list counts', () => {
    assert.notEqual(canonicalText({ a: [1, 2] }), canonicalText({ a: [2, 1] }))
  })

  test('a field that is undefined is none; one that is null, empty or zero is', () => {
    assert.equal(canonicalText({ a: undefined, b: null, c: '', d: 0, e: false }), '{"b":null,"c":"","d":0,"e":false}')
  })

  /** Every code unit alone and within text, so that no character is written otherwise than JSON has it. */
  test('text is written as JSON has it, character by character', () => {
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      const text = String.fromCharCode(unit)
      if (canonicalText(text) !== JSON.stringify(text)) assert.fail(`U+${unit.toString(16)}`)
    }
    for (const text of [
      '',
      'Ann "Nan" O\\Hara',
      'a\nb',
      'caf\u00e9 \u{1f600}',
      '\ud83d',
      '\ude00\ud83d',
      'tab\t',
      '\u2028',
    ]) {
      assert.equal(canonicalText({ text }), JSON.stringify({ text }))
      assert.deepEqual(JSON.parse(canonicalText({ text })), JSON.parse(JSON.stringify({ text })))
    }
  })

  test('names of fields are quoted like any text, numbers and what is no value of JSON as JSON has them', () => {
    assert.equal(canonicalText({ 'a"b': 1, '\n': 2 }), '{"\\n":2,"a\\"b":1}')
    assert.equal(canonicalText([1.5, -0, 1e21, Number.NaN, undefined]), '[1.5,0,1e+21,null,null]')
  })
})
