/** A department that is taken off a practice's list and put on it again: what changed of it meanwhile outside of what a first load reads. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { coreFeeds } from './feed-name.ts'
import { registerPractices } from './register-practices.ts'
import type { SyncSettings } from './sync-settings.ts'

const minute = 60_000
const day = 24 * 60 * minute
const both = ['1', '21'] as const
type Wire = Record<string, unknown>

/** A live practice of which two departments are mirrored. */
async function live(t: Parameters<typeof mirroredPractice>[0], settings: Partial<SyncSettings>) {
  const departments = { [practice]: both }
  const mirrored = await mirroredPractice(t, { patients: 40, settings: { departments, ...settings } })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

/** A visit of a department that is held and lies days back by now. */
async function pastVisit(mirrored: MirroredPractice, department: string): Promise<Wire> {
  await mirrored.advance(12 * day)
  await mirrored.run(2)
  const now = mirrored.simulator.clock.now()
  const held = new Set((await mirrored.opened('appointment')).map(({ key }) => key))
  const found = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (one) =>
      one.appointmentstatus === 'f' &&
      String(one.departmentid) === department &&
      Date.parse(String(one.date)) < now - 5 * day &&
      held.has(String(one.appointmentid)),
  )
  assert.ok(found)
  return found
}

/** Until when all that was processed of a feed is known. */
async function knownUntil(mirrored: MirroredPractice, feed: string): Promise<number> {
  const state = (await mirrored.states()).find((one) => one.feed === feed)
  return Math.min(state?.checkpoint ?? 0, state?.foreign_checked_at ?? Infinity)
}

const lose = async (mirrored: MirroredPractice) => {
  await mirrored.deps.upstream.practice(practice).feeds.appointments.unsubscribe({ eventName: 'CancelAppointment' })
  await mirrored.advance(2 * minute)
}
const passed = () => Promise.resolve()
const others = async (mirrored: MirroredPractice) => {
  await mirrored.limitTo(['1', '41'])
  await mirrored.run(6)
}
const lost = async (mirrored: MirroredPractice) => {
  await lose(mirrored)
  await mirrored.run(8)
}
const wholeForAMoment = async (mirrored: MirroredPractice) => {
  await mirrored.limitTo(null)
  await mirrored.step('appointments')
  await mirrored.limitTo(['1'])
  await mirrored.run(8)
}

for (const [what, before, meanwhile] of [
  ['is put on it again', passed, passed],
  ['is put on it again after another one was', passed, others],
  ['is put on it again after the subscription was lost', passed, lost],
  ['is put on it again after the whole practice was to be read and was not', passed, wholeForAMoment],
  ['was taken off it while the subscription was lost', lose, passed],
] as const)
  test(`old visits that changed while their department was off the list are read when it ${what}`, async (t) => {
    const mirrored = await live(t, { bookedDaysBack: 2, subscriptionCheckMs: 3 * minute })
    const visit = await pastVisit(mirrored, '21')
    const known = await knownUntil(mirrored, 'appointments')
    await before(mirrored)
    await mirrored.limitTo(['1'])
    await mirrored.run(8)
    mirrored.change({ kind: 'checkin', appointment: visit.appointmentid })
    await mirrored.run(2)
    await meanwhile(mirrored)
    assert.deepEqual(await mirrored.gaps(), [])
    await mirrored.limitTo(both)
    await mirrored.step('appointments')
    const [gap, ...more] = (await mirrored.gaps()).filter(({ feed }) => feed === 'appointments')
    assert.deepEqual([gap?.cause, more], ['retention-passed', []])
    const from = gap?.from_at ?? 0
    assert.ok(from <= known && from > known - 10 * minute)
    await mirrored.run(8)
    assert.deepEqual(await mirrored.gaps(), [])
    const held = (await mirrored.opened('appointment')).find(({ key }) => key === String(visit.appointmentid))
    assert.equal(held?.body.appointmentstatus, '2')
    assert.deepEqual(await mirrored.differences(both), [])
  })

test('charts of a department that was off the list are read, also where the first load is switched off', async (t) => {
  const mirrored = await live(t, { feeds: [...coreFeeds, 'problems'], loadByPatient: false })
  const patient = [...mirrored.simulator.truth.records(practice, 'patients')].find(
    ({ departmentid }) => String(departmentid) === '21',
  )?.patientid
  mirrored.change({ kind: 'addproblem', patient, snomed: 38341003 })
  await mirrored.run(3)
  await mirrored.limitTo(['1'])
  await mirrored.run(3)
  // Not told, as the subscription says.
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/chart/healthhistory/problems/changed') return response
    const body = (await response.json()) as Wire // the simulator's
    return Response.json(Object.fromEntries(Object.keys(body).map((name) => [name, name === 'totalcount' ? 0 : []])))
  }
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  await mirrored.run(3)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.limitTo(null)
  await mirrored.run(8)
  assert.deepEqual(await mirrored.gaps(), [])
  const problems = (await mirrored.opened('problem')).filter(({ body }) => String(body.patientid) === String(patient))
  const truth = [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')].filter(
    ({ patientid }) => String(patientid) === String(patient),
  )
  assert.equal(problems.length, truth.length)
  assert.ok(truth.length > 1)
})

test('a feed that comes back has a gap since a department was left out before it', async (t) => {
  const mirrored = await live(t, { feeds: [...coreFeeds, 'problems'] })
  const start = async (settings: Partial<SyncSettings>) => {
    mirrored.deps = { ...mirrored.deps, settings: { ...mirrored.deps.settings, ...settings } }
    await registerPractices(mirrored.deps, { practices: [practice], environment: 'local' })
  }
  const known = await knownUntil(mirrored, 'problems')
  await start({ departments: { [practice]: ['1'] } })
  await mirrored.run(3)
  await mirrored.advance(day)
  await mirrored.run(3)
  assert.ok((await knownUntil(mirrored, 'problems')) > known)
  await start({ feeds: coreFeeds })
  await start({ feeds: [...coreFeeds, 'problems'], departments: { [practice]: both } })
  const gaps = (await mirrored.gaps()).filter(({ feed }) => feed === 'problems')
  assert.deepEqual(
    gaps.map(({ cause, from_at: from }) => [cause, from]),
    [['retention-passed', known]],
  )
})

test('a department that was never on the list has no gap', async (t) => {
  const mirrored = await live(t, {})
  await mirrored.limitTo([...both, '41'])
  await mirrored.step('appointments')
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(
    [mirrored.log.events().includes('sync.resubscribed'), mirrored.log.events().includes('sync.gap')],
    [true, false],
  )
})
