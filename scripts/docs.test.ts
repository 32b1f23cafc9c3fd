import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { referencePages } from './docs.ts'

for (const [path, text] of referencePages()) {
  test(`${path} says what the program says (else: npm run docs)`, () => {
    assert.equal(readFileSync(join(import.meta.dirname, '..', path), 'utf8'), text)
  })
}
