import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../../testing/manual-clock.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { systemRandom } from '../clock/random.ts'
import type { Tx } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import { usesMax } from './data-key.ts'
import { openKek } from './open-kek.ts'
import type { Pseudonym } from './practice-keys.ts'
import { createSealing, type SealingLimits } from './sealing.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-sealing-'))
after(() => rmSync(home, { recursive: true, force: true }))
const { db, owner } = await scratchDatabase()
const kek = await openKek({ db, random: systemRandom }, { directory: home, purpose: 'phi' })
const clock = manualClock()

/** What one process of Aegis has: its own memory over the common database. */
const newProcess = (limits?: SealingLimits) => createSealing({ db, kek, clock, random: systemRandom }, limits)
let practices = 1000
const newPractice = () => practices++

const code = (expected: ErrorCode) => (error: unknown) => isAegisError(error, expected) || assert.fail(String(error))
const at = { table: 'aegis.record', column: 'sealed', row: 'appointment:1' }
const name = Buffer.from('Sandboxtest, Donna')

test('what one process seals under a practice key another one opens, also after a restart', async () => {
  const practice = newPractice()
  const sealed = (await newProcess().practice(undefined, practice)).seal(at, name)
  assert.deepEqual((await newProcess().practice(undefined, practice)).open(at, sealed), name)
})

test('what is sealed under a patient key opens in another process that loads the key', async () => {
  const practice = newPractice()
  const keys = await newProcess().practice(undefined, practice)
  const patient = keys.pseudonym('patient', '7')
  const sealed = await db.practice(practice, async (tx) => {
    await keys.ensurePatients(tx, [patient])
    return keys.seal({ ...at, patient }, name)
  })
  const other = await newProcess().practice(undefined, practice)
  assert.throws(() => other.open({ ...at, patient }, sealed), code('sealing.key-not-loaded'))
  await db.practice(practice, (tx) => other.loadPatients(tx, [patient]))
  assert.deepEqual(other.open({ ...at, patient }, sealed), name)
})

test('any bytes under any row and column open as they were sealed, empty ones and a megabyte too', async () => {
  const practice = newPractice()
  const keys = await newProcess().practice(undefined, practice)
  const patient = keys.pseudonym('patient', '1')
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient]))
  const place = fc.record({ table: fc.string(), column: fc.string(), row: fc.array(fc.string()) })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(new Uint8Array()),
    fc.constant(new Uint8Array(1 << 20).fill(3)),
  )
  fc.assert(
    fc.property(place, bytes, fc.boolean(), (where, plain, own) => {
      const full = own ? { ...where, patient } : where
      assert.ok(keys.open(full, keys.seal(full, plain)).equals(plain))
    }),
    { numRuns: 60 },
  )
})

test('a sealed value opens in no other row, column, table, practice or patient, and not under the other kind of key', async () => {
  const [practice, foreign] = [newPractice(), newPractice()]
  const sealing = newProcess()
  const keys = await sealing.practice(undefined, practice)
  const patient = keys.pseudonym('patient', '1')
  const twin = keys.pseudonym('patient', '2')
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient, twin]))
  const sealed = keys.seal({ ...at, patient }, name)
  const wrongPlaces = [
    { ...at, patient, row: 'appointment:2' },
    { ...at, patient, row: ['appointment:1'].concat('') },
    { ...at, patient, column: 'clear' },
    { ...at, patient, table: 'aegis.change' },
    { ...at, patient: twin },
    at,
  ]
  for (const wrong of wrongPlaces) assert.throws(() => keys.open(wrong, sealed), code('sealing.unreadable'))
  const ofPractice = keys.seal(at, name)
  assert.throws(() => keys.open({ ...at, patient }, ofPractice), code('sealing.unreadable'))
  const others = await sealing.practice(undefined, foreign)
  assert.throws(() => others.open(at, ofPractice), code('sealing.unreadable'))
  assert.deepEqual(keys.open(at, ofPractice), name)
})

test('wrapped keys cannot be exchanged between patients in the database', async () => {
  const practice = newPractice()
  const keys = await newProcess().practice(undefined, practice)
  const [one, two] = [keys.pseudonym('patient', '1'), keys.pseudonym('patient', '2')]
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [one, two]))
  await owner.rows(
    `update aegis.data_key k set wrapped_key = o.wrapped_key from aegis.data_key o
     where k.practice_id = $1 and o.practice_id = $1 and k.subject = $2 and o.subject = $3`,
    [practice, one, two],
  )
  const later = await newProcess().practice(undefined, practice)
  await assert.rejects(
    db.practice(practice, (tx) => later.loadPatients(tx, [one])),
    code('sealing.unreadable'),
  )
})

test('pseudonyms, blind indexes and digests are stable in a practice and differ between practices and fields', async () => {
  const [practice, foreign] = [newPractice(), newPractice()]
  const ours = await newProcess().practice(undefined, practice)
  const again = await newProcess().practice(undefined, practice)
  const theirs = await newProcess().practice(undefined, foreign)
  const pseudonym = ours.pseudonym('patient', '7')
  assert.match(pseudonym, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(again.pseudonym('patient', '7'), pseudonym)
  assert.notEqual(theirs.pseudonym('patient', '7'), pseudonym)
  assert.notEqual(ours.pseudonym('patient', '07'), pseudonym)
  assert.equal(again.blindIndex('lastname', 'smith'), ours.blindIndex('lastname', 'smith'))
  const indexes = [
    ours.blindIndex('lastname', 'smith'),
    ours.blindIndex('firstname', 'smith'),
    theirs.blindIndex('lastname', 'smith'),
    ours.blindIndex('lastnames', 'mith'),
  ]
  assert.equal(new Set(indexes).size, indexes.length)
  assert.equal(ours.digest('patient', name), again.digest('patient', 'Sandboxtest, Donna'))
  assert.notEqual(ours.digest('patient', name), theirs.digest('patient', name))
  assert.match(ours.digest('patient', name), /^[A-Za-z0-9_-]{43}$/)
})

test('a pseudonym may be logged, the id it stands for may not', async () => {
  const keys = await newProcess().practice(undefined, newPractice())
  const id: string = '7'
  silentLog.info('test.logged', { patient: keys.pseudonym('patient', id) })
  // @ts-expect-error a free string does not compile
  silentLog.info('test.logged', { patient: id })
})

test('a blind index is cut to the bits asked for, so that values collide', async () => {
  const keys = await newProcess().practice(undefined, newPractice())
  assert.equal(keys.blindIndex('lastname', 'smith').length, 8)
  const short = new Set(Array.from({ length: 500 }, (_, n) => keys.blindIndex('lastname', String(n), 10)))
  assert.ok(short.size > 200 && short.size < 500, `${short.size} of 1024 possible`)
  for (const index of short) assert.equal(Number.parseInt(index, 16) & 0b111111, 0)
  for (const bits of [7, 129, 12.5]) assert.throws(() => keys.blindIndex('lastname', 'smith', bits), RangeError)
})

test('keys made in a transaction that rolls back are never used again', async () => {
  const practice = newPractice()
  const sealing = newProcess()
  const keys = await sealing.practice(undefined, practice)
  const patient = keys.pseudonym('patient', '7')
  const failing = db.practice(practice, async (tx) => {
    await keys.ensurePatients(tx, [patient])
    // A second batch in the same transaction sees the row that may still go.
    await (await sealing.practice(tx, practice)).ensurePatients(tx, [patient])
    throw new Error('rolled back')
  })
  await assert.rejects(failing, /rolled back/)
  for (const batch of [keys, await sealing.practice(undefined, practice)]) {
    const sealed = await db.practice(practice, async (tx) => {
      await batch.ensurePatients(tx, [patient])
      return batch.seal({ ...at, patient }, name)
    })
    const restarted = await newProcess().practice(undefined, practice)
    await db.practice(practice, (tx) => restarted.loadPatients(tx, [patient]))
    assert.deepEqual(restarted.open({ ...at, patient }, sealed), name)
  }
})

test('two processes that meet the same new patients at once share their keys', async () => {
  const practice = newPractice()
  await newProcess().practice(undefined, practice)
  const patientsOf = async (ids: number[]) => {
    const keys = await newProcess().practice(undefined, practice)
    const patients = ids.map((id) => keys.pseudonym('patient', String(id)))
    return db.practice(practice, async (tx) => {
      await keys.ensurePatients(tx, patients)
      return patients.map((patient) => ({ patient, sealed: keys.seal({ ...at, patient }, name) }))
    })
  }
  const ids = Array.from({ length: 300 }, (_, id) => id)
  const sealed = await Promise.all([patientsOf(ids), patientsOf(ids.toReversed()), patientsOf(ids.slice(100))])
  const reader = await newProcess().practice(undefined, practice)
  await db.practice(practice, (tx) =>
    reader.loadPatients(
      tx,
      ids.map((id) => reader.pseudonym('patient', String(id))),
    ),
  )
  for (const { patient, sealed: bytes } of sealed.flat()) assert.deepEqual(reader.open({ ...at, patient }, bytes), name)
})

test('many processes that start a practice at once agree on its keys', async () => {
  const practice = newPractice()
  const all = await Promise.all(Array.from({ length: 6 }, () => newProcess().practice(undefined, practice)))
  assert.equal(new Set(all.map((keys) => keys.pseudonym('patient', '7'))).size, 1)
  const sealed = all.map((keys) => keys.seal(at, name))
  for (const keys of all) for (const bytes of sealed) assert.deepEqual(keys.open(at, bytes), name)
})

test('a page of 5,000 new patients costs at most three statements, the next one a single statement or none', async () => {
  const practice = newPractice()
  const sealing = newProcess({ patientKeysMax: 5000 })
  const keys = await sealing.practice(undefined, practice)
  const patients = Array.from({ length: 5000 }, (_, id) => keys.pseudonym('patient', String(id)))
  let statements = 0
  const counted = (tx: Tx): Tx => ({
    rows: (statement, values) => {
      statements++
      return tx.rows(statement, values)
    },
  })
  const ensure = async () => {
    statements = 0
    const batch = await sealing.practice(undefined, practice)
    await db.practice(practice, (tx) => batch.ensurePatients(counted(tx), patients))
    return statements
  }
  assert.ok((await ensure()) <= 3)
  assert.equal(await ensure(), 1)
  assert.equal(await ensure(), 0)
})

test('keys beyond the limit of memory are dropped without disturbing the batch that uses them', async () => {
  const practice = newPractice()
  const sealing = newProcess({ patientKeysMax: 3 })
  const keys = await sealing.practice(undefined, practice)
  const patients = Array.from({ length: 10 }, (_, id) => keys.pseudonym('patient', String(id)))
  for (let round = 0; round < 3; round++) {
    const batch = await sealing.practice(undefined, practice)
    await db.practice(practice, (tx) => batch.ensurePatients(tx, patients))
    for (const patient of patients) {
      assert.deepEqual(batch.open({ ...at, patient }, batch.seal({ ...at, patient }, name)), name)
    }
  }
})

test('a destroyed patient key makes its values unreadable, also for processes that held it, within seconds', async () => {
  const practice = newPractice()
  const sealing = newProcess()
  const keys = await sealing.practice(undefined, practice)
  const patient = keys.pseudonym('patient', '7')
  const load = (batch: typeof keys) => db.practice(practice, (tx) => batch.loadPatients(tx, [patient]))
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient]))
  const sealed = keys.seal({ ...at, patient }, name)
  await load(keys)
  await owner.rows('delete from aegis.data_key where practice_id = $1 and subject = $2', [practice, patient])
  await owner.rows('update aegis.keyring set epoch = epoch + 1 where practice_id = $1', [practice])
  await clock.advance(10_000)
  const later = await sealing.practice(undefined, practice)
  await load(later)
  assert.throws(() => later.open({ ...at, patient }, sealed), code('sealing.key-missing'))
  assert.throws(() => later.seal({ ...at, patient }, name), code('sealing.key-missing'))
})

test('a practice whose keys were destroyed gets no new ones', async () => {
  const practice = newPractice()
  await newProcess().practice(undefined, practice)
  await owner.rows('delete from aegis.data_key where practice_id = $1', [practice])
  await owner.rows(`update aegis.keyring set destroyed_at = '2026-01-01', epoch = epoch + 1 where practice_id = $1`, [
    practice,
  ])
  await assert.rejects(newProcess().practice(undefined, practice), code('sealing.key-missing'))
  const rows = await owner.rows('select 1 from aegis.data_key where practice_id = $1', [practice])
  assert.equal(rows.length, 0)
})

test('a much used practice key gets a new version, which seals once every process knows it; old values stay readable', async () => {
  const practice = newPractice()
  const [busy, other] = [newProcess({ usesBeforeRenewal: 10_000 }), newProcess()]
  const old = (await other.practice(undefined, practice)).seal(at, name)
  const versionOf = (sealed: Buffer) => sealed.readUInt32BE(3)
  for (let count = 0; count < 20_000; count++) (await busy.practice(undefined, practice)).seal(at, name)
  const keys = await busy.practice(undefined, practice)
  const [row] = await owner.rows<{ versions: string; uses: string }>(
    `select count(*) as versions, sum(uses) as uses from aegis.data_key where practice_id = $1 and kind = 'practice'`,
    [practice],
  )
  assert.equal(row?.versions, '2')
  assert.ok(Math.abs(Number(row.uses) - 20_000) <= 2 * 4096, `${row.uses} uses written down`)
  assert.equal(versionOf(keys.seal(at, name)), 1)
  await clock.advance(60_000)
  const sealed = (await busy.practice(undefined, practice)).seal(at, name)
  assert.equal(versionOf(sealed), 2)
  const reader = await other.practice(undefined, practice)
  assert.deepEqual(reader.open(at, sealed), name)
  assert.deepEqual(reader.open(at, old), name)
  assert.equal(reader.pseudonym('patient', '7'), keys.pseudonym('patient', '7'))
})

test('a key refuses to seal more than 2^32 values', async () => {
  const practice = newPractice()
  const keys = await newProcess().practice(undefined, practice)
  const patient = keys.pseudonym('patient', '7')
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient]))
  const sealed = keys.seal({ ...at, patient }, name)
  await owner.rows('update aegis.data_key set uses = $2 where practice_id = $1', [practice, usesMax - 1])
  const worn = await newProcess({ usesBeforeRenewal: Number.POSITIVE_INFINITY }).practice(undefined, practice)
  await db.practice(practice, (tx) => worn.ensurePatients(tx, [patient]))
  worn.seal({ ...at, patient }, name)
  assert.throws(() => worn.seal({ ...at, patient }, name), code('sealing.key-exhausted'))
  worn.seal(at, name)
  assert.throws(() => worn.seal(at, name), code('sealing.key-exhausted'))
  assert.deepEqual(worn.open({ ...at, patient }, sealed), name)
})

test('a hundred thousand values sealed under one key carry as many nonces', async () => {
  const keys = await newProcess().practice(undefined, newPractice())
  const nonces = new Set<string>()
  for (let count = 0; count < 100_000; count++) nonces.add(keys.seal(at, name).toString('latin1', 7, 19))
  assert.equal(nonces.size, 100_000)
})

test('a closed sealing has forgotten its keys, for batches under way too', async () => {
  const practice = newPractice()
  const sealing = newProcess()
  const keys = await sealing.practice(undefined, practice)
  const patient = keys.pseudonym('patient', '7')
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient]))
  const batch = await sealing.practice(undefined, practice)
  await db.practice(practice, (tx) => batch.ensurePatients(tx, [patient]))
  const sealed = batch.seal({ ...at, patient }, name)
  sealing.close()
  assert.throws(() => batch.seal(at, name), code('sealing.closed'))
  assert.throws(() => batch.open({ ...at, patient }, sealed), code('sealing.closed'))
  assert.throws(() => batch.pseudonym('patient', '7'), code('sealing.closed'))
  await assert.rejects(sealing.practice(undefined, practice), code('sealing.closed'))
})

test('practice keys wrapped by another key-encryption key are refused, not replaced', async () => {
  const practice = newPractice()
  await newProcess().practice(undefined, practice)
  const stranger = await openKek({ db, random: systemRandom }, { directory: home, purpose: 'credentials' })
  const sealing = createSealing({ db, kek: stranger, clock, random: systemRandom })
  await assert.rejects(sealing.practice(undefined, practice), code('sealing.kek-wrong'))
})

test('the database holds no key and no plaintext', async () => {
  const practice = newPractice()
  const plainKeys: Buffer[] = []
  const random = {
    ...systemRandom,
    bytes: (count: number) => {
      const bytes = randomBytes(count)
      if (count === 32) plainKeys.push(Buffer.from(bytes))
      return bytes
    },
  }
  const keys = await createSealing({ db, kek, clock, random }).practice(undefined, practice)
  const patient = keys.pseudonym('patient', 'canary-4711') as Pseudonym
  await db.practice(practice, (tx) => keys.ensurePatients(tx, [patient]))
  const rows = await owner.rows<{ line: string }>(
    'select k::text as line from aegis.data_key k where practice_id = $1',
    [practice],
  )
  assert.equal(rows.length, 3)
  assert.equal(plainKeys.length, 3)
  const dump = rows.map(({ line }) => line).join('\n')
  assert.ok(!dump.includes('canary-4711'))
  for (const key of plainKeys) assert.ok(!dump.includes(key.toString('hex')))
})

test('rows of another practice’s keys are out of reach', async () => {
  const [practice, foreign] = [newPractice(), newPractice()]
  await newProcess().practice(undefined, practice)
  const keys = await newProcess().practice(undefined, foreign)
  const patient = keys.pseudonym('patient', '7')
  await assert.rejects(
    db.practice(practice, (tx) => keys.ensurePatients(tx, [patient])),
    code('db.statement-failed'),
  )
})
