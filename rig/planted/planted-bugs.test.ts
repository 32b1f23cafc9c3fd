import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { plantedBugs } from './planted-bugs.ts'
import { isRun } from './run-check.ts'

const root = join(import.meta.dirname, '..', '..')

for (const { name, file, find, replace, caughtBy } of plantedBugs) {
  test(`it can be planted: ${name}`, () => {
    const source = readFileSync(join(root, file), 'utf8')
    assert.equal(source.split(find).length - 1, 1, `in ${file}, once: ${find}`)
    assert.notEqual(replace, find)
    const missing = caughtBy.filter((check) => !isRun(check) && !existsSync(join(root, check)))
    assert.deepEqual(missing, [], 'what must notice it is there')
  })
}

test('no two have one name', () => {
  assert.deepEqual(
    plantedBugs.map(({ name }) => name),
    [...new Set(plantedBugs.map(({ name }) => name))],
  )
})
