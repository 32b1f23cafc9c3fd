import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createSealing } from '../sealing/sealing.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { type ApplyInput, type ApplyResult, applyRecords } from './apply-records.ts'
import { withdrawRecord } from './withdraw-record.ts'
import { openRecord } from './open-record.ts'
import { recordKey } from './record-name.ts'
import { recordKinds } from './record-kinds.ts'
import { lockHeldRecords } from './records.sql.ts'
import type { WireRecord } from './wire-record.ts'

const { db, owner } = await scratchDatabase()
const keyDirectory = mkdtempSync(join(tmpdir(), 'aegis-records-'))
after(() => rmSync(keyDirectory, { recursive: true }))
const kek = await openKek({ db, random: systemRandom }, { directory: keyDirectory, purpose: 'phi' })
const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
const facts = { departments: new Map([['1', { departmentid: '1', timezonename: 'US/Eastern' }]]) }

let nextPractice = 1
let nextSeq = 1n

/** A practice nobody else in this file uses. */
function mirror() {
  const practice = nextPractice++
  const apply = (kind: ApplyInput['kind'], records: WireRecord[], rest: Partial<ApplyInput> = {}) =>
    db.practice(practice, async (tx) => {
      const keys = await sealing.practice(tx, practice)
      return applyRecords(tx, keys, {
        practice,
        kind,
        source: 'feed',
        shape: 'feed',
        fetchSeq: nextSeq++,
        records,
        facts,
        ...rest,
      })
    })
  const read = (kind: ApplyInput['kind'], id: string) =>
    db.practice(practice, async (tx) => {
      const keys = await sealing.practice(tx, practice)
      const key = recordKey(recordKinds[kind], keys, { id })
      const [row] = await lockHeldRecords(tx, { practice, kind }, [{ key, digest: null }])
      if (!row) return undefined
      if (row.patient) await keys.loadPatients(tx, [keys.pseudonym('patient', id), row.patient as never])
      return { state: row.state, body: openRecord(keys, kind, row), patient: row.patient }
    })
  const changes = async () =>
    (
      await owner.rows<{ what: string }>('select what from aegis.change where practice_id = $1 order by change_id', [
        practice,
      ])
    ).map((row) => row.what)
  return { practice, apply, read, changes }
}

const patient = {
  patientid: '501',
  firstname: 'Ada',
  lastname: 'Quill',
  dob: '1990-05-01',
  status: 'active',
  ssn: '987-65-4321',
}
const visit = {
  appointmentid: '9001',
  appointmentstatus: 'f',
  patientid: '501',
  departmentid: '1',
  providerid: '7',
  date: '2026-03-02',
  starttime: '09:30',
  duration: 15,
  lastmodified: '03/01/2026 10:00:00',
}

test('a record is created once, whatever often it arrives', async () => {
  const { apply, changes, read } = mirror()
  assert.equal((await apply('patient', [patient])).created, 1)
  assert.equal((await apply('patient', [{ ...patient }])).unchanged, 1)
  assert.deepEqual(await changes(), ['created'])
  assert.deepEqual((await read('patient', '501'))?.body, patient)
})

test('identity stands nowhere in clear', async () => {
  const { apply, practice } = mirror()
  await apply('patient', [patient])
  await apply('appointment', [visit])
  const text = JSON.stringify([
    await owner.rows('select key, patient, clear, digest from aegis.record where practice_id = $1', [practice]),
    await owner.rows('select * from aegis.change where practice_id = $1', [practice]),
    await owner.rows(`select encode(sealed, 'escape') as sealed from aegis.record where practice_id = $1`, [practice]),
  ])
  for (const secret of ['"501"', 'Ada', 'Quill', '1990-05-01', '987-65'])
    assert.equal(text.includes(secret), false, secret)
})

test("what analysts may see stands in clear, with the instant computed in the department's zone", async () => {
  const { apply, practice } = mirror()
  await apply('appointment', [visit])
  const [row] = await owner.rows<{ clear: object; patient: string }>(
    'select clear, patient from aegis.record where practice_id = $1',
    [practice],
  )
  assert.deepEqual(row?.clear, {
    departmentId: '1',
    providerId: '7',
    status: 'f',
    startsAt: '2026-03-02T14:30:00.000Z',
    localDate: '2026-03-02',
    localTime: '09:30',
    durationMinutes: 15,
  })
  assert.match(row?.patient ?? '', /^[0-9a-f-]{36}$/)
})

test('an older body never replaces a newer one', async () => {
  const { apply, read, changes } = mirror()
  await apply('appointment', [{ ...visit, appointmentstatus: '2', lastmodified: '03/01/2026 11:00:00' }])
  assert.equal((await apply('appointment', [visit])).stale, 1)
  assert.equal((await read('appointment', '9001'))?.body.appointmentstatus, '2')
  assert.deepEqual(await changes(), ['created'])
})

test('a state that comes back is applied again', async () => {
  const { apply, read, changes } = mirror()
  await apply('patient', [patient])
  await apply('patient', [{ ...patient, lastname: 'Reed' }])
  await apply('patient', [patient])
  assert.equal((await read('patient', '501'))?.body.lastname, 'Quill')
  assert.deepEqual(await changes(), ['created', 'updated', 'updated'])
})

test('several versions on one page are applied in order', async () => {
  const { apply, read, changes } = mirror()
  const second = { ...visit, appointmentstatus: '2', lastmodified: '03/01/2026 11:00:00' }
  await apply('appointment', [visit, second, visit])
  assert.equal((await read('appointment', '9001'))?.body.appointmentstatus, '2')
  assert.deepEqual(await changes(), ['created', 'updated'])
})

test('an answer asked for earlier is stale even after an unchanged newer one', async () => {
  const { apply, read } = mirror()
  const early = nextSeq++
  await apply('patient', [patient])
  await apply('patient', [patient])
  const result = await apply('patient', [{ ...patient, lastname: 'Old' }], { fetchSeq: early })
  assert.equal(result.stale, 1)
  assert.equal((await read('patient', '501'))?.body.lastname, 'Quill')
})

test('a booked slot that is freed loses its patient', async () => {
  const { apply, read } = mirror()
  await apply('appointment', [visit])
  const { patientid: _, ...freed } = { ...visit, appointmentstatus: 'o', lastmodified: '03/01/2026 12:00:00' }
  await apply('appointment', [freed])
  const held = await read('appointment', '9001')
  assert.equal(held?.patient, null)
  assert.equal(held?.body.patientid, undefined)
})

test('a deleted patient is kept as deleted and can come back', async () => {
  const { apply, read, changes } = mirror()
  await apply('patient', [patient])
  await apply('patient', [{ ...patient, status: 'deleted' }])
  assert.equal((await read('patient', '501'))?.state, 'deleted')
  await apply('patient', [patient])
  assert.equal((await read('patient', '501'))?.state, 'present')
  assert.deepEqual(await changes(), ['created', 'deleted', 'restored'])
})

const asked = ({ wishes }: ApplyResult) => wishes.map(({ asks }) => asks)

test('a record missing from a page is left alone', async () => {
  const { apply, read } = mirror()
  await apply('patient', [patient, { ...patient, patientid: '502' }], { source: 'snapshot' })
  await apply('patient', [{ ...patient, patientid: '502' }], { source: 'snapshot' })
  assert.equal((await read('patient', '501'))?.state, 'present')
})

test('a merge keeps an alias, gives what hangs on the losing id to the survivor and asks for it', async () => {
  const { apply, read, changes, practice } = mirror()
  await apply('patient', [patient, { ...patient, patientid: '502' }])
  await apply('appointment', [visit])
  const survivor = { ...patient, patientid: '502' }
  const result = await apply('patient', [{ ...survivor, previouspatientids: [{ previouspatientid: '501' }] }])
  assert.deepEqual(result.wishes, [{ kind: 'appointment', key: '9001', asks: '9001' }])
  assert.deepEqual(result.gained, ['502'])
  assert.equal((await read('patient', '501'))?.state, 'merged')
  assert.deepEqual(await changes(), ['created', 'created', 'created', 'updated', 'merged'])
  const aliases = await owner.rows('select 1 from aegis.alias where practice_id = $1', [practice])
  assert.equal(aliases.length, 1)
  const held = await read('appointment', '9001')
  assert.deepEqual([held?.body.patientid, held?.patient], ['502', (await read('patient', '502'))?.patient])
})

test('changes of a merge and of its undoing name both patients', async () => {
  const { apply, read, practice } = mirror()
  const survivor = { ...patient, patientid: '502' }
  await apply('patient', [patient, survivor])
  await apply('patient', [{ ...survivor, previouspatientids: ['501'] }])
  await apply('patient', [survivor, patient], { source: 'refetch', shape: 'get' })
  const rows = await owner.rows(
    `select what, patient, other_key from aegis.change where practice_id = $1 and other_key is not null order by change_id`,
    [practice],
  )
  const [from, into] = [(await read('patient', '501'))?.patient, (await read('patient', '502'))?.patient]
  assert.deepEqual(rows, [
    { what: 'merged', patient: from, other_key: into },
    { what: 'restored', patient: from, other_key: into },
  ])
})

test('a visit that an old page gives to the losing id of a merge is the survivor’s, and asked for', async () => {
  const { apply, read } = mirror()
  const survivor = { ...patient, patientid: '502' }
  await apply('patient', [patient, survivor])
  await apply('patient', [{ ...survivor, previouspatientids: ['501'] }])
  assert.deepEqual(asked(await apply('appointment', [visit])), ['9001'])
  assert.equal((await read('appointment', '9001'))?.patient, (await read('patient', '502'))?.patient)
})

test('the losing id of a merge that a feed still delivers is only asked for', async () => {
  const { apply, read } = mirror()
  await apply('patient', [patient, { ...patient, patientid: '502' }])
  await apply('patient', [{ ...patient, patientid: '502', previouspatientids: ['501'] }])
  assert.deepEqual(asked(await apply('patient', [{ ...patient, lastname: 'Late' }])), ['501'])
  assert.equal((await read('patient', '501'))?.state, 'merged')
})

test('the losing id of a merge that was never held is only asked for', async () => {
  const { apply, read } = mirror()
  await apply('patient', [{ ...patient, patientid: '502', previouspatientids: ['501'] }])
  assert.deepEqual(asked(await apply('patient', [patient], { source: 'snapshot' })), ['501'])
  assert.equal(await read('patient', '501'), undefined)
})

test('a merge that was undone stays undone, whatever old bodies of the survivor still come', async () => {
  const { apply, read } = mirror()
  const survivor = { ...patient, patientid: '502' }
  const merged = { ...survivor, previouspatientids: ['501'] }
  await apply('patient', [patient, survivor])
  const old = nextSeq++
  await apply('patient', [merged])
  await apply('appointment', [{ ...visit, patientid: '502' }])
  const undone = await apply('patient', [survivor, patient], { source: 'refetch', shape: 'get' })
  assert.deepEqual(undone.wishes, [{ kind: 'appointment', key: '9001', asks: '9001' }])
  assert.deepEqual(undone.gained, ['501'])
  await apply('patient', [merged], { source: 'replay' })
  await apply('patient', [merged], { fetchSeq: old })
  assert.equal((await read('patient', '501'))?.state, 'present')
})

test('a start whose zone was not known is worked out when it is, without a change', async () => {
  const { apply, practice, changes } = mirror()
  await apply('appointment', [visit], { facts: { departments: new Map() } })
  await apply('appointment', [visit])
  const rows = await owner.rows(`select clear ->> 'startsAt' as at from aegis.record where practice_id = $1`, [
    practice,
  ])
  assert.deepEqual(rows, [{ at: '2026-03-02T14:30:00.000Z' }])
  assert.deepEqual(await changes(), ['created'])
})

test('a replayed body that cannot be ordered is only asked for', async () => {
  const { apply } = mirror()
  await apply('patient', [patient])
  assert.deepEqual(asked(await apply('patient', [patient], { source: 'replay' })), [])
  assert.deepEqual(asked(await apply('patient', [{ ...patient, lastname: 'X' }], { source: 'replay' })), ['501'])
})

test('what has no id is handed back and the rest is applied', async () => {
  const { apply } = mirror()
  const result = await apply('patient', [{ firstname: 'Nobody' }, patient])
  assert.deepEqual([result.poisonous.length, result.created], [1, 1])
})

test('a targeted read that finds nothing marks the record deleted, unless it was shown since it was missed first', async () => {
  const { apply, read, practice } = mirror()
  const early = nextSeq++
  await apply('appointment', [visit])
  const asked = { practice, kind: 'appointment', key: '9001', isPatientShown: true } as const
  const remove = (fetchSeq: bigint, wantedSeq: bigint) =>
    db.practice(practice, (tx) => withdrawRecord(tx, { ...asked, fetchSeq, wantedSeq }))
  assert.equal(await remove(early, early), undefined)
  assert.equal(await remove(nextSeq++, early), undefined)
  assert.equal(await remove(nextSeq++, nextSeq - 1n), 'deleted')
  assert.equal((await read('appointment', '9001'))?.state, 'deleted')
})

test('counters follow every change of state', async () => {
  const { apply, practice } = mirror()
  await apply('patient', [patient, { ...patient, patientid: '502' }])
  await apply('patient', [{ ...patient, status: 'deleted' }])
  const rows = await owner.rows('select state, records from aegis.record_count where practice_id = $1 order by state', [
    practice,
  ])
  assert.deepEqual(rows, [
    { state: 'deleted', records: '1' },
    { state: 'present', records: '1' },
  ])
})

test('a version in the hour that clocks repeat is ordered by asking, so that no change is lost', async () => {
  const { apply, read } = mirror()
  await apply('appointment', [{ ...visit, lastmodified: '11/01/2026 01:50:00' }])
  await apply('appointment', [{ ...visit, appointmentstatus: 'x', lastmodified: '11/01/2026 01:10:00' }])
  assert.equal((await read('appointment', '9001'))?.body.appointmentstatus, 'x')
})

test('a time outside of all calendars is kept as sent and orders nothing', async () => {
  const { apply, practice, read } = mirror()
  const never = { ...visit, date: '9999-12-31', starttime: '23:30', lastmodified: '12/31/9999 23:59:59' }
  assert.equal((await apply('appointment', [never])).created, 1)
  assert.deepEqual((await read('appointment', '9001'))?.body, never)
  const rows = await owner.rows<{ clear: Record<string, unknown>; at: null }>(
    `select r.clear, v.starts_at as at from aegis.record r join mirror.appointment v
       on v.practice_id = r.practice_id and v.appointment_id = r.key where r.practice_id = $1`,
    [practice],
  )
  assert.deepEqual([rows[0]?.clear.localDate, rows[0]?.clear.startsAt, rows[0]?.at], ['9999-12-31', undefined, null])
  assert.equal((await apply('appointment', [{ ...never, duration: 30 }])).updated, 1)
  const first = { ...never, date: '0001-01-01', starttime: '00:00', lastmodified: '01/01/0001 00:00:00' }
  assert.equal((await apply('appointment', [first])).updated, 1)
})

test('an appointment without a status and a patient that can be read is still shown as one', async () => {
  const { apply, practice } = mirror()
  const { patientid: _, ...rest } = visit
  await apply('appointment', [
    { ...rest, appointmentid: '1', appointmentstatus: { code: 'f' } },
    { ...rest, appointmentid: '2', appointmentstatus: 'x' },
    { ...rest, appointmentid: '3', appointmentstatus: 'x', patientid: '501' },
    { ...rest, appointmentid: '4', appointmentstatus: 'o' },
  ])
  const shown = (view: string) =>
    owner.rows<{ id: string }>(
      `select appointment_id as id from mirror.${view} where practice_id = $1 order by appointment_id`,
      [practice],
    )
  assert.deepEqual(
    (await shown('appointment')).map(({ id }) => id),
    ['1', '3'],
  )
  assert.deepEqual(
    (await shown('open_slot')).map(({ id }) => id),
    ['4'],
  )
})

test('a start with seconds is a start', async () => {
  const { apply, practice } = mirror()
  await apply('appointment', [{ ...visit, starttime: '09:30:00' }])
  const [row] = await owner.rows<{ clear: Record<string, unknown> }>(
    'select clear from aegis.record where practice_id = $1',
    [practice],
  )
  assert.deepEqual([row?.clear.localTime, row?.clear.startsAt], ['09:30', '2026-03-02T14:30:00.000Z'])
})

test('names of fields that are none stand nowhere in clear and stop nothing', async () => {
  const { apply, practice, read } = mirror()
  await apply('patient', [patient])
  const strange = { 'Ada Quill': 1, '5550100': 2, 'a\u0000b': 3, 'c\ud800': 4, '': 5, remark: 'x\u0000\udc00' }
  assert.deepEqual((await apply('patient', [{ ...patient, ...strange }])).poisonous, [])
  assert.deepEqual((await read('patient', '501'))?.body, { ...patient, ...strange })
  const changed = await owner.rows<{ fields: string[] }>(
    'select fields from aegis.change where practice_id = $1 order by change_id',
    [practice],
  )
  assert.deepEqual(
    changed.map(({ fields }) => fields.toSorted()),
    [[], ['(other)', 'remark']],
  )
})

test('two bodies of one record far apart on a page are applied one after the other, as those side by side', async () => {
  const { apply, practice, read } = mirror()
  const many = Array.from({ length: 600 }, (_, index) => ({ patientid: String(1_000 + index), lastname: 'Larch' }))
  const [first, ...others] = many
  assert.equal((await apply('patient', many)).created, 600)
  const changed = { ...first, lastname: 'Rowan' }
  const applied = await apply('patient', [changed, ...others, { ...first }, changed])
  assert.deepEqual([applied.updated, applied.unchanged, applied.poisonous], [3, 599, []])
  assert.equal((await read('patient', '1000'))?.body.lastname, 'Rowan')
  const [count] = await owner.rows<{ changes: string; held: string }>(
    `select count(*) filter (where what = 'updated') as changes,
       (select sum(records) from aegis.record_count where practice_id = $1) as held
     from aegis.change where practice_id = $1`,
    [practice],
  )
  assert.deepEqual([Number(count?.changes), Number(count?.held)], [3, 600])
})
