import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Mutant } from './mutant.ts'
import { type KnownTest, testsFor } from './test-coverage.ts'

const path = 'packages/server/src/quota/day.sql.ts'
const source = `
const read = sql('read', \`select a from t\`)

export function readDay() {
  return run(read)
}
`
const body = { startOffset: source.indexOf('export'), endOffset: source.length - 1 }

function known(file: string, ms: number, count: number): KnownTest {
  const ranges = [
    { startOffset: 0, endOffset: source.length, count: 1 },
    { ...body, count },
  ]
  return { file, ms, limits: { testMs: 1, fileMs: 1 }, reached: new Map([[path, [ranges]]]) }
}

function at(text: string): Mutant {
  const start = source.indexOf(text)
  return { id: 'day.sql.ts:00000000', path, start, end: start + 1, operator: 'any', replacement: '' }
}

test('a test that loads the file without calling the function does not reach what is in it', () => {
  const tests = [known('calls.test.ts', 1, 1), known('loads.test.ts', 1, 0)]
  const files = testsFor(at('run(read)'), source, tests).map(({ file }) => file)
  assert.deepEqual(files, ['calls.test.ts'])
})

test('what stands in a constant is reached by who reaches its use', () => {
  const tests = [known('calls.test.ts', 1, 1), known('loads.test.ts', 1, 0)]
  const files = testsFor(at('select a'), source, tests).map(({ file }) => file)
  assert.deepEqual(files, ['calls.test.ts'])
})
