import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { clientPage, type ClientApi, readClientApi, undocumented } from './client-page.ts'

describe('the reference of the client', () => {
  let api: ClientApi
  before(() => {
    api = readClientApi()
  })

  test('every public name has a doc comment, and so has every method', () => {
    assert.ok(api.exports.length > 100)
    assert.deepEqual(undocumented(api), [])
  })

  test('a public name without a doc comment is named, and a method without one', () => {
    const bare = { name: 'bare', doc: '', type: '(): void', members: [] }
    const declaration = { name: 'Planted', doc: '', text: 'interface Planted {}', members: [bare] }
    const exports = [{ name: 'Planted', from: 'athena-client.ts', declaration }]
    assert.deepEqual(undocumented({ exports, all: new Map() }), ['Planted', 'Planted.bare'])
  })

  test('every public name stands on the page once', () => {
    const page = clientPage(api)
    for (const { name } of api.exports) {
      assert.equal(page.split(`\n### \`${name}\``).length, 2, name)
    }
  })

  test('what is exported from a file without a section is noticed', () => {
    const [first] = api.exports
    assert.ok(first)
    assert.throws(() => clientPage({ ...api, exports: [{ ...first, from: 'new-folder/new.ts' }] }), /give them one/)
  })
})
