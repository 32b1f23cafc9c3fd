import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AegisError } from '../errors/aegis-error.ts'
import { createLog } from './create-log.ts'
import type { Log, LogLevel, Phi } from './log.ts'

type Line = Record<string, unknown>

function collected(level: LogLevel = 'debug'): { log: Log; lines: () => Line[]; text: () => string } {
  let text = ''
  const destination = { write: (line: string) => void (text += line) }
  const clock = { now: () => Date.UTC(2026, 10, 22, 9, 30) }
  const random = { bytes: (count: number) => Buffer.alloc(count, 7) }
  const log = createLog({ level, destination, clock, random })
  const lines = () => text.split('\n').flatMap((line): Line[] => (line ? [JSON.parse(line)] : []))
  return { log, lines, text: () => text }
}

test('a line is one object: time, level, event and the fields', () => {
  const { log, text } = collected()
  log.info('sync.polled', { practice: 195900, records: 3, state: 'live', live: true, feeds: ['a', 'b'], none: null })
  assert.equal(
    text(),
    '{"level":"info","time":"2026-11-22T09:30:00.000Z","event":"sync.polled","practice":195900,"records":3,"state":"live","live":true,"feeds":["a","b"],"none":null}\n',
  )
})

test('a line without fields, and numbers beyond the safe ones', () => {
  const { log, text } = collected()
  log.warn('log.plain')
  log.debug('log.large', { count: 2n ** 63n })
  assert.match(text(), /"event":"log.plain"}\n.*"count":9223372036854775808}\n/)
})

test('a field cannot take the place of time, level or event', () => {
  const { log, lines } = collected()
  log.info('log.reserved', { level: 1, time: 2, event: 3 })
  assert.deepEqual(lines(), [
    { level: 'info', time: '2026-11-22T09:30:00.000Z', event: 'log.reserved', level_: 1, time_: 2, event_: 3 },
  ])
})

test('lines below the level are not written', () => {
  const { log, lines } = collected('warn')
  log.debug('log.a')
  log.info('log.b')
  log.warn('log.c')
  log.error('log.d', new Error('x'))
  assert.deepEqual(
    lines().map(({ event }) => event),
    ['log.c', 'log.d'],
  )
})

class NetworkFault extends Error {}

const errors: [title: string, error: unknown, shown: { class: string; code?: string; sqlstate?: string }][] = [
  ['one of ours', new AegisError('db.busy', { path: '/home/ada' }), { class: 'AegisError', code: 'db.busy' }],
  [
    "PostgreSQL's, which the remedy goes by",
    new Error('x', { cause: new AegisError('db.statement-failed', { sqlstate: '42P01', constraint: 'ada' }) }),
    { class: 'Error', code: 'db.statement-failed', sqlstate: '42P01' },
  ],
  [
    'what only stands in its place',
    new AegisError('db.statement-failed', { sqlstate: 'Ada L' }),
    { class: 'AegisError', code: 'db.statement-failed' },
  ],
  ["the system's", Object.assign(new Error('open /home/ada'), { code: 'ENOENT' }), { class: 'Error', code: 'ENOENT' }],
  [
    'one with its code on the cause',
    new NetworkFault('to Ada', { cause: Object.assign(new Error('Ada'), { code: 'ECONNRESET' }) }),
    { class: 'NetworkFault', code: 'ECONNRESET' },
  ],
  ['one whose code is a sentence', Object.assign(new Error('x'), { code: 'Ada was here' }), { class: 'Error' }],
  ['a text', 'Ada', { class: 'string' }],
  ['nothing', undefined, { class: 'undefined' }],
]

describe('an error is reduced to class, code and id:', () => {
  for (const [title, error, shown] of errors) {
    test(title, () => {
      const { log, lines, text } = collected()
      log.error('log.failed', error, { practice: 1 })
      assert.deepEqual(lines()[0]?.error, { ...shown, id: '070707070707' })
      assert.ok(!text().includes('Ada') && !text().includes('ada'), text())
    })
  }
})

/** What slips past the types, by a cast somewhere, as JavaScript would. */
const slipped: [title: string, value: unknown][] = [
  ['a social security number', 'patient 987-65-4321 seen'],
  ['a telephone number', '(617) 555-0100'],
  ['a date of birth', '04/01/1950'],
  ['an e-mail address', 'ada@example.com'],
  ['a long text', 'x'.repeat(300)],
  ['something deep', [[['987-65-4321']]]],
]

describe('a line that looks like a person is dropped, and said to be:', () => {
  for (const [title, value] of slipped) {
    test(title, () => {
      const { log, lines } = collected()
      // A value that no type let through.
      log.info('log.leak', { value: value as number })
      assert.deepEqual(lines(), [
        { level: 'error', time: '2026-11-22T09:30:00.000Z', event: 'log.line-dropped', dropped: 'log.leak' },
      ])
    })
  }
})

test('ids, times and codes do not look like persons', () => {
  const { log, lines } = collected()
  const request = '0d1b6c9e-1234-4321-8abc-987654321000' as const
  log.info('log.fine', { request, day: '2026-11-22', at: '2026-11-22T09:30:00.000Z', code: '40P01', ms: 9876543210 })
  assert.equal(lines()[0]?.event, 'log.fine')
})

test('what could name a patient does not compile', () => {
  const { log } = collected('error')
  const name: string = 'Ada'
  const branded = 'Ada' as string & Phi
  const brandedLiteral = 'x' as 'x' & Phi
  const id = 'p1' as string & { readonly patientPseudonym: true }
  log.info('log.types', { id, count: 1, state: 'live' })
  // @ts-expect-error -- a free string
  log.info('log.types', { name })
  // @ts-expect-error -- a value branded as PHI
  log.info('log.types', { branded })
  // @ts-expect-error -- a value branded as PHI, whatever else it is
  log.info('log.types', { brandedLiteral })
  // @ts-expect-error -- free strings in a list
  log.info('log.types', { names: [name] })
  // @ts-expect-error -- an object could hold anything
  log.info('log.types', { patient: { name } })
  // @ts-expect-error -- the name of an event is no place for values
  log.info(name)
})
