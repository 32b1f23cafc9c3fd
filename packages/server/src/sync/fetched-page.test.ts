import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedNames } from './feed-name.ts'
import { feedTable } from './feed-table.ts'
import { fetchedPage, recordsInPage } from './fetched-page.ts'

for (const feed of feedNames) {
  test(`of a page of ${feed} with something that is no record nothing is lost`, () => {
    const page = { kind: feedTable[feed].kind, shape: 'list' } as const
    assert.deepEqual(recordsInPage(page, JSON.stringify({ [feed]: [7, null] })), [7, null])
  })
}

test('what is no record counts as one of the page, and a field that cannot be read does not', () => {
  const raw = JSON.stringify({ patients: [7, null, { patientid: '1', dob: 'nonsense' }, { patientid: '2' }] })
  const reading = feedTable.patients.read(raw)
  assert.ok(reading.ok)
  assert.deepEqual(new Set(reading.page.faults.map(({ field }) => field)), new Set(['dob', undefined]))
  const meta = { requestId: '', status: 200, receivedAt: 0, attempts: 1 }
  const { items, ids, records } = fetchedPage('patient', { ...reading.page, raw, meta }, { limit: 9, shape: 'list' })
  assert.deepEqual([items, ids, records], [4, ['1', '2'], undefined])
})
