import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { isAegisError } from '../errors/aegis-error.ts'
import { type KeyLabel, openEnvelope, overheadBytes, placeAad, readLabel, sealEnvelope } from './envelope.ts'
import { nonceSource } from './nonce-source.ts'

const key = createSecretKey('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const nonce = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaab', 'hex')
const place = { practice: 195900, table: 'aegis.record', column: 'sealed', row: 'patient:7' }

/** What was sealed by the first release must open for ever. Never change a vector: add a format instead. */
const vectors: { name: string; label: KeyLabel; aad: Buffer; plain: Buffer; sealed: string }[] = [
  {
    name: 'an empty value under a practice key',
    label: { kind: 'practice', version: 1 },
    aad: placeAad(place),
    plain: Buffer.alloc(0),
    sealed: '01010200000001a0a1a2a3a4a5a6a7a8a9aaabb90e002bce78aab5c5d271e2417a52cf',
  },
  {
    name: 'a value under a patient key of version 258',
    label: { kind: 'patient', version: 258 },
    aad: placeAad({ ...place, patient: '2a4f9e7c-0000-4000-8000-0123456789ab', row: ['a', 'b'] }),
    plain: Buffer.from('{"lastname":"Sandboxtest"}'),
    sealed:
      '01010300000102a0a1a2a3a4a5a6a7a8a9aaab9d3a104c36bf6cde0f00a5e92529a1b014ce3668e6d23118be735cf12ccbb844c5114330de82465d37d9',
  },
  {
    name: 'a key wrapped by a key-encryption key',
    label: { kind: 'kek', version: 1 },
    aad: placeAad({ practice: 0, table: 'aegis.data_key', column: 'wrapped_key', row: ['practice', '1'] }),
    plain: Buffer.alloc(32, 7),
    sealed:
      '01010100000001a0a1a2a3a4a5a6a7a8a9aaabe11f7b2a42cc05b8656280d4007dc7d977ab5e1795b0456b9b09218178ac72062fa8b5e16aa5a11237aba0f15970a08e',
  },
  {
    name: 'a value under a key of its own, of the highest version',
    label: { kind: 'single', version: 2 ** 32 - 1 },
    aad: Buffer.alloc(0),
    plain: Buffer.from([0, 255]),
    sealed: '010104ffffffffa0a1a2a3a4a5a6a7a8a9aaabe6e768360c20acde7cc7abaf2bed6beda6cc',
  },
]

for (const { name, label, aad, plain, sealed } of vectors) {
  test(`the stored format of ${name} is as in the first release`, () => {
    assert.equal(sealEnvelope({ key, label, nonce, aad }, plain).toString('hex'), sealed)
    const stored = Buffer.from(sealed, 'hex')
    assert.deepEqual(readLabel(stored), label)
    assert.deepEqual(openEnvelope({ key, aad }, stored), plain)
  })
}

test('a value of any bytes, also none, opens as it was sealed, under random keys and places', () => {
  const anyPlace = fc.record({
    practice: fc.nat(2 ** 31 - 1),
    table: fc.string(),
    column: fc.string(),
    row: fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string())),
  })
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 5000 }),
      anyPlace,
      fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      (plain, at, version) => {
        const sealing = {
          key: createSecretKey(randomBytes(32)),
          label: { kind: 'practice', version } as const,
          nonce: randomBytes(12),
          aad: placeAad(at),
        }
        const sealed = sealEnvelope(sealing, plain)
        assert.equal(sealed.length, plain.length + overheadBytes)
        assert.deepEqual(openEnvelope(sealing, sealed), Buffer.from(plain))
        // Also from a copy at an odd offset, as a driver may hand it over.
        const shifted = Buffer.concat([Buffer.alloc(3), sealed]).subarray(3)
        assert.equal(readLabel(shifted).version, version)
        assert.deepEqual(openEnvelope(sealing, shifted), Buffer.from(plain))
      },
    ),
    { numRuns: 50 },
  )
})

test('a value of one megabyte opens as it was sealed', () => {
  const plain = randomBytes(1 << 20)
  const aad = placeAad(place)
  const sealed = sealEnvelope({ key, label: { kind: 'practice', version: 1 }, nonce, aad }, plain)
  assert.ok(openEnvelope({ key, aad }, sealed)?.equals(plain))
})

test('no bit of a sealed value can be changed', () => {
  const aad = placeAad(place)
  const sealed = sealEnvelope({ key, label: { kind: 'patient', version: 1 }, nonce, aad }, Buffer.from('Sandboxtest'))
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(openEnvelope({ key, aad }, changed), undefined, `bit ${bit}`)
  }
})

test('a sealed value that was cut, lengthened or is none at all does not open', () => {
  const aad = placeAad(place)
  const sealed = sealEnvelope({ key, label: { kind: 'patient', version: 1 }, nonce, aad }, Buffer.from('Sandboxtest'))
  for (let length = 0; length < sealed.length; length++) {
    const cut = sealed.subarray(0, length)
    if (length < overheadBytes)
      assert.throws(
        () => readLabel(cut),
        (error) => isAegisError(error, 'sealing.format-unknown'),
      )
    else assert.equal(openEnvelope({ key, aad }, cut), undefined)
  }
  assert.equal(openEnvelope({ key, aad }, Buffer.concat([sealed, Buffer.alloc(1)])), undefined)
  const foreign = [
    Buffer.from('{"lastname":"in the clear, and long enough to be one"}'),
    Buffer.alloc(100),
    sealed.fill(9, 1, 2),
  ]
  for (const bytes of foreign)
    assert.throws(
      () => readLabel(bytes),
      (error) => isAegisError(error, 'sealing.format-unknown'),
    )
})

test('two places never give the same bytes to authenticate', () => {
  const places = [
    place,
    { ...place, practice: 195901 },
    { ...place, table: 'aegis.recor', column: 'dsealed' },
    { ...place, column: 'clear' },
    { ...place, row: 'patient:8' },
    { ...place, row: ['patient:7', ''] },
    { ...place, row: ['patient:', '7'] },
    { ...place, row: [] },
    { ...place, patient: 'patient:7', row: '' },
    { ...place, patient: '2a4f9e7c-0000-4000-8000-0123456789ab' },
  ]
  assert.equal(new Set(places.map((at) => placeAad(at).toString('hex'))).size, places.length)
})

test('a hundred thousand nonces are all different', () => {
  const next = nonceSource({ bytes: randomBytes })
  const seen = new Set<string>()
  for (let count = 0; count < 100_000; count++) seen.add(next().toString('latin1'))
  assert.equal(seen.size, 100_000)
})
