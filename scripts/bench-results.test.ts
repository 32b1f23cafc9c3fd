import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { measuredIn, resultsTable } from './bench-results.ts'

const text = `sync (a): first load
2026-11-27, Node v24.21.0, 2 x AMD EPYC

calls                                            12041
of the limit                                    36.1 %   >= 92 %
  most arrivals in any second                       99   <= 100
staleness p50 / p95                          40 / 60 s   <= 90 s
refused                                              0   0
lost                                                 3   0

BELOW ITS BAR
`

test('of a result each line with a bar is told, and how far it is', () => {
  const measured = measuredIn('sync-a', text)
  assert.deepEqual(
    measured.map(({ what, value, bar, share }) => [what, value, bar, share?.toFixed(2)]),
    [
      ['of the limit', '36.1 %', '>= 92 %', '0.39'],
      ['most arrivals in any second', '99', '<= 100', '1.01'],
      ['staleness p50 / p95', '40 / 60 s', '<= 90 s', '1.50'],
      ['refused', '0', '0', '1.00'],
      ['lost', '3', '0', '0.00'],
    ],
  )
  const lines = resultsTable(measured).split('\n')
  assert.match(lines[1] ?? '', /^sync-a {2,}of the limit {2,}36\.1 % {2,}>= 92 % {2,}0\.39x {2}BELOW {2,}2026-11-27$/)
  assert.doesNotMatch(lines[2] ?? '', /BELOW/)
  assert.match(lines[5] ?? '', /^sync-a {2,}lost .*BELOW/)
})

test('every kept result that was measured against a bar is in the table', () => {
  const folder = join(import.meta.dirname, '..', 'bench', 'results')
  for (const file of readdirSync(folder)) {
    const result = readFileSync(join(folder, file), 'utf8')
    const measured = measuredIn(file, result)
    assert.equal(measured.length > 0, /[<>]= \S/.test(result), file)
    for (const { date } of measured) assert.match(date, /^\d{4}-\d\d-\d\d$/, file)
  }
})
