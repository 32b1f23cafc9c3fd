/** The kinds that are mirrored where they are wanted: from nothing to live, through changes, deletions and merges. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { liveThroughFurther } from '../../testing/further-life.ts'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { coreFeeds, type FeedName, furtherFeeds } from './feed-name.ts'
import { feedTable } from './feed-table.ts'
import type { SyncSettings } from './sync-settings.ts'

type Test = Parameters<typeof mirroredPractice>[0]

/** A small practice with these kinds, live and equal to the truth. */
async function mirroredWith(
  t: Test,
  further: readonly FeedName[],
  settings: Partial<SyncSettings> = {},
): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, {
    patients: 9,
    settings: { feeds: [...coreFeeds, ...further], ...settings },
  })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

/** What the further kinds hold stands in clear nowhere but where the declaration allows it. */
async function assertSealed(mirrored: MirroredPractice): Promise<void> {
  const rows = await mirrored.deps.db.practice(practice, (tx) =>
    tx.rows<{ kind: string; key: string; text: string }>(
      sql(
        'test.clear',
        `select kind, key, clear::text || ' ' || key || ' ' || coalesce(patient, '') as text from aegis.record`,
      ),
    ),
  )
  const allowed = /^(class|subclass|status|entityType|departmentId|providerId|(primary|secondary|patient)Status)$/
  const further = rows.filter(({ kind }) => furtherFeeds.some((feed) => feedTable[feed].kind === kind))
  assert.ok(further.length > 50)
  for (const { kind, key, text } of further) {
    const clear = JSON.parse(text.slice(0, text.indexOf('}') + 1)) as Record<string, unknown>
    assert.deepEqual(
      Object.keys(clear).filter((name) => !allowed.test(name)),
      [],
      kind,
    )
    if (recordKinds[kind as keyof typeof recordKinds].keyedBy !== 'id') assert.match(key, /^[0-9a-f-]{36}$/)
  }
}

test('all kinds are mirrored from nothing, and kept equal to the truth through changes and deletions', async (t) => {
  const mirrored = await mirroredWith(t, furtherFeeds)
  await assertEqualsTruth(mirrored)
  for (const feed of furtherFeeds) {
    assert.notEqual((await mirrored.opened(feedTable[feed].kind)).length, 0, `${feed} has records`)
  }
  await assertSealed(mirrored)
  for (let time = 0; time < 2; time += 1) {
    liveThroughFurther(mirrored)
    await mirrored.run(4)
    await assertEqualsTruth(mirrored)
  }
  const { inDoubt, quarantined } = await mirrored.trouble()
  assert.deepEqual([inDoubt, quarantined], [0, 0])
  for (const kind of ['labresult', 'problem', 'medication', 'claim', 'referringprovider'] as const) {
    const deleted = (await mirrored.opened(kind)).filter(({ state }) => state === 'deleted')
    assert.notEqual(deleted.length, 0, `a ${kind} was deleted`)
  }
})

test('the history of a laboratory result says when its values came, which the list of a first load lacks', async (t) => {
  const mirrored = await mirroredWith(t, ['labresults'])
  const history = sql(
    'test.results',
    `select key, json_agg(what || case when 'observations' = any(fields) then ' with values' else '' end order by change_id) as told
     from aegis.change where kind = 'labresult' group by key`,
  )
  const told = async () => {
    const rows = await mirrored.deps.db.practice(practice, (tx) => tx.rows<{ told: string[] }>(history))
    return [...new Set(rows.map((row) => row.told.join()))]
  }
  assert.deepEqual(await told(), ['created,updated with values'])
  await mirrored.wantSnapshot('labresults')
  await mirrored.run(6)
  assert.deepEqual(await told(), ['created,updated with values'], 'once')
})

test('a merge takes documents, claims and the chart with it, and an undone one brings them back', async (t) => {
  const mirrored = await mirroredWith(t, ['claims', 'labresults', 'allergies', 'problems'])
  const ofPatient = async (kind: 'labresult' | 'claim' | 'allergy' | 'problem', id: string) =>
    (await mirrored.opened(kind)).filter(({ state, body }) => state === 'present' && String(body.patientid) === id)
      .length
  const patients = ['6', '7', '8', '9']
  const counts = async (kind: 'labresult' | 'claim' | 'allergy' | 'problem') =>
    Promise.all(patients.map((id) => ofPatient(kind, id)))
  const before = await counts('labresult')
  const from = patients[before.findIndex((count) => count > 0)]
  const into = patients.find((id) => id !== from)
  mirrored.change({ kind: 'setallergy', patient: from, allergen: 12109 })
  await mirrored.run(2)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
  assert.equal(await ofPatient('labresult', String(from)), 0)
  assert.equal(await ofPatient('allergy', String(from)), 0)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
  assert.notEqual(await ofPatient('labresult', String(from)), 0)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('a merge that no feed of documents tells of is followed all the same', async (t) => {
  const mirrored = await mirroredWith(t, ['claims', 'patientcases', 'medications'])
  // The feeds of the further kinds are silent: what came with the merge is found by way of the patient.
  const mute = new Set(furtherFeeds.flatMap((feed) => feedTable[feed].changed?.name ?? []))
  mirrored.fetch = async (url, init, call) => {
    const silent = call.consuming && mute.has(call.route.slice(1).replace('/changed', '') as never)
    const response = await mirrored.toSimulator(url, init, call)
    if (!silent) return response
    const key = Object.keys((await response.json()) as object)[0] ?? ''
    return Response.json({ [key]: [], totalcount: 0 })
  }
  mirrored.change({ kind: 'mergepatients', from: 6, into: 7 })
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
})

test('a patient who is new here is read as a whole, whatever was filed before we heard of it', async (t) => {
  const mirrored = await mirroredWith(t, ['allergies'])
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/chart/healthhistory/allergies/changed') return response
    return Response.json({ allergies: [], totalcount: 0 })
  }
  mirrored.change({
    kind: 'addpatient',
    fields: { firstname: 'Ada', lastname: 'Fern', dob: '01/02/1980', departmentid: '1' },
  })
  const patient = [...mirrored.simulator.truth.records(practice, 'patients')].at(-1)?.patientid
  mirrored.change({ kind: 'setallergy', patient, allergen: 12109 })
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
  assert.equal((await mirrored.opened('allergy')).filter(({ body }) => body.patientid === String(patient)).length, 1)
})

test('a patient who comes just as the first load of a kind begins is read, too', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'allergies'] } })
  const isSettling = async () =>
    (await mirrored.states()).some((row) => row.feed === 'allergies' && row.state === 'settling')
  while (!(await isSettling())) {
    await mirrored.step()
    await mirrored.advance(10_000)
  }
  await mirrored.advance(61_000)
  mirrored.change({
    kind: 'addpatient',
    fields: { firstname: 'Ada', lastname: 'Fern', dob: '01/02/1980', departmentid: '1' },
  })
  const patient = [...mirrored.simulator.truth.records(practice, 'patients')].at(-1)?.patientid
  mirrored.change({ kind: 'setallergy', patient, allergen: 12109 })
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/chart/healthhistory/allergies/changed') return response
    return Response.json({ allergies: [], totalcount: 0 })
  }
  // Another worker loads the kind while the page with the patient is being written.
  let isLoading = false
  const { db } = mirrored.deps
  const withLoad: typeof db.practice = (id, work) =>
    db.practice(id, (tx) =>
      work({
        rows: async (statement, values) => {
          if (statement.name === 'sync.page_applied' && !isLoading) {
            isLoading = true
            await mirrored.step('allergies')
          }
          return tx.rows(statement, values)
        },
      }),
    )
  mirrored.deps = { ...mirrored.deps, db: { ...db, practice: withLoad, control: (work) => db.control(work) } }
  await mirrored.step('patients')
  assert.ok(isLoading)
  assert.equal((await mirrored.states()).find(({ feed }) => feed === 'allergies')?.state, 'live')
  await mirrored.run(4)
  await assertEqualsTruth(mirrored)
})

test('the load patient by patient goes on where it was when the process ends, and reads nobody twice', async (t) => {
  const feeds: readonly FeedName[] = [...coreFeeds, 'labresults', 'prescriptions']
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds } })
  let steps = 0
  t.after(
    setFailpointHook((name) => {
      if (name !== 'sync.after-snapshot-store') return
      steps += 1
      if (steps % 5 === 0) throw new AegisError('db.unavailable', { reason: 'killed' })
    }),
  )
  const live = async () => {
    for (const feed of feeds) {
      await mirrored.step(feed).catch((error: unknown) => {
        if (!isAegisError(error, 'db.unavailable')) throw error
      })
    }
  }
  for (let round = 0; round < 20; round += 1) {
    await live()
    await mirrored.advance(61_000)
  }
  await mirrored.run(1)
  await assertEqualsTruth(mirrored)
  const { byRoute } = mirrored.simulator.truth.requests({ limit: 1 }).totals
  assert.equal(byRoute['GET /v1/{practiceid}/patients/{patientid}/documents/prescription'], 30)
})

test('without the load only what changes is mirrored, until a gap makes it necessary', async (t) => {
  const mirrored = await mirroredWith(t, ['labresults'], { loadByPatient: false })
  assert.deepEqual(await mirrored.opened('labresult'), [])
  mirrored.change({ kind: 'addlabresult', patient: 6 })
  await mirrored.run(2)
  assert.equal((await mirrored.opened('labresult')).length, 1)
  await mirrored.deps.upstream.practice(practice).feed('labresults').unsubscribe()
  await mirrored.run(20)
  assert.deepEqual(await mirrored.gaps(), [])
  assert.equal((await mirrored.opened('labresult')).length > 10, true)
})

test('a list of a patient with the record of another is not believed, and read again later', async (t) => {
  let mixed = 0
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'labresults'] } })
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/patients/{patientid}/documents/labresult' || mixed > 0) return response
    const body = (await response.json()) as { labresults: { patientid: number }[] }
    if (body.labresults.length === 0) return Response.json(body)
    mixed += 1
    return Response.json({
      ...body,
      labresults: body.labresults.map((row) => ({ ...row, patientid: row.patientid + 1 })),
    })
  }
  await mirrored.bringUp()
  await mirrored.run(14)
  assert.equal(mixed, 1)
  await assertEqualsTruth(mirrored)
})

test('a list of a patient from which something goes while it is read is read whole', async (t) => {
  const mirrored = await mirroredPractice(t, {
    patients: 9,
    settings: { feeds: [...coreFeeds, 'labresults'], snapshotPageSize: 4 },
  })
  for (let count = 0; count < 9; count += 1) mirrored.change({ kind: 'addlabresult', patient: 6 })
  let isGone = false
  mirrored.fetch = (url, init, call) => {
    if (!isGone && call.route.endsWith('/labresult') && /patients\/6\/.*offset=/.test(String(url))) {
      isGone = true
      const ofSix = [...mirrored.simulator.truth.records(practice, 'labresults')].filter(
        ({ patientid }) => patientid === 6,
      )
      // The list begins with the oldest or with the youngest.
      for (const one of [ofSix.at(0), ofSix.at(-1)])
        mirrored.change({ kind: 'deletedocument', document: one?.labresultid })
    }
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.bringUp()
  await mirrored.run(4)
  assert.ok(isGone)
  await assertEqualsTruth(mirrored)
})

test('an entry that its chart lacks once is still there: the chart is read again before it counts as deleted', async (t) => {
  const mirrored = await mirroredWith(t, ['problems'])
  const [problem] = mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')
  const patient = problem?.patientid
  mirrored.change({ kind: 'addproblem', patient, snomed: 38341003 })
  await mirrored.run(2)
  let lacking = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/chart/{patientid}/problems' || lacking > 0) return response
    lacking += 1
    const body = (await response.json()) as { problems: object[] }
    return Response.json({ ...body, problems: body.problems.slice(1) })
  }
  mirrored.change({ kind: 'updateproblem', patient, problem: problem?.problemid, note: 'Stable.' })
  await mirrored.run(3)
  assert.equal(lacking, 1)
  await assertEqualsTruth(mirrored)
})

test('of what a chart lacks twice only that is deleted which it lacked both times', async (t) => {
  const mirrored = await mirroredWith(t, ['problems'])
  const [problem] = mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')
  const patient = problem?.patientid
  for (const snomed of [38341003, 44054006]) mirrored.change({ kind: 'addproblem', patient, snomed })
  await mirrored.run(2)
  let readings = 0
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/chart/{patientid}/problems') return response
    readings += 1
    const body = (await response.json()) as { problems: object[] }
    return Response.json({ ...body, problems: body.problems.slice(readings === 2 ? 1 : 0) })
  }
  mirrored.change({ kind: 'endproblem', patient, problem: problem?.problemid, remove: true })
  await mirrored.run(4)
  assert.equal(readings, 3)
  await assertEqualsTruth(mirrored)
})

test('an item of a feed that cannot be asked for is set aside and the others are followed', async (t) => {
  const mirrored = await mirroredWith(t, ['labresults'])
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/labresults/changed') return response
    const body = (await response.json()) as { labresults: object[]; totalcount: number }
    return Response.json({ ...body, labresults: [{ labresultid: 77_000_001 }, ...body.labresults] })
  }
  mirrored.change({ kind: 'addlabresult', patient: 6 })
  await mirrored.advance(61_000)
  await mirrored.step('labresults')
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
  assert.equal((await mirrored.trouble()).quarantined, 1)
})

test('a provider who is deleted upstream is deleted here', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  const provider = [...mirrored.simulator.truth.records(practice, 'providers')].at(-1)?.providerid
  mirrored.change({ kind: 'deleteprovider', provider })
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
  mirrored.change({ kind: 'undeleteprovider', provider })
  await mirrored.run(3)
  await assertEqualsTruth(mirrored)
})

test('a gap of a kind read patient by patient is closed by reading all of them again', async (t) => {
  const mirrored = await mirroredWith(t, ['problems', 'imagingresults'])
  await endSubscription(mirrored, 'patients')
  await mirrored.deps.upstream.practice(practice).feed('chart/healthhistory/problems').unsubscribe()
  await mirrored.advance(61_000)
  liveThroughFurther(mirrored)
  await mirrored.run(22)
  assert.deepEqual(await mirrored.gaps(), [])
  await assertEqualsTruth(mirrored)
})
