import assert from 'node:assert/strict'
import test from 'node:test'
import { isUntold } from './untold-in-hiding.ts'

const untold = { merged: new Set(['15']), claims: new Set(['3000285']), wentBack: new Set(['problems 112']) }

test('a merge that was undone in hiding, a claim that was read for meanwhile, and what went back then, are left out', () => {
  assert.ok(isUntold(untold, { kind: 'patients', id: '15', what: 'state' }))
  assert.ok(isUntold(untold, { kind: 'claims', id: '3000285', what: 'missing' }))
  assert.ok(isUntold(untold, { kind: 'problems', id: '112', what: 'state' }))
})

test('what is wrong of others, or in another way, is not', () => {
  assert.ok(!isUntold(untold, { kind: 'patients', id: '16', what: 'state' }))
  assert.ok(!isUntold(untold, { kind: 'patients', id: '15', what: 'missing' }))
  assert.ok(!isUntold(untold, { kind: 'problems', id: '15', what: 'state' }))
  assert.ok(!isUntold(untold, { kind: 'problems', id: '112', what: 'field' }))
  assert.ok(!isUntold(untold, { kind: 'medications', id: '112', what: 'state' }))
  assert.ok(!isUntold(untold, { kind: 'claims', id: '3000286', what: 'missing' }))
  assert.ok(!isUntold(untold, { kind: 'claims', id: '3000285', what: 'state' }))
})
