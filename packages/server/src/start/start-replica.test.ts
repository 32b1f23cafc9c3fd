import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOfMirrored } from './start-replica.ts'

const config = { practices: [2, 1], sync: { feeds: ['patients', 'claims'], departments: { 1: ['3', '4'] } } } as const

for (const [what, other, same] of [
  ['in another order', { practices: [1, 2], sync: { ...config.sync, feeds: ['claims', 'patients'] } }, true],
  ['of another practice', { ...config, practices: [1, 3] }, false],
  ['with a feed less', { ...config, sync: { ...config.sync, feeds: ['patients'] } }, false],
  ['of other departments', { ...config, sync: { ...config.sync, departments: { 1: ['3'] } } }, false],
  ['of all departments', { ...config, sync: { ...config.sync, departments: {} } }, false],
] as const) {
  test(`a process that mirrors the same ${what} is ${same ? 'no other' : 'another'}`, () => {
    assert.equal(digestOfMirrored(other) === digestOfMirrored(config), same)
  })
}
