/** Wire shapes as tests write them down, and the comparison of a record with one. */
import assert from 'node:assert/strict'

/**
 * Recorded fields of the typed era: s text, i whole number, n number, b boolean, a array, o object, z null; `?` may be
 * absent, `|` one of several.
 */
export type Shape = Readonly<Record<string, string>>

/** A shape of `name:letter` words. */
export const fields = (text: string): Shape =>
  Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map((field) => field.split(':') as [string, string]),
  )

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  s: (value) => typeof value === 'string',
  i: Number.isInteger,
  n: (value) => typeof value === 'number',
  b: (value) => typeof value === 'boolean',
  a: Array.isArray,
  o: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  z: (value) => value === null,
}

/** Fails when the record lacks a field of the shape, has another type in one, or has one beside them. */
export function assertShape(record: Readonly<Record<string, unknown>>, shape: Shape): void {
  for (const [name, type] of Object.entries(shape)) {
    if (!(name in record)) {
      assert.ok(type.startsWith('?'), `${name} is missing`)
      continue
    }
    const allowed = type.replace('?', '').split('|')
    const value = record[name]
    assert.ok(
      allowed.some((letter) => types[letter]?.(value) === true),
      `${name} is ${JSON.stringify(value)}, not ${type}`,
    )
  }
  const unknown = Object.keys(record).filter((name) => !(name in shape))
  assert.deepEqual(unknown, [], 'fields that were never recorded')
}
