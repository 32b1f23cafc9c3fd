/** Patients who are merged and parted again, restricted and shown again, set aside and taken back. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain } from '../../testing/practice-life.ts'
import { damage, passDays, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { wishFor } from '../records/record-name.ts'
import { noteWishes } from './note-wishes.ts'

const minute = 60_000

/** Ids of the patients whom visits in the mirror are about. */
async function patientsOfVisits(mirrored: MirroredPractice): Promise<Map<string, unknown>> {
  const held = await mirrored.opened('appointment')
  return new Map(held.map((record) => [record.key, record.body.patientid]))
}

function stateOf(mirrored: MirroredPractice, id: string): Promise<string | undefined> {
  return mirrored.opened('patient').then((held) => held.find(({ body }) => body.patientid === id)?.state)
}

/** A patient with visits in the mirror, and another one. */
async function twoPatients(mirrored: MirroredPractice): Promise<[from: string, into: string]> {
  const ids = [...new Set((await patientsOfVisits(mirrored)).values())].filter((id) => id !== undefined).map(String)
  const [from, into] = ids
  assert.ok(from !== undefined && into !== undefined)
  return [from, into]
}

test('visits pass to the survivor of a merge as soon as the patients tell of it, and back when it is undone', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [from, into] = await twoPatients(mirrored)
  const before = await patientsOfVisits(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.advance(minute + 1_000)
  await mirrored.step('patients')
  const passed = [...(await patientsOfVisits(mirrored))].filter(([key]) => before.get(key) === from)
  assert.ok(passed.length > 0)
  assert.deepEqual([...new Set(passed.map(([, patient]) => patient))], [into])
  assert.equal(await stateOf(mirrored, from), 'merged')
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(3)
  assert.equal(await stateOf(mirrored, from), 'present')
  // Visits of long ago have come with the merge; those that were there are whose they were.
  const after = await patientsOfVisits(mirrored)
  assert.deepEqual(new Map([...before.keys()].map((key) => [key, after.get(key)])), before)
  await assertEqualsTruth(mirrored)
})

test('a visit cancelled in the hour that clocks repeat says who passed it on to a survivor, though that page was lost', async (t) => {
  const hour = 60 * minute
  const mirrored = await mirroredPractice(t, { startAt: Date.UTC(2026, 10, 1, 4, 30) })
  await mirrored.bringUp()
  await mirrored.advance(1.5 * hour)
  await mirrored.run(1)
  const [from, into] = await twoPatients(mirrored)
  const now = mirrored.simulator.clock.now()
  const visit = (await mirrored.opened('appointment')).find(
    ({ body }) => body.patientid === from && body.appointmentstatus === 'f' && Date.parse(String(body.date)) > now,
  )
  mirrored.change({ kind: 'cancel', appointment: visit?.key })
  await mirrored.run(2)
  await mirrored.advance(4 * hour)
  await mirrored.run(1)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.advance(minute)
  // It has passed to the survivor here before the feed of visits could tell.
  await mirrored.step('patients')
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.run(3)
  // Departments, whose offset has changed meanwhile, are read once a day.
  assert.deepEqual(
    (await mirrored.differences()).filter(({ kind }) => kind === 'appointments'),
    [],
  )
})

test('visits that a merge and its undoing touched in the hour that clocks repeat say so, though that page was lost', async (t) => {
  const mirrored = await mirroredPractice(t, { startAt: Date.UTC(2026, 10, 1, 4, 30) })
  await mirrored.bringUp()
  await mirrored.advance(40 * minute)
  await mirrored.run(1)
  const [from, into] = await twoPatients(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  mirrored.change({ kind: 'unmergepatient', patient: from })
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('another patient who comes in place of one that is themselves again is no word of the merge', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [from, into] = await twoPatients(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(2)
  assert.equal(await stateOf(mirrored, from), 'merged')
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.simulator.faults.add([{ kind: 'swapped-patient', when: { path: '/patients/{patientid}' } }])
  // Until what was processed is read again no more.
  await mirrored.run(40)
  mirrored.simulator.faults.clear()
  await mirrored.run(40)
  assert.equal(await stateOf(mirrored, from), 'present')
  await assertEqualsTruth(mirrored)
})

for (const [title, answer] of [
  ['is refused', () => Response.json({ error: 'not for you' }, { status: 403 })],
  ['is said not to be there', () => Response.json({ error: 'The patient does not exist.' }, { status: 404 })],
] as const) {
  test(`a merge whose survivor ${title} stays in doubt, and holds up neither others nor the feed`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    const [from, into] = await twoPatients(mirrored)
    mirrored.change({ kind: 'mergepatients', from, into })
    await mirrored.run(2)
    let asked = 0
    mirrored.fetch = (url, init, call) => {
      if (!new URL(url).pathname.endsWith(`/patients/${from}`)) return mirrored.toSimulator(url, init, call)
      asked += 1
      // Who answers for the patient is asked for after the patient.
      return asked % 2 === 1 ? mirrored.toSimulator(url, init, call) : Promise.resolve(answer())
    }
    await wishForPatients(mirrored, [from])
    await mirrored.advance(minute + 1_000)
    await wishForPatients(mirrored, [into])
    await mirrored.run(2)
    assert.equal((await mirrored.trouble()).inDoubt, 1)
    const patients = (await mirrored.states()).find(({ feed }) => feed === 'patients')
    assert.deepEqual([patients?.failures, patients?.retry_at], [0, null])
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(25)
    assert.equal((await mirrored.trouble()).inDoubt, 0)
    await assertEqualsTruth(mirrored)
  })
}

async function wishForPatients(mirrored: MirroredPractice, ids: readonly string[]): Promise<void> {
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wishes = ids.map((id) => wishFor(recordKinds.patient, keys, { id }) ?? assert.fail())
    await noteWishes(tx, keys, { practice, wishes })
  })
}

test('what was read as the survivor of a merge is nobody else’s doing when it comes as itself again', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [from, into] = await twoPatients(mirrored)
  mirrored.change({ kind: 'updatepatient', patient: from, fields: { lastname: 'Marigold' } })
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.advance(minute + 1_000)
  await mirrored.step('patients')
  let isUndone = false
  mirrored.fetch = (url, init, call) => {
    if (!isUndone && call.route === '/patients/changed' && !call.consuming && url.includes('showprocessed')) {
      isUndone = true
      mirrored.change({ kind: 'unmergepatient', patient: from })
    }
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(20)
  assert.ok(isUndone)
  assert.ok(!mirrored.log.events().includes('sync.gap'))
  await assertEqualsTruth(mirrored)
})

test('a merge that no feed told of is learned by the checks', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { rereadDays: 2 } })
  await mirrored.bringUp()
  const [from, into] = await twoPatients(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await takeAway(mirrored)
  await passDays(mirrored, 7)
  assert.equal(await stateOf(mirrored, from), 'merged')
  assert.ok((await unexplained(mirrored)).length > 0)
  // Of a visit outside the window only a read by id tells, and that has no time of change.
  const known = (await mirrored.differences()).filter(({ field = '' }) => !field.startsWith('lastmodified'))
  assert.deepEqual(known, [])
})

/** Somebody takes the messages that wait, and athenahealth forgets that it handed them out. */
async function takeAway(mirrored: MirroredPractice): Promise<void> {
  const { feeds } = mirrored.deps.upstream.practice(practice)
  await feeds.patients.drainPage({ limit: 1_000 })
  await feeds.appointments.drainPage({ limit: 1_000 })
  await mirrored.advance(40 * minute)
  const asked = mirrored.toSimulator
  mirrored.fetch = async (url, init, call) => {
    const response = await asked(url, init, call)
    const isReplay = new URL(url).searchParams.has('showprocessedstartdatetime')
    if (!isReplay) return response
    const key = url.includes('/patients/') ? 'patients' : url.includes('/providers/') ? 'providers' : 'appointments'
    return new Response(JSON.stringify({ [key]: [], totalcount: 0 }), { headers: response.headers })
  }
}

test('a patient who becomes restricted is withheld, not deleted, and is back when shown again', async (t) => {
  const practices = [{ id: practice, patients: 100, restrictions: 'hidden' as const }]
  const mirrored = await mirroredPractice(t, { simulator: { practices }, settings: { rereadDays: 1 } })
  const asked: string[] = []
  mirrored.fetch = (url, init, call) => {
    asked.push(url)
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  const [patient = ''] = (await mirrored.opened('patient')).map(({ body }) => String(body.patientid))
  mirrored.change({ kind: 'restrictpatient', patient })
  await passDays(mirrored, 3)
  assert.equal(await stateOf(mirrored, patient), 'withheld')
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(2)
  assert.equal(await stateOf(mirrored, patient), 'present')
  assert.deepEqual(
    asked.filter((url) => url.includes('ignorerestrictions')),
    [],
  )
})

test('what was set aside is taken back in the night after the cause is gone', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  let isBroken = true
  mirrored.onStatement(({ name }) => {
    if (isBroken && name === 'records.write') throw new AegisError('db.statement-failed', { sqlstate: '22P02' })
  })
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
  await mirrored.run(2)
  assert.equal((await mirrored.trouble()).quarantined, 1)
  isBroken = false
  await damage(
    mirrored,
    sql('test.no_replay', `update aegis.feed_state set active_at = aegis.now() where feed = 'patients'`),
  )
  await passDays(mirrored, 1)
  assert.equal((await mirrored.trouble()).quarantined, 0)
  await assertEqualsTruth(mirrored)
})
