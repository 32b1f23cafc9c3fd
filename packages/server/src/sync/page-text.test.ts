import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { packText, unpackText } from './page-text.ts'

describe('the text of a page', () => {
  const record = (id: number) => ({
    patientid: String(id),
    lastname: `Garc\u00eda ${id} \u{1f600}`,
    notes: '\u2028"\\',
  })
  const pageOf = (records: number) =>
    JSON.stringify({ patients: Array.from({ length: records }, (_, id) => record(id)) })

  for (const [what, text] of [
    ['nothing', ''],
    ['a short one', pageOf(1)],
    ['a long one', pageOf(1_000)],
    ['a long one with a byte order mark', `\uFEFF\n${pageOf(1_000)}`],
    ['a long one of one letter', 'x'.repeat(20_000)],
  ] as const) {
    test(`is the same again: ${what}`, () => {
      assert.equal(unpackText(packText(text)), text)
    })
  }

  test('a long one takes a fraction of its length, a short one is left as it is', () => {
    assert.ok(packText(pageOf(1_000)).length < pageOf(1_000).length / 4)
    assert.equal(packText(pageOf(1)).toString('utf8'), pageOf(1))
  })

  test('one that was stored before pages were packed is read as it is', () => {
    assert.equal(unpackText(Buffer.from(pageOf(1_000), 'utf8')), pageOf(1_000))
  })

  test('one that was cut short is refused, not half read', () => {
    const packed = packText(pageOf(1_000))
    assert.throws(() => unpackText(packed.subarray(0, packed.length - 10)))
  })
})
