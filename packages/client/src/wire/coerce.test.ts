import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coerce, type WireKind } from './coerce.ts'

/** undefined: nothing there; null: not readable as this. */
const cases: readonly (readonly [kind: WireKind, value: unknown, expected: unknown])[] = [
  ['id', 71111, '71111'],
  ['id', '0071', '0071'],
  ['id', -5, '-5'],
  ['id', ' 12 ', '12'],
  ['id', 9_007_199_254_740_993, null],
  ['id', 1.5, null],
  ['id', '', undefined],
  ['id', null, undefined],
  ['id', true, null],
  ['id', {}, null],
  ['boolean', true, true],
  ['boolean', 'true', true],
  ['boolean', 'True', true],
  ['boolean', 'Y', true],
  ['boolean', '1', true],
  ['boolean', 1, true],
  ['boolean', 'false', false],
  ['boolean', 'N', false],
  ['boolean', 0, false],
  ['boolean', '', undefined],
  ['boolean', 't', true],
  ['boolean', 'yes', true],
  ['boolean', 'f', false],
  ['boolean', 'no', false],
  ['boolean', '0', false],
  ['boolean', ' Yes ', true],
  ['boolean', null, undefined],
  ['boolean', [], null],
  ['boolean', 'maybe', null],
  ['boolean', 2, null],
  ['number', 15, 15],
  ['number', '15', 15],
  ['number', '-25.15', -25.15],
  ['number', '34 ', 34],
  ['number', '.25', 0.25],
  ['number', '+7', 7],
  ['number', '12.', null],
  ['number', '.', null],
  ['number', '.x', null],
  ['number', '1.x', null],
  ['number', '7x', null],
  ['number', 'x7', null],
  ['number', '1234567890123456', null],
  ['number', Number.NaN, null],
  ['number', Number.POSITIVE_INFINITY, null],
  ['number', true, null],
  ['number', '1e9', null],
  ['number', '0x10', null],
  ['number', 'Infinity', null],
  ['number', '', undefined],
  ['text', 'abc', 'abc'],
  ['text', 2210, '2210'],
  ['text', '', ''],
  ['text', true, 'true'],
  ['text', undefined, undefined],
  ['text', null, undefined],
  ['text', [], null],
  ['date', '06/02/2020', '2020-06-02'],
  ['date', '', undefined],
  ['date', '06/31/2020', null],
  ['date', 20200602, null],
  ['time', '10:00', '10:00'],
  ['date', undefined, undefined],
  ['time', 'noon', null],
  ['dateTime', ' 06/02/2020 10:00 ', '06/02/2020 10:00'],
  ['dateTime', '', undefined],
  ['dateTime', 7, null],
  ['ids', ['-1', 563], ['-1', '563']],
  ['ids', '1,21', ['1', '21']],
  ['ids', 7, ['7']],
  ['ids', '', []],
  ['ids', undefined, []],
  ['ids', ' 1 , ,21,', ['1', '21']],
  ['ids', ['1', ''], ['1']],
  ['ids', ['1', 1.5], null],
  ['ids', [{}], null],
  ['list', undefined, []],
  ['list', null, []],
  ['list', '', []],
  ['list', {}, []],
  ['list', [1], [1]],
  ['list', 'x', null],
  ['list', { a: 1 }, null],
]

for (const [kind, value, expected] of cases) {
  const meaning = expected === null ? 'is unreadable' : `is ${JSON.stringify(expected) ?? 'nothing'}`
  test(`${JSON.stringify(value) ?? 'absent'} as ${kind} ${meaning}`, () => {
    assert.deepEqual(coerce[kind](value), expected)
  })
}

test('no JSON value makes any reader fail', () => {
  const kinds = fc.constantFrom(...(Object.keys(coerce) as WireKind[]))
  fc.assert(fc.property(kinds, fc.jsonValue(), (kind, value) => void coerce[kind](value)))
})

test('a safe integer and its text are the same id', () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (id) => assert.equal(coerce.id(id), coerce.id(String(id)))))
})
