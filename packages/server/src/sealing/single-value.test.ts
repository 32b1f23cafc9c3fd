import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seededRandom } from '../../testing/seeded-random.ts'
import { systemRandom } from '../clock/random.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { Kek, KekPurpose } from './kek.ts'
import { createKeyFile, readKeyFile } from './key-file.ts'
import { openSingle, sealSingle } from './single-value.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-single-'))
after(() => rmSync(home, { recursive: true, force: true }))
const at = { table: 'control.credential', column: 'sealed_secret', row: ['preview', 'demo-client', '1'] }
const secret = Buffer.from('canary-secret')

async function newKek(purpose: KekPurpose, random = systemRandom): Promise<Kek> {
  const directory = join(home, randomBytes(6).toString('hex'))
  await createKeyFile(directory, purpose, random)
  const kek = await readKeyFile(directory, purpose, random)
  assert.ok(kek)
  return kek
}

test('a value of any length opens at its place and nowhere else', async () => {
  const kek = await newKek('credentials')
  for (const length of [0, 1, 13, 5_000, 100_000]) {
    const plain = randomBytes(length)
    const sealed = await sealSingle({ kek, random: systemRandom }, at, plain)
    assert.deepEqual(await openSingle(kek, at, sealed), plain)
    for (const wrong of [
      { ...at, row: ['production', 'demo-client', '1'] },
      { ...at, column: 'token' },
      { ...at, table: 'x' },
    ]) {
      await assert.rejects(openSingle(kek, wrong, sealed), AegisError)
    }
    const other = await newKek('credentials')
    await assert.rejects(openSingle(other, at, sealed), AegisError)
  }
})

test('no bit of it can be changed, and it cannot be cut', async () => {
  const kek = await newKek('credentials')
  const sealed = await sealSingle({ kek, random: systemRandom }, at, secret)
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await assert.rejects(openSingle(kek, at, changed), AegisError, `bit ${bit}`)
  }
  for (let length = 0; length < sealed.length; length++) {
    await assert.rejects(openSingle(kek, at, sealed.subarray(0, length)), AegisError, `${length} bytes`)
  }
})

test('the stored format is as in the first release', async () => {
  const kek = await newKek('credentials', seededRandom(7))
  const sealed = await sealSingle({ kek, random: seededRandom(8) }, at, secret)
  assert.equal(
    sealed.toString('hex'),
    '0043010101000000018d8ea3758174b90cba3272624c834f6c09c626a00117595276198a5632127e7370822d577e54be542e6f619c08386a1698cce008e0054205d29e768b01010400000001d24bf172c29e6cc896cffd55990dd108fb65720b3661f80065bfcbc372617562f24966a02c63301fe2',
  )
})
