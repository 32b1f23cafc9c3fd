import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SqlResult } from '@aegis/server'
import { sqlCsv, sqlTable } from './sql-table.ts'

const result = (columns: string[], rows: unknown[][], truncated = false): SqlResult => ({ columns, rows, truncated })

test('a table is aligned, numbers to the right, sealed values marked', () => {
  const rows = [
    ['x', 12, 'sealed by wax', { sealed: true }, null],
    ['booked', 3412, '', { sealed: true }, true],
  ]
  assert.equal(
    sqlTable(result(['status', 'count', 'note', 'sealed', 'flag'], rows)),
    `status  count  note           sealed    flag
------  -----  -------------  --------  ----
x          12  sealed by wax  [sealed]
booked   3412                 [sealed]  true
(2 rows)
`,
  )
})

test('nothing found is said', () => {
  assert.equal(sqlTable(result(['a'], [])), 'a\n-\n(0 rows)\n')
})

test('a result that was cut says so', () => {
  assert.match(sqlTable(result(['a'], [[1]], true)), /\(the first 1 row; there are more: narrow the query\)/)
})

test('wide and combined characters keep the columns in line', () => {
  const rows = [
    ['王小明', 1],
    ['é́', 2],
    ['Ada', 3],
  ]
  assert.deepEqual(
    sqlTable(result(['name', 'n'], rows))
      .split('\n')
      .slice(2, 5),
    ['王小明  1', 'é́       2', 'Ada     3'],
  )
})

test('a value cannot play tricks on the terminal', () => {
  const text = sqlTable(result(['a\u001b[2J'], [['x\u001b]0;title\u0007y\r\nz\u202e']]))
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202e]/)
  assert.match(text, /x\\u\{1b\}\]0;title/)
})

test('a long value is cut in the table and whole in CSV', () => {
  const long = 'x'.repeat(500)
  assert.ok(
    sqlTable(result(['a'], [[long]]))
      .split('\n')
      .every((line) => line.length <= 60),
  )
  assert.equal(sqlCsv(result(['a'], [[long]])), `a\r\n${long}\r\n`)
})

const cells: [title: string, cell: unknown, csv: string][] = [
  ['a plain text', 'abc', 'abc'],
  ['a number', -5, '-5'],
  ['nothing', null, ''],
  ['an object', { a: 1 }, '"{""a"":1}"'],
  ['a sealed value', { sealed: true }, '[sealed]'],
  ['a comma', 'a,b', '"a,b"'],
  ['a quote', 'a"b', '"a""b"'],
  ['a line break', 'a\nb', '"a\nb"'],
  ['blanks around', ' a', '" a"'],
  ['a formula', '=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['a formula with a plus', '+cmd|x', `'+cmd|x`],
  ['a formula with an at', '@SUM(A1)', `'@SUM(A1)`],
  ['a telephone number', '+1 617 555-0100', '+1 617 555-0100'],
  ['a negative number as text', '-12.50', '-12.50'],
]

describe('CSV holds', () => {
  for (const [title, cell, csv] of cells) {
    test(title, () => assert.equal(sqlCsv(result(['a'], [[cell]])), `a\r\n${csv}\r\n`))
  }
})
