import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sampleAnswer } from '../../testing/sample-request.ts'
import { AthenaError } from '../athena-error.ts'
import type { Answered } from '../call/send-call.ts'
import { catalogue } from '../catalogue/catalogue.ts'
import type { CatalogueEntry } from '../catalogue/catalogue-entry.ts'
import { isPlainObject } from '../wire/decode-record.ts'
import { isRejection } from '../wire/read-page.ts'
import { readAnswer } from './read-answer.ts'

const entries = catalogue()
const anyEntry = fc.constantFrom(...entries)
const seenEntry = fc.constantFrom(...entries.filter((entry) => Object.keys(entry.fields).length > 0))

/** What has arrived, as the call path hands it on. */
function answered(entry: CatalogueEntry, value: unknown): Answered {
  const { method, path: route, intensive, consuming } = entry
  const call = {
    method,
    route,
    intensive,
    consuming,
    attempt: 1,
    kind: 'api',
    requestId: 'r',
    idempotent: method === 'GET',
  }
  return {
    value,
    raw: '',
    meta: { requestId: 'r', status: 200, receivedAt: 0, attempts: 1 },
    call: { ...call, kind: 'api' },
  }
}

function read(entry: CatalogueEntry, value: unknown) {
  const planned = { method: entry.method, route: entry.path, consuming: entry.consuming }
  return readAnswer({ entry, answered: answered(entry, value), planned })
}

test('any JSON in place of any answer is read or refused, and never crashes', () => {
  fc.assert(
    fc.property(anyEntry, fc.jsonValue(), (entry, value) => {
      try {
        const answer = read(entry, value)
        assert.ok(answer.value !== undefined && answer.value !== null)
      } catch (error) {
        assert.ok(error instanceof AthenaError, String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})

test('any JSON in any known field is read as its kind, or left out and named', () => {
  const fieldOf = seenEntry.chain((entry) =>
    fc.record({
      entry: fc.constant(entry),
      name: fc.constantFrom(...Object.keys(entry.fields)),
      value: fc.jsonValue(),
    }),
  )
  fc.assert(
    fc.property(fieldOf, ({ entry, name, value }) => {
      const answer = read(entry, sampleAnswer(entry, [{ [name]: value }]))
      const record = recordsOf(entry, answer.value)[0] ?? {}
      const kind = entry.fields[name]
      const told = record[name]
      if (told !== undefined) assert.ok(KINDS[kind ?? 'text'](told), `${entry.name} ${name}`)
      const isNothing = value === null || (typeof value === 'string' && value.trim() === '')
      const isNamed = (answer.unreadable ?? []).some((place) => place.endsWith(name))
      assert.ok(told !== undefined || isNothing || isNamed, `${entry.name} ${name} is lost without a word`)
    }),
    { numRuns: 2_000 },
  )
})

test('fields nobody knows are kept as they came', () => {
  const unknownFields = fc.dictionary(
    fc.string({ minLength: 1 }).map((name) => `x-${name}`),
    fc.jsonValue(),
    PLAIN,
  )
  fc.assert(
    fc.property(seenEntry, unknownFields, (entry, fields) => {
      const answer = read(entry, sampleAnswer(entry, [fields]))
      assert.deepEqual(recordsOf(entry, answer.value)[0], fields)
    }),
    { numRuns: 1_000 },
  )
})

test('what stands around a list is kept as it came', () => {
  const lists = fc.constantFrom(...entries.filter((entry) => entry.envelope === 'list'))
  const beside = fc.dictionary(
    fc.string({ minLength: 1 }).map((name) => `x-${name}`),
    fc.jsonValue(),
    PLAIN,
  )
  fc.assert(
    fc.property(lists, beside, (entry, members) => {
      const value = { ...members, [entry.recordKey ?? '']: [] }
      fc.pre(!isRejection(value))
      assert.deepEqual(read(entry, value).value, value)
    }),
    { numRuns: 1_000 },
  )
})

/** As JSON.parse makes them. */
const PLAIN = { noNullPrototype: true }

const KINDS = {
  id: (value: unknown) => typeof value === 'string',
  text: (value: unknown) => typeof value === 'string',
  dateTime: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  number: (value: unknown) => Number.isFinite(value),
  date: (value: unknown) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value),
  time: (value: unknown) => typeof value === 'string' && /^\d\d:\d\d(:\d\d)?$/.test(value),
  ids: (value: unknown) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  list: (value: unknown) => Array.isArray(value),
} as const

function recordsOf(entry: CatalogueEntry, value: unknown): readonly Record<string, unknown>[] {
  const list: unknown = entry.envelope === 'list' && isPlainObject(value) ? value[entry.recordKey ?? ''] : value
  const records: readonly unknown[] = Array.isArray(list) ? list.flat() : [list]
  return records.filter(isPlainObject)
}
