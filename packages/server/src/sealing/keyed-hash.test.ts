import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { KeyedHash } from './keyed-hash.ts'

const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 37 + seed * 101 + 11) % 256)

/** RFC 4231, test cases 1, 2 and 3. */
const vectors: readonly [key: Uint8Array, message: Uint8Array, digest: string][] = [
  [
    new Uint8Array(20).fill(0x0b),
    Buffer.from('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    new Uint8Array(20).fill(0xaa),
    new Uint8Array(50).fill(0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
]

for (const [key, message, digest] of vectors) {
  test(`a keyed hash is HMAC-SHA-256 as in RFC 4231: ${digest.slice(0, 8)}`, () => {
    assert.equal(new KeyedHash(key).digest('', message, 'hex'), digest)
  })
}

test('a keyed hash is what createHmac gives, for texts and bytes of every length around a block', () => {
  for (const keyBytes of [1, 31, 32, 63, 64]) {
    const key = bytes(keyBytes, keyBytes)
    const keyed = new KeyedHash(key)
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 5_000]) {
      const text = 'é'.repeat(length)
      const ours = [keyed.digest('a:é', text, 'base64url'), keyed.digest('', bytes(length, 3), 'hex')]
      const nodes = [
        createHmac('sha256', key).update('a:é').update(text).digest('base64url'),
        createHmac('sha256', key).update(bytes(length, 3)).digest('hex'),
      ]
      assert.deepEqual(ours, nodes, `key of ${keyBytes}, message of ${length}`)
    }
  }
})

test('a key that HMAC would hash first is refused', () => {
  for (const length of [0, 65]) assert.throws(() => new KeyedHash(new Uint8Array(length)), RangeError)
})

test('a wiped key is gone', () => {
  const keyed = new KeyedHash(bytes(32, 1))
  const before = keyed.digest('field', 'value', 'hex')
  keyed.wipe()
  assert.notEqual(keyed.digest('field', 'value', 'hex'), before)
})
