import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Simulator, startSimulator } from '@aegis/simulator'
import { type AthenaClientOptions, createAthenaClient } from './athena-client.ts'
import { appointmentStart } from './records/appointment.ts'
import type { AthenaPractice } from './resources/athena-practice.ts'
import type { Page } from './resources/list.ts'

const PRACTICE = 195_900
const MINUTE_MS = 60_000
const spring = Date.UTC(2026, 2, 2, 15, 0, 0)

const apps = [
  { clientId: 'typed', secret: 'one' },
  { clientId: 'texts', secret: 'two', encoding: 'string' },
  { clientId: 'elsewhere', secret: 'three', practices: [7] },
] as const

function practiceOf(simulator: Simulator, options: Partial<AthenaClientOptions> = {}): AthenaPractice {
  const client = createAthenaClient({
    environment: 'local',
    baseUrl: simulator.url,
    fetch: (url, init) => simulator.fetch(url, init),
    credential: { clientId: 'typed', secret: 'one' },
    retry: { baseMs: 1 },
    ...options,
  })
  return client.practice(PRACTICE)
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

function idsInTruth(simulator: Simulator, kind: 'patients' | 'providers' | 'departments', field: string): string[] {
  return [...simulator.truth.records(PRACTICE, kind)].map((record) => String(record[field])).sort()
}

describe('against the simulator, as at a practice', () => {
  let simulator: Simulator
  let practice: AthenaPractice
  before(async () => {
    const practices = [{ id: PRACTICE, patients: 250 }]
    simulator = await startSimulator({ seed: 7, practices, limits: 'off', apps, speed: 0, startAt: spring })
    practice = practiceOf(simulator)
  })
  after(async () => {
    const defects = simulator.truth.defects()
    await simulator.stop()
    assert.deepEqual(defects, [])
  })

  test('the set-up of a practice is read over a real socket', async () => {
    const overHttp = practiceOf(simulator, { fetch: (url, init) => fetch(url, init) })
    assert.equal((await overHttp.practiceInfo()).value.practiceid, String(PRACTICE))
    const departments = await all(overHttp.departments.list({ showalldepartments: true, limit: 2 }))
    assert.deepEqual(
      departments.map(({ departmentid }) => departmentid).sort(),
      idsInTruth(simulator, 'departments', 'departmentid'),
    )
    const [first] = departments
    assert.ok(first)
    assert.equal((await overHttp.departments.get(first.departmentid)).value.name, first.name)
  })

  test('every patient and provider arrives once, page by page', async () => {
    const patients = await all(practice.patients.list({ limit: 60 }))
    assert.deepEqual(patients.map(({ patientid }) => patientid).sort(), idsInTruth(simulator, 'patients', 'patientid'))
    const providers = await all(practice.providers.list({ limit: 3 }))
    assert.deepEqual(
      providers.map(({ providerid }) => providerid).sort(),
      idsInTruth(simulator, 'providers', 'providerid'),
    )
  })

  test('both eras of encoding are read as the same values, but for what is inside untyped fields', async () => {
    const texts = practiceOf(simulator, { credential: { clientId: 'texts', secret: 'two' } })
    const window = { startdate: '2026-03-02', enddate: '2026-03-06' }
    const [ours, theirs] = await Promise.all(
      [practice, texts].map(
        async (each): Promise<Readonly<Record<string, unknown>>[]> => [
          ...(await all(each.departments.list())),
          ...(await all(each.appointmentTypes.list())),
          ...(await all(each.appointments.booked(window))),
        ],
      ),
    )
    assert.ok(ours && theirs)
    for (const [index, record] of ours.entries()) {
      const { appointmentcopay: _, ...fields } = record
      const { appointmentcopay: __, ...others } = theirs[index] ?? {}
      assert.deepEqual(others, fields)
    }
  })

  test('appointments start on their department’s clock', async () => {
    const departments = await all(practice.departments.list())
    const open = await all(
      practice.appointments.open({ departmentid: departments[0]?.departmentid ?? '', reasonid: -1 }),
    )
    assert.ok(open.length > 0)
    for (const slot of open) {
      const department = departments.find(({ departmentid }) => departmentid === slot.departmentid)
      const start = department && appointmentStart(slot, department)
      assert.ok(start !== undefined && start > spring - 86_400_000 && start < spring + 100 * 86_400_000)
    }
  })

  test('a patient is created, matched, changed, read and removed', async () => {
    const [department] = await all(practice.departments.list())
    assert.ok(department)
    const fields = { firstname: 'Zelda', lastname: 'Quillfeather', dob: '1984-02-29', mobilephone: '5555550142' }
    const { value } = await practice.patients.create({ ...fields, departmentid: department.departmentid })
    const again = await practice.patients.create({ ...fields, departmentid: department.departmentid })
    assert.equal(again.value.patientid, value.patientid)
    const [match] = await all(practice.patients.bestMatch(fields))
    assert.equal(match?.patientid, value.patientid)
    assert.ok((match?.score ?? 0) >= 23)
    await practice.patients.update(value.patientid, { lastname: 'Quillfeather-Okonkwo-Lindqvist' })
    const read = await practice.patients.get(value.patientid)
    assert.deepEqual([read.value.dob, read.value.lastname], ['1984-02-29', 'Quillfeather-Okonkwo-Lindqvist'])
    const found = await all(practice.patients.search({ searchterm: 'Quillfeather' }))
    assert.ok(found.some(({ patientid }) => patientid === value.patientid))
    await practice.patients.update(value.patientid, { status: 'deleted' })
  })

  test('a slot is booked, refused to the next, moved, checked in and out', async () => {
    const { appointments } = practice
    const [department] = await all(practice.departments.list())
    const [patient] = await all(practice.patients.list({ limit: 5 }).pages()).then(([page]) => page?.items ?? [])
    assert.ok(department && patient)
    const { patientid } = patient
    const [slot, ...others] = await all(appointments.open({ departmentid: department.departmentid, reasonid: -1 }))
    // Of the same type: a slot may be kept for another.
    const other = others.find(({ appointmenttypeid }) => appointmenttypeid === slot?.appointmenttypeid)
    assert.ok(slot && other)
    const appointmenttypeid = slot.appointmenttypeid ?? ''
    const booked = await appointments.book(slot.appointmentid, { patientid, appointmenttypeid })
    assert.equal(booked.value.appointmentstatus, 'f')
    await assert.rejects(appointments.book(slot.appointmentid, { patientid, appointmenttypeid }), { code: 'conflict' })
    const moved = await appointments.reschedule(slot.appointmentid, {
      patientid,
      newappointmentid: other.appointmentid,
    })
    assert.equal(moved.value.appointmentid, other.appointmentid)
    await appointments.notes.create(other.appointmentid, { notetext: 'brings the forms' })
    assert.equal((await all(appointments.notes.list(other.appointmentid))).at(-1)?.notetext, 'brings the forms')
    assert.deepEqual((await appointments.cancel(other.appointmentid, { patientid })).value, { status: 'x' })
    assert.equal((await appointments.get(other.appointmentid)).value.appointmentstatus, 'x')
  })

  test('what cannot be is told apart', async () => {
    const wrong = practiceOf(simulator, { credential: { clientId: 'typed', secret: 'wrong' }, retry: false })
    await assert.rejects(wrong.practiceInfo(), { code: 'configuration' })
    const elsewhere = practiceOf(simulator, { credential: { clientId: 'elsewhere', secret: 'three' } })
    await assert.rejects(elsewhere.practiceInfo(), { code: 'forbidden' })
    const lost = practiceOf(simulator, { apiPath: '/v2' })
    await assert.rejects(lost.departments.get(1), { code: 'configuration' })
    await assert.rejects(practice.patients.get(999_999_999), { code: 'not-found' })
    await assert.rejects(practice.feeds.providers.drainPage({ limit: 1 }), { code: 'not-subscribed', executed: 'no' })
    const { departmentid = '' } = (await all(practice.departments.list()))[0] ?? {}
    const nameless = { firstname: '', lastname: '', dob: '1984-02-29', departmentid }
    await assert.rejects(practice.patients.create(nameless), { code: 'invalid-request' })
  })

  test('a revoked token is replaced without the caller noticing', async () => {
    await practice.practiceInfo()
    simulator.truth.revokeTokens()
    const { meta } = await practice.practiceInfo()
    assert.equal(meta.attempts, 2)
  })
})

/** Drains a feed to its end, as the caller of a lossless sync does. */
async function drain(practice: AthenaPractice, limit: number): Promise<Page<{ readonly appointmentid: string }>[]> {
  const pages: Page<{ readonly appointmentid: string }>[] = []
  while ((pages.at(-1)?.items.length ?? limit) >= limit)
    pages.push(await practice.feeds.appointments.drainPage({ limit }))
  return pages
}

function idsOf(pages: readonly Page<{ readonly appointmentid: string }>[]): string[] {
  return pages.flatMap(({ items }) => items.map(({ appointmentid }) => appointmentid)).sort()
}

/** 00:30 Eastern on the night when clocks go back, an hour and a half before they show 01:00 again. */
const autumn = Date.UTC(2026, 10, 1, 4, 30, 0)

for (const fallBackHour of ['first', 'second'] as const) {
  for (const minutes of [0, 40, 70, 100, 160]) {
    test(`drained at ${minutes} minutes into the night of two hours, records are replayed (${fallBackHour} reading)`, async () => {
      const practices = [{ id: PRACTICE, patients: 100 }]
      const times = { speed: 0, startAt: autumn, activationLagMs: 0, fallBackHour }
      const simulator = await startSimulator({ practices, limits: 'off', apps, ...times })
      try {
        const practice = practiceOf(simulator)
        const { appointments } = practice.feeds
        await appointments.subscribe()
        simulator.clock.advance(MINUTE_MS)
        assert.equal((await appointments.status()).value.status, 'ACTIVE')
        simulator.clock.advance(minutes * MINUTE_MS)
        const slots = [...simulator.truth.records(PRACTICE, 'appointments')].filter(
          ({ appointmentstatus, frozen }) => appointmentstatus === 'o' && !frozen,
        )
        const changed = slots.slice(0, 25).map(({ appointmentid }) => String(appointmentid))
        for (const appointment of changed) simulator.truth.change(PRACTICE, { kind: 'freeze', appointment })

        assert.deepEqual(idsOf([await appointments.peek({ limit: 100 })]), [...changed].sort())
        const from = simulator.clock.now()
        const taken = await drain(practice, 10)
        assert.deepEqual([idsOf(taken), taken.length], [[...changed].sort(), 3])
        assert.deepEqual(idsOf(await drain(practice, 10)), [])

        simulator.clock.advance(30 * MINUTE_MS)
        const window = { from: from - 2 * MINUTE_MS, to: from + 2 * MINUTE_MS, limit: 10 }
        const replayed: Page<{ readonly appointmentid: string }>[] = []
        for (let offset = 0; offset <= 30; offset += 10)
          replayed.push(await appointments.replayPage({ ...window, offset }))
        assert.deepEqual(idsOf(replayed), [...changed].sort())
        assert.equal(replayed.at(-1)?.items.length, 0)
      } finally {
        await simulator.stop()
      }
    })
  }
}
