/** A merge that is undone before its patients' feed told of it, while a lane that was ahead had believed it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'

test('a result that is its first patient’s again is asked for there, though the other one was merged on meanwhile', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'labresults'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const { truth } = mirrored.simulator
  const [result] = truth.records(practice, 'labresults')
  const first = String(result?.patientid)
  const [second, third] = [...truth.records(practice, 'patients')]
    .filter(({ patientid, status }) => String(patientid) !== first && status !== 'deleted')
    .map(({ patientid }) => patientid)
  mirrored.change({ kind: 'mergepatients', from: first, into: second })
  await mirrored.advance(61_000)
  await mirrored.step('labresults')
  mirrored.change({ kind: 'unmergepatient', patient: first })
  const unavailable = () => Promise.resolve(new Response('', { status: 503 }))
  mirrored.fetch = (url, init, call) =>
    call.route.endsWith('/labresult/{labresultid}') ? unavailable() : mirrored.toSimulator(url, init, call)
  await mirrored.advance(61_000)
  await mirrored.step('labresults')
  mirrored.change({ kind: 'mergepatients', from: second, into: third })
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  // A look at what was processed would have all of it asked for again.
  mirrored.fetch = (url, init, call) =>
    url.includes('showprocessed') ? unavailable() : mirrored.toSimulator(url, init, call)
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  const held = (await mirrored.opened('labresult')).find(({ body }) => body.labresultid === String(result?.labresultid))
  assert.deepEqual([held?.state, held?.body.patientid], ['present', first])
})

for (const isTold of [false, true]) {
  const why = isTold ? 'answers are mixed up' : 'their feed is late'
  test(`prescriptions that went back to their patient are not taken for deleted while it is not known of patients, as ${why}`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'prescriptions'] } })
    await mirrored.bringUp()
    await mirrored.run(2)
    const [from, into] = new Set((await mirrored.opened('prescription')).map(({ body }) => body.patientid))
    mirrored.change({ kind: 'mergepatients', from, into })
    await mirrored.run(5)
    mirrored.change({ kind: 'unmergepatient', patient: from })
    mirrored.fetch = async (url, init, call) => {
      if (isTold) return mirrored.toSimulator(url.replace(`/patients/${from}?`, `/patients/${into}?`), init, call)
      const isLate = call.route === '/patients/changed' && call.consuming
      return isLate ? Response.json({ patients: [], totalcount: 0 }) : mirrored.toSimulator(url, init, call)
    }
    await mirrored.run(8)
    mirrored.fetch = mirrored.toSimulator
    await mirrored.run(40)
    await assertEqualsTruth(mirrored)
    const deleted = sql('test.deleted', `select from aegis.change where kind = 'prescription' and what = 'deleted'`)
    assert.deepEqual(await mirrored.deps.db.practice(practice, (tx) => tx.rows(deleted)), [])
  })
}

test('what the chart of the survivor shows under the former id stays the survivor’s, also where nobody told of the merge', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'prescriptions'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const ordered = (await mirrored.opened('prescription')).map(({ body }) => body.patientid)
  // In the order in which charts are read: the former id last.
  const patients = (await mirrored.opened('patient')).toSorted((one, other) => (one.key < other.key ? -1 : 1))
  const [into, from] = patients.map(({ body }) => body.patientid).filter((patient) => ordered.includes(patient))
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.wantSnapshot('prescriptions')
  for (let minutes = 0; minutes < 6; minutes += 1) {
    await mirrored.step('prescriptions')
    await mirrored.advance(61_000)
  }
  const of = async (patient: unknown) =>
    (await mirrored.opened('prescription')).filter(({ body }) => body.patientid === patient).length
  assert.equal(await of(from), 0)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  assert.equal(await of(into), ordered.filter((patient) => patient === into).length)
})

/** Two patients with allergies, none of which both have. */
async function allergicPair(mirrored: MirroredPractice): Promise<readonly [from: string, into: string]> {
  const held = (await mirrored.opened('allergy')).map(({ body }) => [String(body.patientid), body.allergenid] as const)
  const patients = [...new Set(held.map(([patient]) => patient))].toSorted((one, other) => Number(one) - Number(other))
  const allergensOf = (of: string) => new Set(held.flatMap(([patient, id]) => (patient === of ? [id] : [])))
  const [from = assert.fail('nobody is allergic')] = patients
  const into = patients.find((patient) => ![...allergensOf(patient)].some((id) => allergensOf(from).has(id)))
  return [from, into ?? assert.fail('all share an allergy')]
}

async function withAllergies(t: Parameters<typeof mirroredPractice>[0]): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'allergies'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

for (const where of ['named by their feed', 'read with all charts'] as const) {
  test(`allergies ${where} while their patient was merged, of which nobody told, are held as nobody else’s`, async (t) => {
    const mirrored = await withAllergies(t)
    const [from, into] = await allergicPair(mirrored)
    // A look at what was processed would have all of it asked for again.
    mirrored.fetch = (url, init, call) =>
      url.includes('showprocessed')
        ? Promise.resolve(new Response('', { status: 503 }))
        : mirrored.toSimulator(url, init, call)
    const before = (await mirrored.opened('allergy')).length
    mirrored.change({ kind: 'mergepatients', from, into })
    if (where === 'read with all charts') await mirrored.wantSnapshot('allergies')
    for (let minutes = 0; minutes < 4; minutes += 1) {
      await mirrored.advance(61_000)
      await mirrored.step('allergies')
    }
    mirrored.change({ kind: 'unmergepatient', patient: from })
    await mirrored.run(40)
    await assertEqualsTruth(mirrored)
    assert.equal((await mirrored.opened('allergy')).length, before)
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}

test('allergies come to the survivor of a merge of which their feed told first', async (t) => {
  const mirrored = await withAllergies(t)
  const [from, into] = await allergicPair(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.advance(61_000)
  await mirrored.step('allergies')
  await mirrored.run(8)
  await assertEqualsTruth(mirrored)
})

test('allergies that came with a merge go when it is undone and made anew with another survivor, both untold until then', async (t) => {
  const mirrored = await withAllergies(t)
  const [from, into] = await allergicPair(mirrored)
  const other = (await mirrored.opened('patient')).find(({ body }) => ![from, into].includes(String(body.patientid)))
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(8)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.change({ kind: 'mergepatients', from, into: other?.body.patientid })
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
})

test('allergies that came with a merge go when it is undone and the patient deleted, both untold until then', async (t) => {
  const mirrored = await withAllergies(t)
  const [from, into] = await allergicPair(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(8)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.change({ kind: 'deletepatient', patient: from })
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('problems go back to a patient whose merge is undone only to be deleted, where their own feed told of it first', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { feeds: [...coreFeeds, 'problems'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const [from, into] = new Set((await mirrored.opened('problem')).map(({ body }) => body.patientid))
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(8)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.change({ kind: 'deletepatient', patient: from })
  // What their feed names of the patient is asked of the survivor meanwhile.
  for (let minutes = 0; minutes < 8; minutes += 1) {
    await mirrored.advance(61_000)
    await mirrored.step('problems')
  }
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  const deleted = sql('test.deleted', `select from aegis.change where kind = 'problem' and what = 'deleted'`)
  assert.deepEqual(await mirrored.deps.db.practice(practice, (tx) => tx.rows(deleted)), [])
})

test('allergies are back with a patient whose merge is undone only to be deleted, asked of the survivor before that is known, without a check', async (t) => {
  const mirrored = await withAllergies(t)
  const [from, into] = await allergicPair(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(8)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.change({ kind: 'deletepatient', patient: from })
  // A look at what was processed, as a check takes it too, would have all of it asked for again.
  mirrored.fetch = (url, init, call) =>
    url.includes('showprocessed')
      ? Promise.resolve(new Response('', { status: 503 }))
      : mirrored.toSimulator(url, init, call)
  for (let minutes = 0; minutes < 2; minutes += 1) {
    await mirrored.advance(61_000)
    await mirrored.step('allergies')
  }
  await mirrored.run(40)
  await assertEqualsTruth(mirrored)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('a merge that is undone only for its patient to be deleted, which fell into a gap, ends with the snapshot', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  await mirrored.run(2)
  const [from, into, left, stays] = [...mirrored.simulator.truth.records(practice, 'patients')]
    .filter(({ status }) => status !== 'deleted')
    .map(({ patientid }) => String(patientid))
  mirrored.change({ kind: 'mergepatients', from, into })
  mirrored.change({ kind: 'mergepatients', from: left, into: stays })
  // Of what has changed lately lists are not believed, and it is asked for anyway.
  await mirrored.run(20)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  mirrored.change({ kind: 'deletepatient', patient: from })
  const asked: string[] = []
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/patients/{patientid}') asked.push(new URL(url).pathname.split('/').at(-1) ?? '')
    const response = await mirrored.toSimulator(url, init, call)
    // What was told is lost for good.
    return call.route === '/patients/changed' ? Response.json({ patients: [], totalcount: 0 }) : response
  }
  await mirrored.run(2)
  assert.deepEqual(asked, [])
  await mirrored.wantSnapshot('patients')
  await mirrored.run(20)
  await assertEqualsTruth(mirrored)
  const states = new Map((await mirrored.opened('patient')).map(({ body, state }) => [body.patientid, state]))
  assert.deepEqual(
    [from, left].map((id) => states.get(id)),
    ['deleted', 'merged'],
  )
  // Each survivor once more for every patient who is merged no more; of one who still is nobody asks.
  const inOrder = (ids: readonly unknown[]) => ids.map(Number).toSorted((one, other) => one - other)
  assert.deepEqual(inOrder(asked), inOrder([from, into, into, stays]))
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('a merged patient who is shown as deleted by their own id is merged still, and asked about once for each word', async (t) => {
  const mirrored = await withAllergies(t)
  const [from, into] = await allergicPair(mirrored)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(8)
  const deleted = { patientid: from, firstname: 'Ada', lastname: 'Lane', dob: '03/02/1980', status: 'deleted' }
  const asked: string[] = []
  let words = 2
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/patients/changed' && call.consuming && words > 0) {
      words -= 1
      return Response.json({ patients: [deleted], totalcount: 1 })
    }
    if (call.route !== '/patients/{patientid}') return mirrored.toSimulator(url, init, call)
    const id = new URL(url).pathname.split('/').at(-1) ?? ''
    asked.push(id)
    return id === from ? Response.json([deleted]) : mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(40)
  assert.equal(words, 0)
  await assertEqualsTruth(mirrored)
  assert.deepEqual(asked, [from, into, from, into])
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('of allergies that are held as they are shown no patient is asked for, of one that is new once', async (t) => {
  const mirrored = await withAllergies(t)
  const [patient] = await allergicPair(mirrored)
  const asked: string[] = []
  mirrored.fetch = (url, init, call) => {
    if (call.route === '/patients/{patientid}') asked.push(new URL(url).pathname.split('/').at(-1) ?? '')
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.wantSnapshot('allergies')
  await mirrored.run(8)
  assert.deepEqual(asked, [])
  mirrored.change({ kind: 'setallergy', patient, allergen: 12_113 })
  await mirrored.run(40)
  assert.deepEqual(asked, [patient])
  await assertEqualsTruth(mirrored)
})

for (const isTold of [true, false]) {
  test(`documents that went back to a patient who is hidden at once${isTold ? '' : ', untold,'} are theirs when the patient is shown`, async (t) => {
    const practices = [{ id: practice, patients: 30, restrictions: 'hidden' as const }]
    const settings = { feeds: [...coreFeeds, 'prescriptions'] as const }
    const mirrored = await mirroredPractice(t, { simulator: { practices }, settings })
    await mirrored.bringUp()
    await mirrored.run(3)
    const [from, into] = new Set((await mirrored.opened('prescription')).map(({ body }) => body.patientid))
    mirrored.change({ kind: 'mergepatients', from, into })
    await mirrored.run(5)
    // Their feed tells nothing, not even of what it has told.
    mirrored.fetch = async (url, init, call) => {
      const response = await mirrored.toSimulator(url, init, call)
      return call.route === '/prescriptions/changed' ? Response.json({ prescriptions: [], totalcount: 0 }) : response
    }
    mirrored.change({ kind: 'unmergepatient', patient: from })
    await mirrored.advance(61_000)
    if (isTold) await mirrored.step('patients')
    else await mirrored.wantSnapshot('prescriptions')
    mirrored.change({ kind: 'restrictpatient', patient: from })
    await mirrored.advance(61_000)
    await mirrored.step('patients')
    await mirrored.run(20)
    mirrored.change({ kind: 'unrestrictpatient', patient: from })
    await mirrored.run(8)
    await assertEqualsTruth(mirrored)
  })
}

for (const when of ['after the chart was read', 'while the chart is read'] as const) {
  test(`a merged patient who is shown as deleted holds none of the survivor’s allergies once the survivor answers, ${when}`, async (t) => {
    const mirrored = await withAllergies(t)
    const [from, into] = await allergicPair(mirrored)
    mirrored.change({ kind: 'mergepatients', from, into })
    await mirrored.run(8)
    const deleted = { patientid: from, firstname: 'Ada', lastname: 'Lane', dob: '03/02/1980', status: 'deleted' }
    let isTold = false
    let isAnswering = false
    mirrored.fetch = async (url, init, call) => {
      if (call.route === '/patients/changed' && call.consuming && !isTold) {
        isTold = true
        return Response.json({ patients: [deleted], totalcount: 1 })
      }
      const { pathname } = new URL(url)
      if (pathname.endsWith(`/patients/${from}`)) return Response.json([deleted])
      if (pathname.endsWith(`/patients/${into}`) && !isAnswering) return new Response('', { status: 503 })
      const response = await mirrored.toSimulator(url, init, call)
      if (!pathname.endsWith(`/chart/${from}/allergies`) || isAnswering || when === 'after the chart was read')
        return response
      isAnswering = true
      await mirrored.advance(31 * 60_000)
      await mirrored.step('patients')
      return response
    }
    const present = async (patient: string) =>
      (await mirrored.opened('allergy')).filter(({ body, state }) => state === 'present' && body.patientid === patient)
    await mirrored.run(5)
    if (when === 'after the chart was read') assert.notEqual((await present(from)).length, 0)
    isAnswering = true
    await mirrored.run(40)
    assert.deepEqual(await present(from), [])
    await assertEqualsTruth(mirrored)
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}
