import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMutant, type Edit, isOverlapping, lineOf, mutate, mutateAll, nameMutants } from './mutant.ts'

const path = 'packages/server/src/quota/some-day.ts'
const source = 'first\nif (a < b) go()\nif (a < b) go()\n'
const smaller: Edit = { start: 10, end: 15, operator: 'EqualityOperator', replacement: '(a <= b)' }
const again: Edit = { ...smaller, start: 26, end: 31 }

test('a mutant keeps its id when the file changes elsewhere', () => {
  const [before] = nameMutants(path, source, [smaller])
  const [after] = nameMutants(path, `another line\n${source}`, [{ ...smaller, start: 23, end: 28 }])
  assert.match(before?.id ?? '', /^quota\/some-day\.ts:[0-9a-f]{8}$/)
  assert.equal(after?.id, before?.id)
})

test('two places that read the same have two ids', () => {
  const ids = nameMutants(path, source, [smaller, again]).map(({ id }) => id)
  assert.equal(new Set(ids).size, 2)
})

test('a mutant changes its place and nothing else, and says what it does', () => {
  assert.equal(mutate(source, again), 'first\nif (a < b) go()\nif ((a <= b)) go()\n')
  assert.equal(describeMutant(source, again), 'EqualityOperator: a < b → (a <= b)')
  assert.equal(lineOf(source, again), 3)
})

test('several mutants are put in together where none overlaps another', () => {
  assert.equal(mutateAll(source, [smaller, again]), 'first\nif ((a <= b)) go()\nif ((a <= b)) go()\n')
  const [one, two, inner] = nameMutants(path, source, [smaller, again, { ...smaller, start: 14 }])
  assert.ok(one && two && inner)
  assert.deepEqual([isOverlapping(one, two), isOverlapping(one, inner)], [false, true])
  assert.equal(isOverlapping(one, { ...inner, path: 'another file' }), false)
})
