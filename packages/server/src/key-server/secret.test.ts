import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { isAegisError } from '../errors/aegis-error.ts'
import { Secret } from './secret.ts'

const canary = 'canary-secret'

test('a secret shows nowhere', () => {
  const secret = Secret.fromBytes(Buffer.from(canary))
  const shown = [
    String(secret),
    `${secret}`,
    secret + '',
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 9 }),
    inspect({ nested: [secret] }),
    format('%s %o %j', secret, secret, secret),
    inspect(structuredClone(secret)),
    JSON.stringify(Object.entries(secret)),
    inspect(new Error('failed', { cause: secret })),
    inspect(new Error(`with ${secret}`)),
  ]
  for (const text of shown) assert.doesNotMatch(text, /canary|63 61 6e/)
  assert.equal(`${secret}`, '[redacted]')
})

test('the bytes given are wiped, and can be taken once', () => {
  const bytes = Buffer.from(canary)
  const secret = Secret.fromBytes(bytes)
  assert.ok(bytes.every((byte) => byte === 0))
  assert.equal(secret.take().toString(), canary)
  assert.throws(
    () => secret.take(),
    (error) => isAegisError(error, 'key-server.secret-taken'),
  )
})

for (const { text, taken } of [
  { text: `${canary}\n`, taken: canary },
  { text: `${canary}\r\n`, taken: canary },
  { text: ` with blanks `, taken: ' with blanks ' },
  { text: 'x'.repeat(4096), taken: 'x'.repeat(4096) },
]) {
  test(`a file with ${JSON.stringify(text.slice(0, 20))} holds the secret without the line’s end`, () => {
    assert.equal(Secret.fromBytes(Buffer.from(text)).take().toString(), taken)
  })
}

for (const text of ['', '\n', 'two\nlines', `${canary}\n\n`, 'tab\there', 'umläut', 'x'.repeat(4097), '\u0000']) {
  test(`${JSON.stringify(text.slice(0, 20))} is refused without being quoted`, () => {
    assert.throws(
      () => Secret.fromBytes(Buffer.from(text)),
      (error) => isAegisError(error, 'key-server.secret-invalid') && !String(error).includes('canary'),
    )
  })
}
