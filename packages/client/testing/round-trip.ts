import assert from 'node:assert/strict'
import { startSimulator, type Simulator } from '@aegis/simulator'
import fc from 'fast-check'
import { createAthenaClient } from '../src/athena-client.ts'
import { catalogueEntry } from '../src/catalogue/catalogue.ts'
import type { AthenaPractice } from '../src/resources/athena-practice.ts'

/** A parameter of a write: what is sent, and what the same record says when it is read. */
export interface Written {
  readonly values: fc.Arbitrary<unknown>
  /** The field that shows it. Default: the parameter's own name. */
  readonly shown?: string
  /** What the field then holds. Default: what was sent. */
  readonly read?: (sent: never) => unknown
  /** What was sent is part of a longer text. */
  readonly includes?: true
  /** The client does not know the field, so it keeps the encoding of the app's era: compared as text. */
  readonly unknown?: true
}

export interface RoundTrip {
  readonly write: (fields: Readonly<Record<string, never>>) => Promise<unknown>
  readonly read: () => Promise<unknown>
}

/** Sends values of each parameter, one at a time, and wants them back; the error names the parameter. */
export async function roundTripEach(
  fields: Readonly<Record<string, Written>>,
  { write, read }: RoundTrip,
): Promise<void> {
  for (const [name, written] of Object.entries(fields)) {
    const { values, shown = name, read: readAs = (sent: unknown) => sent } = written
    const trip = fc.asyncProperty(values, async (sent) => {
      // Values and what is made of them belong together in the table; types do not follow it there.
      const value = sent as never
      await write({ [name]: value })
      compare(written, { told: Reflect.get(Object(await read()), shown), expected: readAs(value), name })
    })
    await fc.assert(trip, { numRuns: 3 })
  }
}

function compare({ includes, unknown }: Written, { told, expected, name }: Readonly<Record<string, unknown>>): void {
  if (includes)
    assert.ok(String(told).includes(String(expected)), `${String(name)}: ${String(told)} has no ${String(expected)}`)
  else assert.deepEqual(unknown ? String(told) : told, unknown ? String(expected) : expected, String(name))
}

/** Checks that a write's every parameter is among those that are read back, or is named as one that nothing shows. */
export function assertAllTried(
  endpoint: string,
  fields: Readonly<Record<string, unknown>>,
  shownNowhere: readonly string[] = [],
): void {
  const tried = [...Object.keys(fields), ...shownNowhere]
  const params = catalogueEntry(endpoint)?.params.filter(({ place }) => place !== 'path') ?? []
  assert.ok(params.length > 0, endpoint)
  assert.deepEqual(
    params.map(({ name }) => name).filter((name) => !tried.includes(name)),
    [],
    `${endpoint}: not tried`,
  )
}

/** Characters that forms, JSON and HTML treat with care, and some that are not ASCII. */
const characters = Array.from(`abcXYZ019 &=+%?#;,.'"<>/\\é漢ß—`)

/** Text of 1 to `charactersMax` characters, without blanks at its ends, which are not kept. */
export function anyText(charactersMax = 40): fc.Arbitrary<string> {
  return fc
    .string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: charactersMax })
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

/** A day of the past, `YYYY-MM-DD`. */
export const anyDay: fc.Arbitrary<string> = fc
  .date({ min: new Date('1930-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))

/** A telephone number that belongs to nobody. */
export const anyPhone: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 99 })
  .map((last) => `617555${String(100 + last).padStart(4, '0')}`)

export interface SimulatedPractice extends AsyncDisposable {
  readonly simulator: Simulator
  /** Of an app whose answers are typed. */
  readonly practice: AthenaPractice
  /** Of an app to whom booleans and numbers come as text. */
  readonly texts: AthenaPractice
}

const PRACTICE = 195_900

/** A small practice in this process whose clock stands still. Dispose of it: it then tells of defects it found. */
export async function simulatedPractice(): Promise<SimulatedPractice> {
  const simulator = await startSimulator({
    seed: 11,
    practices: [{ id: PRACTICE, patients: 120 }],
    limits: 'off',
    speed: 0,
    startAt: Date.UTC(2026, 2, 2, 15, 0, 0),
    apps: [
      { clientId: 'typed', secret: 'one' },
      { clientId: 'texts', secret: 'two', encoding: 'string' },
    ],
  })
  const practiceOf = (clientId: string, secret: string) =>
    createAthenaClient({
      environment: 'local',
      baseUrl: simulator.url,
      fetch: (url, init) => simulator.fetch(url, init),
      credential: { clientId, secret },
    }).practice(PRACTICE)
  return {
    simulator,
    practice: practiceOf('typed', 'one'),
    texts: practiceOf('texts', 'two'),
    async [Symbol.asyncDispose]() {
      const defects = simulator.truth.defects()
      await simulator.stop()
      assert.deepEqual(defects, [])
    },
  }
}

/** The first records of a list. */
export async function firstOf<T>(list: {
  fetchPage(): Promise<{ readonly items: readonly T[] }>
}): Promise<readonly T[]> {
  return (await list.fetchPage()).items
}
