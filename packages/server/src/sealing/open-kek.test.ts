import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemRandom } from '../clock/random.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { keyFilePath } from './key-file.ts'
import { openKek } from './open-kek.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-kek-'))
after(() => rmSync(home, { recursive: true, force: true }))
let homes = 0

async function freshHome(t: TestContext) {
  const { db } = await scratchDatabase(t)
  const directory = join(home, String(homes++), 'keys')
  const phi = keyFilePath(directory, 'phi')
  const open = () => openKek({ db, random: systemRandom }, { directory, purpose: 'phi' })
  const openCredentials = () => openKek({ db, random: systemRandom }, { directory, purpose: 'credentials' })
  return { directory, phi, open, openCredentials }
}

const refused = (code: ErrorCode) => (error: unknown) => {
  assert.ok(isAegisError(error, code), String(error))
  assert.match(error.message, /Remedy: /)
  return true
}

test('the first start makes a private key file, later starts read the same key', async (t) => {
  const { directory, phi, open, openCredentials } = await freshHome(t)
  const first = await open()
  assert.equal(statSync(phi).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(directory), ['phi.kek'])
  const wrapped = await first.wrap(Buffer.alloc(32, 5), Buffer.from('a'))
  const second = await open()
  assert.equal(second.fingerprint, first.fingerprint)
  assert.deepEqual(await second.unwrap(wrapped, Buffer.from('a')), Buffer.alloc(32, 5))
  await assert.rejects(second.unwrap(wrapped, Buffer.from('b')), refused('sealing.unreadable'))
  const credentials = await openCredentials()
  assert.notEqual(credentials.fingerprint, first.fingerprint)
  await assert.rejects(credentials.unwrap(wrapped, Buffer.from('a')), refused('sealing.unreadable'))
  first.close()
  await assert.rejects(first.wrap(Buffer.alloc(32), Buffer.alloc(0)), (error) => isAegisError(error, 'sealing.closed'))
})

const breaches: { title: string; code: ErrorCode; harm: (home: { phi: string; directory: string }) => void }[] = [
  { title: 'a removed key file', code: 'sealing.kek-missing', harm: ({ phi }) => rmSync(phi) },
  {
    title: 'a removed key directory',
    code: 'sealing.kek-missing',
    harm: ({ directory }) => rmSync(directory, { recursive: true }),
  },
  { title: 'an empty key file', code: 'sealing.kek-damaged', harm: ({ phi }) => writeFileSync(phi, '') },
  {
    title: 'a cut key file',
    code: 'sealing.kek-damaged',
    harm: ({ phi }) => writeFileSync(phi, readFileSync(phi).subarray(0, 40)),
  },
  {
    title: 'a lengthened key file',
    code: 'sealing.kek-damaged',
    harm: ({ phi }) => writeFileSync(phi, Buffer.concat([readFileSync(phi), Buffer.alloc(300)])),
  },
  { title: 'a key file that others may read', code: 'sealing.kek-exposed', harm: ({ phi }) => chmodSync(phi, 0o640) },
  { title: 'a key file that others may write', code: 'sealing.kek-exposed', harm: ({ phi }) => chmodSync(phi, 0o602) },
  {
    title: 'a link in place of the key file',
    code: 'sealing.kek-exposed',
    harm: ({ phi }) => {
      renameSync(phi, `${phi}.moved`)
      symlinkSync(`${phi}.moved`, phi)
    },
  },
]

for (const { title, code, harm } of breaches) {
  test(`${title} is refused with ${code} and a remedy, and no new key is made`, async (t) => {
    const place = await freshHome(t)
    const kek = await place.open()
    harm(place)
    const before = existsSync(place.phi) ? readFileSync(place.phi) : undefined
    await assert.rejects(place.open(), refused(code))
    assert.deepEqual(existsSync(place.phi) ? readFileSync(place.phi) : undefined, before)
    kek.close()
  })
}

test('no bit of a key file can be changed unnoticed', async (t) => {
  const { phi, open } = await freshHome(t)
  await open()
  const bytes = readFileSync(phi)
  for (let bit = 0; bit < bytes.length * 8; bit += 3) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    writeFileSync(phi, changed)
    await assert.rejects(open(), refused('sealing.kek-damaged'), `bit ${bit}`)
  }
})

test('the key file of another installation is refused as the wrong one', async (t) => {
  const ours = await freshHome(t)
  const other = await freshHome(t)
  await ours.open()
  await other.open()
  writeFileSync(ours.phi, readFileSync(other.phi))
  await assert.rejects(ours.open(), refused('sealing.kek-wrong'))
})

test('the two key files cannot take each other’s place', async (t) => {
  const { directory, phi, open, openCredentials } = await freshHome(t)
  await open()
  await openCredentials()
  writeFileSync(phi, readFileSync(keyFilePath(directory, 'credentials')))
  await assert.rejects(open(), refused('sealing.kek-damaged'))
})

test('a crash between writing the key file and noting its fingerprint leaves a key that the next start takes over', async (t) => {
  const { phi, open } = await freshHome(t)
  const unset = setFailpointHook((name) => {
    if (name === 'sealing.after-key-file') throw new Error('crash')
  })
  await assert.rejects(open(), /crash/)
  unset()
  const written = readFileSync(phi)
  await open()
  assert.deepEqual(readFileSync(phi), written)
})

test('a damaged key file is refused also while nothing is sealed yet', async (t) => {
  const { phi, open } = await freshHome(t)
  const first = await open()
  first.close()
  const elsewhere = await freshHome(t)
  await elsewhere.openCredentials()
  writeFileSync(elsewhere.phi, readFileSync(phi).fill(0x20, 20, 24), { mode: 0o600 })
  await assert.rejects(elsewhere.open(), refused('sealing.kek-damaged'))
})

test('a directory that cannot be written to is named with a remedy', async (t) => {
  const { db } = await scratchDatabase(t)
  const occupied = join(home, 'occupied')
  writeFileSync(occupied, '')
  const open = openKek({ db, random: systemRandom }, { directory: join(occupied, 'keys'), purpose: 'phi' })
  await assert.rejects(open, refused('sealing.kek-unreadable'))
})

test('many processes that start at once agree on one key', async (t) => {
  const { directory, open } = await freshHome(t)
  const keks = await Promise.all(Array.from({ length: 8 }, open))
  assert.equal(new Set(keks.map((kek) => kek.fingerprint)).size, 1)
  assert.deepEqual(readdirSync(directory), ['phi.kek'])
})

test('a second host without the key file is told to get it, and makes none', async (t) => {
  const { db } = await scratchDatabase(t)
  const [first, second] = [join(home, `${homes++}`), join(home, `${homes++}`)]
  await openKek({ db, random: systemRandom }, { directory: first, purpose: 'phi' })
  await assert.rejects(
    openKek({ db, random: systemRandom }, { directory: second, purpose: 'phi' }),
    refused('sealing.kek-missing'),
  )
  assert.equal(existsSync(second), false)
})
