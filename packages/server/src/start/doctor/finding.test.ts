import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AegisError } from '../../errors/aegis-error.ts'
import { reporter } from './finding.ts'

const report = reporter('database')

test('an error of ours is told with its detail, its code and its remedy', () => {
  const { message, remedy } = report.fromError('database', new AegisError('db.unavailable', { reason: '28P01' }))
  assert.equal(message, 'The database is not reachable (reason: 28P01). (db.unavailable)')
  assert.match(remedy ?? '', /DATABASE_URL_FILE/)
})

test('one that only a defect brings about is to be reported, and so is what is not ours: there may be no instance, and no log', () => {
  assert.match(
    report.fromError('database', new AegisError('upstream.no-context')).remedy ?? '',
    /^Report it as a defect/,
  )
  assert.equal(report.fromError('database', new TypeError('a slip')).remedy, 'Report it as a defect, with this line.')
})

test('of what is not ours nothing is told but its class', () => {
  const { message } = report.fromError('database', new TypeError('a name of somebody'))
  assert.equal(message, 'This check failed unexpectedly (TypeError).')
})
