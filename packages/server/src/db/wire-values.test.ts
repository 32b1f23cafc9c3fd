import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { sql } from './db.ts'
import { epochMs, wireValue } from './wire-values.ts'

const { db } = await scratchDatabase()

describe('a column arrives', () => {
  const cases: [string, string, unknown][] = [
    ['bigint as text', '9007199254740993::int8', '9007199254740993'],
    ['numeric as text', '1.10::numeric', '1.10'],
    ['integer as number', '7', 7],
    ['boolean as boolean', 'true', true],
    ['date as its day, whatever the time zone of this machine', "'2026-03-08'::date", '2026-03-08'],
    ['bytea as bytes', "'\\x00ff'::bytea", Buffer.from([0, 255])],
    ['jsonb parsed', `'{"a":[1]}'::jsonb`, { a: [1] }],
    ['timestamptz as epoch milliseconds', "'2026-01-05 12:00:00+00'::timestamptz", Date.UTC(2026, 0, 5, 12)],
    ['microseconds as a fraction', "'1970-01-01 00:00:00.123456+00'::timestamptz", 123.456],
    ['a time without zone as text', "'2026-01-05 12:00:00'::timestamp", '2026-01-05 12:00:00'],
    ['infinity as Infinity', "'infinity'::timestamptz", Number.POSITIVE_INFINITY],
    ['an array of dates as texts', "array['2026-03-08'::date, null]", ['2026-03-08', null]],
    ['an array of bigints as texts', 'array[9007199254740993::int8]', ['9007199254740993']],
    ['an array of instants as milliseconds', "array['1970-01-01 00:00:01+00'::timestamptz]", [1000]],
    ['an interval as text', "'1 day 2 hours'::interval", '1 day 02:00:00'],
    ['null as null', 'null::timestamptz', null],
  ]
  for (const [index, [what, expression, expected]] of cases.entries()) {
    test(what, async () => {
      const rows = await db.control((tx) => tx.rows(sql(`test.column_${index}`, `select ${expression} as value`)))
      assert.deepEqual(rows, [{ value: expected }])
    })
  }
})

test('an instant that is read and sent back is the same to the microsecond, at any time', async () => {
  const same = sql(
    'test.same_instant',
    `select bool_and(t = to_timestamp(ms / 1000)) as same from (
       select $1::text::timestamptz as t, $2::float8 as ms) as sent`,
  )
  for (const text of [
    '2026-11-22 09:16:00.123457+00',
    '2199-12-31 23:59:59.999999+00',
    '1901-01-01 00:00:00.000001+00',
  ]) {
    assert.deepEqual(await db.control((tx) => tx.rows(same, [text, epochMs(text)])), [{ same: true }], text)
  }
})

describe('an instant is read with any offset', () => {
  const cases: [string, number][] = [
    ['2026-01-05 12:00:00+00', Date.UTC(2026, 0, 5, 12)],
    ['2026-01-05 12:00:00-05', Date.UTC(2026, 0, 5, 17)],
    ['2026-01-05 12:00:00.5+05:30', Date.UTC(2026, 0, 5, 6, 30, 0, 500)],
    ['1883-11-18 12:03:58-04:56:02', Date.UTC(1883, 10, 18, 17)],
    ['10000-01-01 00:00:00+00', Date.UTC(10000, 0, 1)],
    ['-infinity', Number.NEGATIVE_INFINITY],
  ]
  for (const [text, expected] of cases) test(text, () => assert.equal(epochMs(text), expected))

  test('and refused when it is none, without repeating it', () => {
    for (const text of ['CANARY', '', '0001-01-01 00:00:00+00 BC', '0044-03-15 00:00:00+00']) {
      assert.throws(
        () => epochMs(text),
        (error) => error instanceof RangeError && !error.message.includes('CANARY'),
      )
    }
  })
})

describe('a parameter is sent', () => {
  const cases: [string, unknown, string | Buffer | null][] = [
    ['null as null', null, null],
    ['text as it is', "O'Brien \\ $1", "O'Brien \\ $1"],
    ['a number as its digits', -1.5, '-1.5'],
    ['a boolean', false, 'false'],
    ['a bigint', 9007199254740993n, '9007199254740993'],
    ['bytes as bytes', Buffer.from([1, 2]), Buffer.from([1, 2])],
    ['a view of bytes as those bytes', new Uint8Array([9, 1, 2]).subarray(1), Buffer.from([1, 2])],
    ['a date as ISO', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object as JSON', { a: [1, 'x'] }, '{"a":[1,"x"]}'],
    ['an array as JSON, not as a PostgreSQL array', ['a', 'b'], '["a","b"]'],
  ]
  for (const [what, value, expected] of cases) test(what, () => assert.deepEqual(wireValue(value), expected))

  test('but not when it was forgotten', async () => {
    const echo = sql('test.echo', 'select $1::text')
    await assert.rejects(
      db.control((tx) => tx.rows(echo, [undefined])),
      TypeError,
    )
    assert.throws(() => wireValue(() => 1), TypeError)
  })
})
