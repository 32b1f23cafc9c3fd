/** What a check makes of bodies that agree, or do not agree, with what is held. */
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
import { type ApplyInput, applyRecords } from './apply-records.ts'
import { withdrawRecord } from './withdraw-record.ts'
import { recordKey } from './record-name.ts'
import { recordKinds } from './record-kinds.ts'
import type { WireRecord } from './wire-record.ts'

const { db, owner } = await scratchDatabase()
const keyDirectory = mkdtempSync(join(tmpdir(), 'aegis-checks-'))
after(() => rmSync(keyDirectory, { recursive: true }))
const kek = await openKek({ db, random: systemRandom }, { directory: keyDirectory, purpose: 'phi' })
const sealing = createSealing({ db, kek, clock: systemClock, random: systemRandom })
const facts = { departments: new Map([['1', { departmentid: '1', timezonename: 'US/Eastern' }]]) }

let nextPractice = 1
let nextSeq = 1n

function mirror(kind: ApplyInput['kind']) {
  const practice = nextPractice++
  const apply = (records: WireRecord[], rest: Partial<ApplyInput> = {}) =>
    db.practice(practice, async (tx) => {
      const keys = await sealing.practice(tx, practice)
      const input = { practice, kind, source: 'feed', shape: 'list', fetchSeq: nextSeq++, records, facts } as const
      return applyRecords(tx, keys, { ...input, ...rest })
    })
  const check = (records: WireRecord[], rest: Partial<ApplyInput> = {}) =>
    apply(records, { source: 'reconciliation', shape: kind === 'appointment' ? 'booked' : 'list', ...rest })
  const states = async () => {
    const rows = await owner.rows<{ state: string }>(`select state from aegis.record where practice_id = $1`, [
      practice,
    ])
    return rows.map(({ state }) => state)
  }
  return { practice, apply, check, states }
}

const patient = { patientid: '501', firstname: 'Ada', lastname: 'Quill', status: 'active' }
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

test('a record that is as it should be is no difference', async () => {
  const { apply, check } = mirror('appointment')
  await apply([visit])
  assert.deepEqual((await check([visit])).changes, [])
})

const damages: readonly [what: string, sql: string, fields: string[]][] = [
  ['a status read by analysts', `clear = jsonb_set(clear, '{status}', '"x"')`, ['(clear)']],
  ['an instant of start', `clear = jsonb_set(clear, '{startsAt}', '"2026-03-02T01:00:00.000Z"')`, ['(startsAt)']],
  ['a version from the future', `last_modified_at = last_modified_at + interval '1 year'`, ['(version)']],
  ['a body that no longer opens', `sealed = overlay(sealed placing '\\x00' from length(sealed))`, ['(unreadable)']],
]

for (const [what, set, fields] of damages) {
  test(`a check finds and mends ${what}, although the body received last was the same`, async () => {
    const { apply, check, practice } = mirror('appointment')
    await apply([visit])
    await owner.rows(`update aegis.record set ${set} where practice_id = $1`, [practice])
    const [change] = (await check([visit])).changes
    assert.deepEqual([change?.what, change?.fields], ['updated', fields])
    assert.deepEqual((await check([visit])).changes, [])
  })
}

test('a record that is missing here is found', async () => {
  const { apply, check, practice } = mirror('patient')
  await apply([patient])
  await owner.rows('delete from aegis.record where practice_id = $1', [practice])
  assert.deepEqual(
    (await check([patient])).changes.map(({ what }) => what),
    ['created'],
  )
})

test('a list takes nothing back that the feed brought while or just before it was read', async () => {
  const { apply, check } = mirror('patient')
  await apply([patient])
  const asked = nextSeq++
  await apply([{ ...patient, lastname: 'Newer' }])
  const meanwhile = await check([patient], { fetchSeq: asked })
  assert.deepEqual([meanwhile.stale, meanwhile.changes, meanwhile.wishes], [1, [], []])
  const lagging = await check([patient], { recentSince: systemClock.now() - 60_000 })
  assert.deepEqual([lagging.changes, lagging.wishes.map(({ asks }) => asks)], [[], ['501']])
})

test('a list that was asked for later and shows an older version is not believed, and neither is the mirror', async () => {
  const { apply, check } = mirror('appointment')
  await apply([{ ...visit, lastmodified: '03/01/2026 11:00:00' }])
  const { changes, wishes } = await check([visit])
  assert.deepEqual([changes, wishes], [[], [{ kind: 'appointment', key: '9001', asks: '9001' }]])
})

test('a time of last change that never was keeps no later body out for good', async () => {
  const { apply, check } = mirror('appointment')
  await apply([{ ...visit, lastmodified: '12/30/9999 11:00:00' }])
  const [moved] = [{ ...visit, starttime: '10:30', lastmodified: '03/01/2026 12:00:00' }]
  assert.equal((await apply([moved])).stale, 1)
  assert.equal((await check([moved])).wishes.length, 1)
  const asked = { source: 'refetch', shape: 'get' } as const
  const soon = await apply([moved], { ...asked, recentSince: systemClock.now() - 60_000 })
  assert.deepEqual(soon.changes, [])
  const later = await apply([moved], { ...asked, recentSince: systemClock.now() + 60_000 })
  assert.deepEqual(
    later.changes.map(({ fields }) => fields),
    [['lastmodified', 'starttime']],
  )
})

test('a patient whom athenahealth no longer shows is withheld, and restored when shown again', async () => {
  const { apply, states, practice } = mirror('patient')
  await apply([patient])
  await db.practice(practice, async (tx) => {
    const key = recordKey(recordKinds.patient, await sealing.practice(tx, practice), { id: '501' })
    await withdrawRecord(tx, {
      practice,
      kind: 'patient',
      key,
      fetchSeq: nextSeq++,
      wantedSeq: nextSeq,
      isPatientShown: false,
    })
  })
  assert.deepEqual(await states(), ['withheld'])
  assert.deepEqual(
    (await apply([patient])).changes.map(({ what }) => what),
    ['restored'],
  )
  assert.deepEqual(await states(), ['present'])
})

/** As a read by id shows it. */
const { lastmodified: _, ...visitById } = visit

test('what a read by id had left out is told as such, and nothing else with it', async () => {
  const byId = { source: 'refetch', shape: 'get' } as const
  const seen = async (damage?: string) => {
    const { apply, check, practice } = mirror('appointment')
    await apply([visitById], byId)
    if (damage !== undefined) await owner.rows(`update aegis.record set ${damage} where practice_id = $1`, [practice])
    return (await check([visit])).changes.map(({ what, fields, completes = false }) => [what, ...fields, completes])
  }
  assert.deepEqual(await seen(), [['updated', 'lastmodified', true]])
  assert.deepEqual(await seen(`state = 'deleted'`), [['restored', 'lastmodified', false]])
  const [cleared = []] = await seen(`clear = jsonb_set(clear, '{status}', '"x"')`)
  assert.deepEqual(cleared, ['updated', 'lastmodified', '(clear)', false])
})

test('what was changed after all that is held had come was not told before: it is no explanation of a loss', async () => {
  const slot = { ...visitById, appointmentstatus: 'o', patientid: '' }
  for (const rest of [{ source: 'replay', shape: 'feed' }, { shape: 'booked' }] as const) {
    const { apply, check } = mirror('appointment')
    await apply([slot], { source: 'snapshot', shape: 'open' })
    const { changes } = await check([{ ...slot, frozen: true, lastmodified: '12/30/9999 10:00:00' }], rest)
    const told = changes.map(({ what, fields, completes = false }) => [what, ...fields, completes])
    assert.deepEqual(told, [['updated', 'frozen', 'lastmodified', false]])
  }
})
