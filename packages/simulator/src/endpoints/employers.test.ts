import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'

test('employers are found by parts of name and address and by the whole of the rest', () => {
  const api = practiceApi()
  const all = api.rows('GET /employers')
  assert.equal(all.length, 25)
  const [first = {}] = all
  assert.deepEqual(Object.keys(first), ['id', 'name', 'address', 'city', 'state', 'zip', 'phone', 'fax'])
  const found = (query: string): boolean => api.rows(`GET /employers?${query}`).some(({ id }) => id === first['id'])
  const text = (name: string): string => encodeURIComponent(String(first[name]))
  assert.ok(found(`name=${text('name').slice(0, 4)}`) && found(`address=${text('address').slice(0, 6)}`))
  for (const name of ['city', 'state', 'zip', 'phone']) assert.ok(found(`${name}=${text(name)}`), name)
  assert.ok(found(`exactname=${text('name')}`))
  assert.ok(!found(`exactname=${text('name').slice(0, 4)}`) && !found(`city=${text('city').slice(0, 3)}`))
  assert.deepEqual(api.record(`GET /employers/${first['id']}`), first)
})

test('an employer is added, changed, deleted and brought back', () => {
  const api = practiceApi()
  const { employerid: id } = api.record('POST /employers', 'name=Quill%20Mills&city=TROY&countryid=1')
  assert.deepEqual(api.record(`GET /employers/${id}`), { id, name: 'Quill Mills', city: 'TROY' })
  api.call(`PUT /employers/${id}`, 'zip=12180')
  assert.deepEqual(api.record(`GET /employers/${id}`), { id, name: 'Quill Mills', city: 'TROY', zip: '12180' })
  assert.equal(api.call(`PUT /employers/${id}/undelete`).status, 400)
  assert.deepEqual(api.call(`DELETE /employers/${id}`).body, { success: true })
  for (const request of [`GET /employers/${id}`, `PUT /employers/${id}`, `DELETE /employers/${id}`]) {
    assert.equal(api.call(request).status, 404)
  }
  assert.equal(api.rows('GET /employers').length, 25)
  api.call(`PUT /employers/${id}/undelete`)
  assert.equal(api.rows('GET /employers').length, 26)
  assert.equal(api.events.length, 0)
})
