import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProcessors } from './processors.ts'

test('a list of processors is read as Linux writes it', () => {
  assert.deepEqual(parseProcessors('0-2,5'), [0, 1, 2, 5])
  assert.deepEqual(parseProcessors('7'), [7])
  assert.deepEqual(parseProcessors(''), [])
})
