import assert from 'node:assert/strict'
import { test } from 'node:test'
import { feedTable } from '../feeds/feed-table.ts'
import { listEndpoints } from '../resources/endpoints.ts'
import { catalogue, catalogueEntry } from './catalogue.ts'

const entries = catalogue()

test('there are 818 endpoints: 476 that read, 156 that add, 113 that change, 73 that remove', () => {
  const count = (method: string) => entries.filter((entry) => entry.method === method).length
  assert.deepEqual(
    [entries.length, count('GET'), count('POST'), count('PUT'), count('DELETE')],
    [818, 476, 156, 113, 73],
  )
  assert.equal(new Set(entries.map((entry) => entry.name)).size, 818)
})

test('every brace of a path is a parameter of it, and required', () => {
  for (const { name, path, params } of entries) {
    const braces = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const inPath = params.filter((param) => param.place === 'path')
    assert.deepEqual(
      inPath.map((param) => param.name),
      braces,
      name,
    )
    assert.ok(
      inPath.every((param) => param.required && !param.array),
      name,
    )
  }
})

test('no endpoint has two parameters of one name, and a write has them in its form', () => {
  for (const { name, method, params, bodyEncoding } of entries) {
    assert.equal(new Set(params.map((param) => param.name.toLowerCase())).size, params.length, name)
    const isWrite = method === 'POST' || method === 'PUT'
    const places = new Set(params.map((param) => param.place).filter((place) => place !== 'path'))
    assert.ok(!places.has(isWrite ? 'query' : 'form'), name)
    assert.equal(bodyEncoding, isWrite ? 'form' : undefined, name)
  }
})

test('a list has a key, and nothing else has one', () => {
  for (const { name, envelope, recordKey } of entries) {
    assert.equal(recordKey !== undefined, envelope === 'list', name)
  }
})

test('what takes limit and offset says so, with limits that make sense', () => {
  for (const { name, method, paging, params } of entries) {
    const names = params.filter((param) => param.place !== 'path').map((param) => param.name)
    if (!paging) continue
    assert.ok(method === 'GET' && names.includes('limit') && names.includes('offset'), name)
    const { limitDefault = 1, limitMax = 5_000 } = paging
    assert.ok(limitDefault >= 1 && limitDefault <= limitMax && limitMax <= 5_000, name)
  }
})

test('the reads that take records are the 24 feeds, and one more of old documents', () => {
  const consuming = entries.filter((entry) => entry.consuming).map((entry) => entry.path)
  const feeds = Object.values(feedTable).map((feed) => feed.path)
  assert.deepEqual(consuming.toSorted(), [...feeds, '/documents/order/signedoff/changed'].toSorted())
})

test('the heavy calls are the four that athenahealth names', () => {
  assert.deepEqual(
    entries.filter((entry) => entry.intensive).map((entry) => entry.name),
    ['GET /appointments/booked', 'GET /appointments/booked/multipledepartment', 'GET /claims', 'GET /patients'],
  )
})

test('the catalogue and the lists of the resource methods agree', () => {
  for (const { route, shape } of Object.values(listEndpoints)) {
    const entry = catalogueEntry(`GET ${route}`)
    assert.ok(entry, route)
    if (entry.envelope === 'list') assert.equal(entry.recordKey, shape.key)
    for (const [field, kind] of Object.entries(entry.fields)) {
      const theirs = shape.record.fields[field]
      if (theirs !== undefined) assert.equal(kind, theirs, `${route} ${field}`)
    }
  }
})

test('what has not been seen has no shape, and what has been recorded has one', () => {
  const count = (known: string) => entries.filter((entry) => entry.known === known).length
  assert.deepEqual([count('recorded'), count('documented'), count('legacy')], [173, 629, 16])
  for (const { name, envelope, fields } of entries) {
    if (envelope === 'unknown') assert.deepEqual(fields, {}, name)
  }
})

test('an unknown name is no endpoint', () => {
  for (const name of ['GET /nothing', 'PATCH /patients', 'get /patients', '', 'toString']) {
    assert.equal(catalogueEntry(name), undefined)
  }
})
