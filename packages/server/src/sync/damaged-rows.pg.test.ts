/** Rows of the mirror that cannot be opened any more: they hold up nothing else, and checks write them anew. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { damage, passDays } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import type { Kind } from '../records/record-kind.ts'
import { wishForHeld } from '../records/record-name.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'
import { noteWishes } from './note-wishes.ts'
import { nextRefetches, postponeRefetch } from './refetch.sql.ts'
import { refetchRecords } from './refetch-records.ts'

async function mirroredWith(t: Parameters<typeof mirroredPractice>[0], ...further: FeedName[]) {
  const mirrored = await mirroredPractice(t, {
    patients: 9,
    settings: { feeds: [...coreFeeds, ...further], rereadDays: 1 },
  })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

/** Damages the ciphertext of a record, or of all of a kind: its first byte, which names the format, or its last one. */
async function damageRow(
  mirrored: MirroredPractice,
  kind: Kind,
  { key, at = 'last' }: { key?: string; at?: 'first' | 'last' } = {},
) {
  const one = key === undefined ? '' : ` and key = '${key}'`
  const byte = at === 'first' ? '0' : 'length(sealed) - 1'
  const sealed = `set_byte(sealed, ${byte}, get_byte(sealed, ${byte}) # 1)`
  await damage(mirrored, sql('test.damage', `update aegis.record set sealed = ${sealed} where kind = '${kind}'${one}`))
}

async function standing(mirrored: MirroredPractice) {
  const failures = (await mirrored.states()).flatMap(({ feed, failure_code: code }) =>
    code === null ? [] : [`${feed} ${code}`],
  )
  return { failures, quarantined: (await mirrored.trouble()).quarantined }
}

const nothing = { failures: [], quarantined: 0 }

test('a department whose row is damaged keeps no record from being applied, and is written anew', async (t) => {
  const mirrored = await mirroredWith(t)
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  await damageRow(mirrored, 'department', { key: String(patient?.departmentid) })
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
  await mirrored.advance(600_000)
  await mirrored.run(3)
  assert.ok((await mirrored.opened('department')).length > 0)
  assert.deepEqual(await standing(mirrored), nothing)
  await assertEqualsTruth(mirrored)
})

test('appointments written while the row of their department was damaged get their instant back with it', async (t) => {
  const mirrored = await mirroredWith(t)
  const [visit] = [...mirrored.simulator.truth.records(practice, 'appointments')].filter(
    ({ appointmentstatus, date }) =>
      appointmentstatus === 'f' && Date.parse(String(date)) > mirrored.simulator.clock.now() + 2 * 86_400_000,
  )
  await damageRow(mirrored, 'department', { key: String(visit?.departmentid) })
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
  await mirrored.run(1)
  assert.ok((await mirrored.rowsWithoutStart()).includes(String(visit?.appointmentid)))
  await mirrored.advance(600_000)
  await mirrored.run(3)
  assert.deepEqual(await mirrored.rowsWithoutStart(), [])
  await assertEqualsTruth(mirrored)
})

test('a patient whose row is damaged and whom no list shows keeps no snapshot from its end', async (t) => {
  const mirrored = await mirroredWith(t)
  const [patient] = await mirrored.opened('patient')
  await damageRow(mirrored, 'patient', { key: patient?.key ?? '' })
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/patients') return response
    const body = (await response.json()) as { patients: { patientid: string }[] }
    return Response.json({
      ...body,
      patients: body.patients.filter(({ patientid }) => patientid !== patient?.body.patientid),
    })
  }
  await mirrored.wantSnapshot('patients')
  await mirrored.run(3)
  const state = (await mirrored.states()).find(({ feed }) => feed === 'patients')
  assert.equal(state?.resnapshot_wanted_at, null)
  assert.deepEqual(await standing(mirrored), nothing)
})

test('charts are read past a patient whose row is damaged, whose own is read when it was written anew', async (t) => {
  const mirrored = await mirroredWith(t, 'problems')
  const before = await mirrored.opened('problem')
  const patient = (await mirrored.opened('patient')).find(({ body }) =>
    before.some((one) => one.body.patientid === body.patientid),
  )
  await damageRow(mirrored, 'patient', { key: patient?.key ?? '', at: 'first' })
  await damage(mirrored, sql('test.no_problems', `delete from aegis.record where kind = 'problem'`))
  await mirrored.wantSnapshot('problems')
  await mirrored.run(4)
  assert.deepEqual(await standing(mirrored), nothing)
  const state = (await mirrored.states()).find(({ feed }) => feed === 'problems')
  assert.equal(state?.resnapshot_wanted_at, null)
  await passDays(mirrored, 3)
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('a chart of a patient whose row is damaged is asked for like the others', async (t) => {
  const mirrored = await mirroredWith(t, 'problems')
  const [patient, other] = await mirrored.opened('patient')
  await damageRow(mirrored, 'patient', { key: patient?.key ?? '' })
  for (const one of [patient, other])
    mirrored.change({ kind: 'addproblem', patient: one?.body.patientid, snomed: 38341003 })
  await mirrored.run(4)
  assert.deepEqual(await standing(mirrored), nothing)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('records whose rows are damaged are none to compare with, and keep no look-up from its end', async (t) => {
  const mirrored = await mirroredWith(t)
  const [patient] = await mirrored.opened('patient')
  await damage(
    mirrored,
    sql(
      'test.damage_others',
      `update aegis.record set sealed = '\\x00' where kind = 'patient' and key <> '${patient?.key}'`,
    ),
  )
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wish = wishForHeld('patient', keys, patient?.body ?? {}) ?? assert.fail()
    await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Promise.resolve(Response.json({ error: 'The patient does not exist.' }, { status: 404 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(4)
  assert.deepEqual(await standing(mirrored), nothing)
  assert.ok(mirrored.log.events().includes('sync.finds-nothing'))
})

test('a document whose row is damaged and that its patient has no more keeps no reading from its end', async (t) => {
  const mirrored = await mirroredWith(t, 'labresults')
  assert.ok((await mirrored.opened('labresult')).length > 0)
  await damageRow(mirrored, 'labresult')
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    return call.route.endsWith('/documents/labresult') ? Response.json({ totalcount: 0, labresults: [] }) : response
  }
  await mirrored.wantSnapshot('labresults')
  await mirrored.run(3)
  assert.deepEqual(await standing(mirrored), nothing)
  const state = (await mirrored.states()).find(({ feed }) => feed === 'labresults')
  assert.equal(state?.resnapshot_wanted_at, null)
})

test('a row of a kind that no check reads is written anew with the next reading', async (t) => {
  const mirrored = await mirroredWith(t)
  await damageRow(mirrored, 'appointmenttype')
  await mirrored.wantSnapshot('appointmenttypes')
  await mirrored.run(2)
  assert.ok((await mirrored.opened('appointmenttype')).length > 0)
  assert.deepEqual(await standing(mirrored), nothing)
})

for (const at of ['first', 'last'] as const) {
  test(`a change of a record whose row is damaged in its ${at} byte is set aside for a night, and no other waits`, async (t) => {
    const mirrored = await mirroredWith(t)
    const [patient, other] = await mirrored.opened('patient')
    for (const one of [patient, other])
      mirrored.change({ kind: 'updatepatient', patient: one?.body.patientid, fields: { lastname: 'Marigold' } })
    await damageRow(mirrored, 'patient', { key: patient?.key ?? '', at })
    await mirrored.run(3)
    assert.deepEqual(await standing(mirrored), { failures: [], quarantined: 1 })
    await passDays(mirrored, 1)
    await mirrored.run(3)
    assert.deepEqual(await standing(mirrored), nothing)
    await assertEqualsTruth(mirrored)
  })
}

for (const [title, isHeldDamaged, inDoubt] of [
  ['is for what we hold under its key', false, 0],
  ['stays where that is damaged too', true, 1],
] as const) {
  test(`a wish that is damaged holds up no other, and ${title}`, async (t) => {
    const mirrored = await mirroredWith(t)
    const wished = (await mirrored.opened('patient')).slice(0, 2)
    await mirrored.deps.db.practice(practice, async (tx) => {
      const keys = await mirrored.deps.sealing.practice(tx, practice)
      const wishes = wished.flatMap(({ body }) => wishForHeld('patient', keys, body) ?? [])
      await noteWishes(tx, keys, { practice, wishes })
    })
    const [key] = wished.map((one) => one.key)
    await damage(mirrored, sql('test.wish', `update aegis.refetch set sealed_id = '\\x00' where key = '${key}'`))
    if (isHeldDamaged) await damageRow(mirrored, 'patient', { key: key ?? '' })
    const asked = new Set<string>()
    mirrored.fetch = (url, init, call) => {
      if (call.route === '/patients/{patientid}') asked.add(new URL(url).pathname.split('/').at(-1) ?? '')
      return mirrored.toSimulator(url, init, call)
    }
    await mirrored.run(3)
    assert.deepEqual(await standing(mirrored), nothing)
    assert.deepEqual([asked.size, (await mirrored.trouble()).inDoubt], [2 - inDoubt, inDoubt])
  })
}

test('a wish that is damaged is put off by the holder of its feed only, and not where it was noted anew meanwhile', async (t) => {
  const mirrored = await mirroredWith(t)
  const [patient] = await mirrored.opened('patient')
  const feed = { practice, feed: 'patients' } as const
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wish = wishForHeld('patient', keys, patient?.body ?? {}) ?? assert.fail()
    await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
  await damage(mirrored, sql('test.wish', `update aegis.refetch set sealed_id = '\\x00'`))
  await damageRow(mirrored, 'patient', { key: patient?.key ?? '' })
  const due = () => mirrored.deps.db.practice(practice, (tx) => nextRefetches(tx, feed, 1))
  const [read] = await due()
  const former = { ...feed, fence: '0' }
  await assert.rejects(refetchRecords(mirrored.deps, former, {}), (error) => isAegisError(error, 'lease.lost'))
  assert.deepEqual(await due(), [read])
  await damage(mirrored, sql('test.wish_anew', `update aegis.refetch set sealed_id = '\\x01'`))
  const later = { recordKey: patient?.key ?? '', afterMs: 60_000, sealed: read?.sealed_id ?? assert.fail() }
  await mirrored.deps.db.practice(practice, (tx) => postponeRefetch(tx, feed, later))
  assert.equal((await due()).length, 1)
  await mirrored.step('patients')
  assert.deepEqual(await due(), [])
})
