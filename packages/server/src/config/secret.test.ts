import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Secret } from './secret.ts'

const plain = 'a plain text nobody may see'
const secret = new Secret(plain)

const ways: [title: string, show: () => unknown][] = [
  ['a text made of it', () => [secret].join('')],
  ['String()', () => String(secret)],
  ['JSON', () => JSON.stringify({ secret })],
  ['inspect', () => inspect({ nested: [secret] }, { depth: 9, showHidden: true })],
  ['a structured clone', () => inspect(structuredClone({ secret }))],
  ['a copy', () => JSON.stringify(Object.assign({}, secret))],
  ['an error with a cause', () => inspect(new Error('x', { cause: secret }))],
]

for (const [title, show] of ways) {
  test(`${title} does not show a secret`, () => assert.ok(!String(show()).includes(plain)))
}

test('reveal gives it to whoever asks by name', () => assert.equal(secret.reveal(), plain))
