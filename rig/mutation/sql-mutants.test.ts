import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutate } from './mutant.ts'
import { findSqlEdits } from './sql-mutants.ts'

/** Every statement that a mutant makes of this one, by operator. */
function mutantsOf(statement: string): string[] {
  const source = `\`${statement}\``
  const edits = findSqlEdits(source, [{ start: 0, end: source.length }])
  return edits.map((edit) => `${edit.operator}: ${mutate(source, edit).slice(1, -1)}`)
}

test('a comparison, a term and what joins terms are mutants of a condition', () => {
  assert.deepEqual(mutantsOf('select a from t where b = $1 and c < $2'), [
    'SqlComparison: select a from t where b = $1 and c <= $2',
    'SqlComparison: select a from t where b <> $1 and c < $2',
    'SqlLogic: select a from t where b = $1 or c < $2',
    'SqlTerm: select a from t where true and c < $2',
    'SqlTerm: select a from t where b = $1 and true',
  ])
})

test('a term ends with its parenthesis and with the clause that follows', () => {
  const found = mutantsOf('delete from t where a in (select b from u where c) returning d')
  assert.deepEqual(
    found.filter((text) => text.startsWith('SqlTerm')),
    [
      'SqlTerm: delete from t where true returning d',
      'SqlTerm: delete from t where a in (select b from u where true) returning d',
    ],
  )
})

test('the end of a range is no term of its own', () => {
  assert.deepEqual(mutantsOf('select a from t where b between $1 and $2'), ['SqlTerm: select a from t where true'])
})

test('each assignment of several is left out, with its comma', () => {
  assert.deepEqual(mutantsOf('update t set a = f(1, 2), b = $1, c = null where d'), [
    'SqlTerm: update t set a = f(1, 2), b = $1, c = null where true',
    'SqlAssignment: update t set b = $1, c = null where d',
    'SqlAssignment: update t set a = f(1, 2), c = null where d',
    'SqlAssignment: update t set a = f(1, 2), b = $1 where d',
  ])
})

const single = [
  ['select a from t for update', 'SqlLock: select a from t '],
  ['insert into t (a) values ($1) on conflict do nothing', 'SqlConflict: insert into t (a) values ($1) '],
  [
    'insert into t (a) values ($1) on conflict (a) do update set b = excluded.b',
    'SqlConflict: insert into t (a) values ($1) on conflict (a) do nothing',
  ],
  ['update t set a = greatest(a, $1)', 'SqlFunction: update t set a = least(a, $1)'],
  ['select a from t order by b', 'SqlOrder: select a from t order by b desc'],
  ['select a from t limit $1', 'SqlLimit: select a from t limit 0'],
  ['select coalesce(a, 0) from t', 'SqlCoalesce: select coalesce(null, 0) from t'],
  ['select a + 1 from t', 'SqlArithmetic: select a - 1 from t'],
] as const

for (const [statement, mutant] of single) {
  test(`"${statement}" has one mutant`, () => assert.deepEqual(mutantsOf(statement), [mutant]))
}

test('what is quoted or put in stays as it is, and so does text that is not SQL', () => {
  assert.deepEqual(mutantsOf(`select '1 < 2 and 3' from t`), [])
  assert.deepEqual(mutantsOf('select ${a < b} from t'), [])
  assert.deepEqual(mutantsOf('more than 1 and less than 2, or so'), [])
})

test('the practice of a tenant table is held by row-level security, that of a table that spans practices is not', () => {
  const terms = (table: string) => mutantsOf(`select a from ${table} where practice_id = $1 and b`).length
  assert.equal(terms('control.t') - terms('aegis.t'), 1)
})

test('an arrow that names an argument is no comparison', () => {
  assert.deepEqual(mutantsOf('select make_interval(secs => $1)'), [])
})
