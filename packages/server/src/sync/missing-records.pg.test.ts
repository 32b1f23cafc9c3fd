/** What athenahealth says it does not have: when that is believed. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { readPracticePictures } from './read-practice-status.ts'
import { postponeRefetches } from './refetch.sql.ts'

/** The first page of patients is lost on its way, so that they are asked for by id; `byId` answers in athenahealth's place. */
function losePage(mirrored: MirroredPractice, byId: () => Response | undefined): void {
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    if (!broken && call.route === '/patients/changed' && call.consuming) {
      broken = true
      await mirrored.toSimulator(url, init, call)
      return new Response('', { status: 504 })
    }
    const answer = call.route === '/patients/{patientid}' ? byId() : undefined
    return answer ?? mirrored.toSimulator(url, init, call)
  }
}

test('one answer that a record does not exist deletes nothing', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const patients = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patients[0]?.patientid, fields: { lastname: 'Larch' } })
  let mistaken = 0
  losePage(mirrored, () => {
    if (mistaken > 0) return undefined
    mistaken += 1
    return Response.json({ error: 'The patient does not exist.' }, { status: 404 })
  })
  await mirrored.run(2)
  assert.equal(mistaken, 1)
  assert.deepEqual(
    (await mirrored.opened('patient')).filter((record) => record.state !== 'present'),
    [],
  )
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

for (const [title, minutes] of [
  ['for minutes', 3],
  ['for most of an hour', 50],
] as const) {
  test(`a look-up that finds no record at all ${title} deletes none`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    const [patient, other] = [...mirrored.simulator.truth.records(practice, 'patients')]
    mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Larch' } })
    mirrored.change({ kind: 'updatepatient', patient: other?.patientid, fields: { lastname: 'Marigold' } })
    losePage(mirrored, () => Response.json({ error: 'The requested resource is not available.' }, { status: 404 }))
    await mirrored.run(minutes)
    const opened = await mirrored.opened('patient')
    assert.deepEqual(
      opened.filter((record) => record.state !== 'present'),
      [],
    )
    assert.ok(mirrored.log.events().includes('sync.finds-nothing'))
    const { now, unfound } = await unfoundPatients(mirrored)
    assert.equal(unfound?.count, 2)
    const forMinutes = (now - (unfound?.since ?? now)) / 60_000
    assert.ok(forMinutes > minutes / 2 - 1 && forMinutes < minutes + 3, `${forMinutes} minutes`)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(12)
    await assertEqualsTruth(mirrored)
    assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
  })
}

test('what is not asked for any more today is not told as not found', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  const [patient] = [...mirrored.simulator.truth.records(practice, 'patients')]
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Larch' } })
  losePage(mirrored, () => Response.json({ error: 'The requested resource is not available.' }, { status: 404 }))
  await mirrored.run(3)
  assert.equal((await unfoundPatients(mirrored)).unfound?.count, 1)
  await mirrored.advance(11 * 60_000)
  const feed = { practice, feed: 'patients' } as const
  await mirrored.deps.db.practice(practice, (tx) => postponeRefetches(tx, feed, 6 * 3_600_000))
  assert.equal((await unfoundPatients(mirrored)).unfound, undefined)
})

/** What status has of patients that are not found by id. */
async function unfoundPatients({ deps, simulator }: MirroredPractice) {
  const now = simulator.clock.now()
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], now))
  return { now, unfound: pictures.get(practice)?.feeds.find(({ feed }) => feed === 'patients')?.unfound }
}
