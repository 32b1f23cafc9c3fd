/** Answers that cannot be read, and records that cannot be had: they stop nothing but themselves. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { sql, type Tx } from '../db/db.ts'
import { nextFetchSeq } from '../records/records.sql.ts'
import { wantResnapshot } from './feed-state.sql.ts'
import { openGap } from './gap.sql.ts'
import { readPracticePictures } from './read-practice-status.ts'
import { storePage } from './store-page.ts'

/** What is tested here needs no weeks of appointments. */
const few = { bookedDaysBack: 1, bookedDaysAhead: 2, slotDaysAhead: 1 }

type Answer = Record<string, Record<string, unknown>[]>

/** Lets answers pass, changed or not, as long as the test stands. */
function spoil(mirrored: MirroredPractice, change: (text: string, url: URL) => string | undefined): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const text = await response.text()
    const changed = response.ok ? change(text, new URL(url)) : undefined
    return new Response(changed ?? text, { status: response.status, headers: response.headers })
  }
}

/** Every answer that holds this patient breaks off in the middle of the record. */
function breakOffAt(mirrored: MirroredPractice, patient: unknown): void {
  spoil(mirrored, (text) => {
    const at = text.indexOf(`"patientid":"${String(patient)}"`)
    return at > 0 && text.includes('firstname') ? text.slice(0, at + 5) : undefined
  })
}

function somePatients(mirrored: MirroredPractice) {
  return [...mirrored.simulator.truth.records(practice, 'patients')]
}

async function picture({ deps }: MirroredPractice) {
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], deps.clock.now()))
  return pictures.get(practice) ?? assert.fail('the practice is there')
}

/** Also those that the next snapshot has closed. */
function gapsEver(mirrored: MirroredPractice): Promise<object[]> {
  const text = 'select feed, cause from aegis.gap where practice_id = $1 order by gap_id'
  return mirrored.deps.db.practice(practice, (tx) => tx.rows(sql('test.gaps_ever', text), [practice]))
}

async function failures(mirrored: MirroredPractice) {
  return (await mirrored.states()).map((row) => row.failure_code)
}

test('a record that no page can hold is set aside by a snapshot, and all others are mirrored', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  const bad = somePatients(mirrored)[5]?.patientid
  breakOffAt(mirrored, bad)
  await mirrored.bringUp()
  assert.deepEqual(await failures(mirrored), [null, null, null, null, null])
  const missing = (await mirrored.differences()).map(({ kind, id, what }) => ({ kind, id, what }))
  assert.deepEqual(missing, [{ kind: 'patients', id: String(bad), what: 'missing' }])
  assert.equal((await picture(mirrored)).quarantined, 1)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.deps.db.practice(practice, (tx) => wantResnapshot(tx, { practice, feed: 'patients' }))
  await mirrored.run(2)
  assert.deepEqual(await mirrored.differences(), [])
  assert.equal((await picture(mirrored)).quarantined, 0)
})

test('a record that no page can hold is a gap of the feed, and the feed goes on', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const [bad, other, later] = somePatients(mirrored)
  breakOffAt(mirrored, bad?.patientid)
  for (const patient of [bad, other]) {
    mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
  }
  await mirrored.run(3)
  assert.deepEqual(await gapsEver(mirrored), [{ feed: 'patients', cause: 'unreadable' }])
  mirrored.change({ kind: 'updatepatient', patient: later?.patientid, fields: { lastname: 'Clover' } })
  await mirrored.run(2)
  const missing = (await mirrored.differences()).map(({ kind, id, field }) => ({ kind, id, field }))
  assert.deepEqual(missing, [{ kind: 'patients', id: String(bad?.patientid), field: 'lastname' }])
  assert.deepEqual(await mirrored.gaps(), [])
  assert.ok((await picture(mirrored)).quarantined > 0)
  assert.deepEqual(await failures(mirrored), [null, null, null, null, null])
  mirrored.fetch = mirrored.toSimulator
  await mirrored.deps.db.practice(practice, (tx) => wantResnapshot(tx, { practice, feed: 'patients' }))
  await mirrored.run(2)
  assert.deepEqual(await mirrored.differences(), [])
  assert.equal((await picture(mirrored)).quarantined, 0)
})

test('a snapshot of which no record can be read closes no gap, and one that is read later does', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  spoil(mirrored, (text, url) => {
    const at = text.indexOf('"providerid"')
    return at > 0 && url.pathname.endsWith('/providers') ? text.slice(0, at + 5) : undefined
  })
  const key = { practice, feed: 'providers' } as const
  await mirrored.deps.db.practice(practice, async (tx) => {
    await openGap(tx, key, { cause: 'unreadable', from: null })
    await wantResnapshot(tx, key)
  })
  await mirrored.advance(1_000)
  await mirrored.run(3)
  const told = (await mirrored.gaps()).map(({ feed }) => feed)
  assert.deepEqual([told, (await picture(mirrored)).quarantined], [['providers'], 0])
  mirrored.fetch = mirrored.toSimulator
  await mirrored.advance(30 * 60_000)
  await mirrored.run(2)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.deepEqual(await mirrored.differences(), [])
})

test('a first list without a record that can be read keeps none of the other lists from being read', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  const lists = new Set<string>()
  spoil(mirrored, (text, url) => {
    const department = url.searchParams.get('departmentid')
    if (!url.pathname.endsWith('/patients') || department === null) return undefined
    lists.add(department)
    const at = [...lists][0] === department ? text.indexOf('"patientid"') : -1
    return at > 0 ? text.slice(0, at + 5) : undefined
  })
  await mirrored.bringUp()
  const [spoiled] = lists
  const unread = somePatients(mirrored).filter((patient) => String(patient.departmentid) === spoiled)
  assert.ok(unread.length > 0 && unread.length < 12, `${unread.length}`)
  const missing = (await mirrored.differences()).filter(({ kind, what }) => kind === 'patients' && what === 'missing')
  assert.deepEqual(missing.map(({ id }) => id).sort(), unread.map(({ patientid }) => String(patientid)).sort())
  assert.deepEqual(await failures(mirrored), [null, null, null, null, null])
})

test('a page that is too large is asked for in parts', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: few })
  const sizes: number[] = []
  spoil(mirrored, (text, url) => {
    if (!url.pathname.endsWith('/patients')) return undefined
    const { patients = [] } = JSON.parse(text) as Answer
    sizes.push(patients.length)
    return patients.length > 1 ? `${text}${' '.repeat(17 * 1024 * 1024)}` : undefined
  })
  await mirrored.bringUp()
  assert.deepEqual(await mirrored.differences(), [])
  assert.ok(sizes.some((size) => size > 1))
})

test('a change of an appointment that cannot be read stays on record until a snapshot has read what changed since', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const appointments = [...mirrored.simulator.truth.records(practice, 'appointments')]
  const bad = appointments.find((record) => record.appointmentstatus === 'f')
  spoil(mirrored, (text, url) => {
    const at = text.indexOf(`"appointmentid":"${String(bad?.appointmentid)}"`)
    return at > 0 && url.pathname.endsWith('/changed') ? text.slice(0, at + 5) : undefined
  })
  mirrored.change({ kind: 'cancel', appointment: bad?.appointmentid })
  await mirrored.run(5)
  assert.deepEqual(await gapsEver(mirrored), [{ feed: 'appointments', cause: 'unreadable' }])
  assert.deepEqual(await mirrored.gaps(), [])
  assert.equal((await picture(mirrored)).quarantined, 1)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.wantSnapshot('appointments')
  await mirrored.run(1)
  assert.equal((await picture(mirrored)).quarantined, 0)
})

for (const [title, times, missing] of [
  ['refused a few times is asked for again', 4, false],
  ['refused for good is set aside and does not keep the others', 1_000, true],
] as const) {
  test(`a department's list that is ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
    const bad = somePatients(mirrored)[0]?.departmentid
    let refusals = 0
    mirrored.fetch = async (url, init, call) => {
      const of = new URL(url).searchParams.get('departmentid')
      if (call.route !== '/patients' || of !== String(bad) || refusals >= times)
        return mirrored.toSimulator(url, init, call)
      refusals += 1
      return new Response('{"error":"x"}', { status: 404 })
    }
    await mirrored.run(9)
    const lost = (await mirrored.differences()).filter(({ what }) => what === 'missing')
    assert.equal(lost.length > 0, missing)
    assert.equal((await picture(mirrored)).quarantined, missing ? 1 : 0)
    assert.deepEqual(await failures(mirrored), [null, null, null, null, null])
  })
}

/** Answers to reads by id that Aegis can do nothing with; the list of open slots and the feeds stay as they are. */
const byId: readonly [title: string, answer: (id: string) => Response][] = [
  ['fails with 500', () => new Response('{"error":"x"}', { status: 500 })],
  ['is refused with 403', () => new Response('{"error":"x"}', { status: 403 })],
  ['cannot be read', () => new Response('[{"patientid":')],
  ['is about somebody else', () => new Response('[{"patientid":"999999"}]')],
]

for (const [title, answer] of byId) {
  test(`a record whose read by id ${title} holds up neither others nor the feed`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
    await mirrored.bringUp()
    const [bad, other, later] = somePatients(mirrored)
    let drains = 0
    mirrored.fetch = async (url, init, call) => {
      if (call.route === '/patients/{patientid}' && url.includes(`/${String(bad?.patientid)}?`)) return answer('')
      const response = await mirrored.toSimulator(url, init, call)
      // The first drain's answer is lost: the replay's records are then asked for by id.
      return call.consuming && call.route === '/patients/changed' && drains++ === 0 ? new Response('') : response
    }
    for (const patient of [bad, other]) {
      mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
    }
    await mirrored.run(3)
    mirrored.change({ kind: 'updatepatient', patient: later?.patientid, fields: { lastname: 'Clover' } })
    await mirrored.run(2)
    const missing = (await mirrored.differences()).map(({ id, field }) => ({ id, field }))
    assert.deepEqual(missing, [{ id: String(bad?.patientid), field: 'lastname' }])
    mirrored.fetch = mirrored.toSimulator
    await mirrored.advance(10 * 60_000)
    await mirrored.run(2)
    assert.deepEqual(await mirrored.differences(), [])
  })
}

/** Shapes in which athenahealth answers a read by id, all about the right record. */
const shapes: readonly [title: string, change: (record: Record<string, unknown>) => unknown][] = [
  ['the record itself instead of a list', (record) => record],
  ["another patient's record before it", (record) => [{ ...record, patientid: '999999' }, record]],
  ['the same record twice', (record) => [record, record]],
]

for (const [title, change] of shapes) {
  test(`a read by id is understood that is answered with ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
    await mirrored.bringUp()
    const [patient] = somePatients(mirrored)
    let drains = 0
    spoil(mirrored, (text, url) => {
      if (url.pathname.endsWith(`/patients/${String(patient?.patientid)}`)) {
        const [record] = JSON.parse(text) as Record<string, unknown>[]
        return JSON.stringify(change(record ?? {}))
      }
      return url.pathname.endsWith('/patients/changed') && text.includes('Marigold') && drains++ === 0 ? '' : undefined
    })
    mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
    await mirrored.run(3)
    assert.deepEqual(await mirrored.differences(), [])
    assert.deepEqual(await failures(mirrored), [null, null, null, null, null])
  })
}

/** Puts a page into the inbox behind sync's back. */
function store(mirrored: MirroredPractice, raw: string) {
  return mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const held = { practice, feed: 'patients', fence: '0' } as const
    const page = { kind: 'patient', shape: 'feed', source: 'feed', items: 1, ids: [], more: false } as const
    return storePage(tx, { held, keys }, { ...page, raw, fetchSeq: await nextFetchSeq(tx) })
  })
}

test('a stored page that cannot be read any more is set aside whole, and what it held is read anew', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  await store(mirrored, '{"patients":{"patientid":"1"}}')
  await mirrored.step('patients')
  assert.deepEqual(await gapsEver(mirrored), [{ feed: 'patients', cause: 'unreadable' }])
  await mirrored.run(2)
  assert.deepEqual(await mirrored.gaps(), [])
  const { quarantined, waitingPages } = await picture(mirrored)
  assert.deepEqual({ quarantined, waitingPages }, { quarantined: 1, waitingPages: 0 })
})

test('a long page is stored in a fraction of its length, and read again as it came', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const [patient] = somePatients(mirrored)
  const raw = JSON.stringify({
    patients: Array.from({ length: 50 }, () => ({ ...patient, notes: 'M\u00fcller '.repeat(50) })),
  })
  const { pageId } = await store(mirrored, raw)
  const bytes = sql(
    'test.sealed_bytes',
    `select octet_length(sealed) as bytes from aegis.inbox_page where page_id = $1`,
  )
  const [row] = await mirrored.deps.db.practice(practice, (tx) => tx.rows<{ bytes: number }>(bytes, [pageId]))
  assert.ok((row?.bytes ?? Infinity) < raw.length / 4, `${row?.bytes} bytes of ${raw.length}`)
  await mirrored.step('patients')
  const { quarantined, waitingPages } = await picture(mirrored)
  assert.deepEqual({ quarantined, waitingPages }, { quarantined: 0, waitingPages: 0 })
})

test('a page that cannot be unsealed is kept, and tried again at a measured pace', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const { pageId } = await store(mirrored, '{"patients":[]}')
  await mirrored.deps.db.practice(practice, (tx) => damagePage(tx, pageId))
  const before = mirrored.log.lines.length
  await mirrored.step('patients')
  const failed = mirrored.log.lines.slice(before).filter(({ event }) => event === 'sync.step-failed')
  assert.equal(failed.length, 1)
  assert.equal((await picture(mirrored)).waitingPages, 1)
})

function damagePage(tx: Tx, pageId: string) {
  const text = `update aegis.inbox_page set sealed = sealed || '\\x00' where practice_id = $1 and page_id = $2`
  return tx.rows(sql('test.damage_page', text), [practice, pageId])
}

test('a wish for a snapshot that comes while one is being taken is fulfilled by the next', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const wish = () => mirrored.deps.db.practice(practice, (tx) => wantResnapshot(tx, { practice, feed: 'patients' }))
  await wish()
  await mirrored.advance(1)
  let lists = 0
  let wished = false
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/patients') {
      lists += 1
      // The snapshot has begun; time passes, and what it has read may change behind it.
      if (!wished) {
        wished = true
        await mirrored.advance(1_000)
        await wish()
      }
    }
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(1)
  const listsOfOne = [...mirrored.simulator.truth.records(practice, 'departments')].length + 1
  assert.equal(lists, 2 * listsOfOne)
})

test('a subscription lost while a read is in doubt costs a few calls, and nothing else', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: few })
  await mirrored.bringUp()
  const [patient] = somePatients(mirrored)
  mirrored.change({ kind: 'updatepatient', patient: patient?.patientid, fields: { lastname: 'Marigold' } })
  let calls = 0
  let broken = false
  mirrored.fetch = async (url, init, call) => {
    calls += 1
    const response = await mirrored.toSimulator(url, init, call)
    if (broken || !call.consuming || call.route !== '/patients/changed') return response
    broken = true
    await mirrored.deps.upstream.practice(practice).feeds.patients.unsubscribe()
    return new Response('', { status: 504 })
  }
  await mirrored.run(2)
  assert.ok(calls < 60, `${calls} calls`)
  await mirrored.run(6)
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(await mirrored.gaps(), [])
})

test('no id of a patient stands in clear between the pages of a snapshot', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 12, settings: { ...few, snapshotPageSize: 2 } })
  const anchors: string[] = []
  mirrored.fetch = async (url, init, call) => {
    const kept = await mirrored.deps.db.practice(practice, (tx) => keptAnchors(tx))
    anchors.push(...kept.flatMap((row) => row.anchors))
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  assert.ok(anchors.length > 2)
  const ids = new Set(somePatients(mirrored).map((record) => String(record.patientid)))
  assert.deepEqual(
    anchors.filter((anchor) => ids.has(anchor)),
    [],
  )
  assert.deepEqual(await mirrored.differences(), [])
})

function keptAnchors(tx: Tx): Promise<{ anchors: string[] }[]> {
  const text = `select anchors from aegis.snapshot_run where practice_id = $1 and feed = 'patients'`
  return tx.rows(sql('test.anchors', text), [practice])
}
