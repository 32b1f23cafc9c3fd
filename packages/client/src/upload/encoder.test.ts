import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { base64Encoder, chainEncoders, type Encoder, percentEncoder } from './encoder.ts'

/** What an encoder makes of bytes that come in pieces. */
function encode(encoder: Encoder, pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...pieces.map((piece) => encoder.push(piece)), encoder.end()])
}

/** Bytes cut anywhere, with pieces of no bytes among them. */
const cut = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })

test('base64 is the same wherever the pieces end', () => {
  fc.assert(
    fc.property(cut, (pieces) => {
      assert.equal(encode(base64Encoder(), pieces).toString(), Buffer.concat(pieces).toString('base64'))
    }),
  )
})

for (let bytes = 0; bytes <= 7; bytes += 1) {
  test(`base64 of ${bytes} bytes, one at a time`, () => {
    const all = Uint8Array.from({ length: bytes }, (_, index) => 250 + index)
    const pieces = Array.from(all, (byte) => Uint8Array.of(byte))
    assert.equal(encode(base64Encoder(), pieces).toString(), Buffer.from(all).toString('base64'))
  })
}

test('percent-encoding is what a form has, wherever the pieces end', () => {
  fc.assert(
    fc.property(cut, (pieces) => {
      // Latin-1 text has one letter a byte, so that any byte can be compared; forms write a blank as a plus.
      const expected = Array.from(Buffer.concat(pieces), (byte) =>
        new URLSearchParams([['', String.fromCharCode(byte & 0x7f)]]).toString().slice(1).replace('+', '%20'),
      )
      const ascii = pieces.map((piece) => piece.map((byte) => byte & 0x7f))
      assert.equal(encode(percentEncoder(), ascii).toString(), expected.join(''))
    }),
  )
})

test('bytes beyond ASCII are percent-encoded one by one', () => {
  assert.equal(encode(percentEncoder(), [Uint8Array.of(0x80, 0xff, 0x0a)]).toString(), '%80%FF%0A')
})

test('a chain gives what its last encoder makes of the rest of the first', () => {
  fc.assert(
    fc.property(cut, (pieces) => {
      const encoded = encode(chainEncoders([base64Encoder(), percentEncoder(), percentEncoder()]), pieces).toString()
      const once = decodeURIComponent(decodeURIComponent(encoded))
      assert.deepEqual(Buffer.from(once, 'base64'), Buffer.concat(pieces))
    }),
  )
})
