/** Merges that are undone while no feed tells of the former patient, and only the survivor's word is left. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'

type Test = Parameters<typeof mirroredPractice>[0]

interface Cast {
  readonly mirrored: MirroredPractice
  /** Patients who have visits, the first of them the most. */
  readonly patients: readonly [string, string, string]
}

/** A live practice and three patients; `before` is what happened to these before anybody looked. */
async function practiceOf(
  t: Test,
  before: (mirrored: MirroredPractice, patients: Cast['patients']) => void = () => undefined,
): Promise<Cast> {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  const { truth } = mirrored.simulator
  const present = [...truth.records(practice, 'patients')].filter(({ status }) => status !== 'deleted')
  const visited = [...truth.records(practice, 'appointments')].map(({ patientid }) => patientid)
  const visits = (id: unknown) => visited.filter((patientid) => patientid === id).length
  const [first = '', second = '', third = ''] = present
    .map(({ patientid }) => String(patientid))
    .toSorted((one, other) => visits(other) - visits(one))
  before(mirrored, [first, second, third])
  await mirrored.bringUp()
  await mirrored.run(2)
  return { mirrored, patients: [first, second, third] }
}

const merge = (from: string, into: string) => ({ kind: 'mergepatients', from, into })

/** What happens here no feed tells; then patients and appointments are read anew. */
async function inGap({ mirrored }: Cast, happens: () => void): Promise<void> {
  // Of what has changed lately lists are not believed, and it is asked for anyway.
  await mirrored.run(16)
  happens()
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const list = /^\/(patients|appointments)\/changed$/.exec(call.route)?.[1]
    return list ? Response.json({ [list]: [], totalcount: 0 }) : response
  }
  await mirrored.run(2)
  for (const feed of ['patients', 'appointments'] as const) await mirrored.wantSnapshot(feed)
  await mirrored.run(8)
}

async function statesOf({ mirrored, patients }: Cast): Promise<(string | undefined)[]> {
  const states = new Map((await mirrored.opened('patient')).map(({ body, state }) => [body.patientid, state]))
  return patients.map((id) => states.get(id))
}

const owners = sql(
  'test.owners',
  `select key, patient from aegis.record where kind = 'appointment' and patient is not null`,
)

/** Fails unless there are visits of this patient, and each visit hangs on the patient whom it names. */
async function assertVisitsOf({ mirrored }: Cast, patient: string): Promise<void> {
  const { db, sealing } = mirrored.deps
  const keys = await sealing.practice(undefined, practice)
  const named = new Map((await mirrored.opened('appointment')).map(({ key, body }) => [key, String(body.patientid)]))
  const rows = await db.practice(practice, (tx) => tx.rows<{ key: string; patient: string }>(owners))
  const strays = rows.filter((row) => row.patient !== keys.pseudonym('patient', named.get(row.key) ?? ''))
  assert.deepEqual(strays, [])
  assert.ok([...named.values()].includes(patient))
}

test('the first of two merges ends that was undone in the same gap in which the second one was made, its patient deleted', async (t) => {
  const cast = await practiceOf(t)
  const { mirrored } = cast
  const [first, second, third] = cast.patients
  mirrored.change(merge(first, second))
  await inGap(cast, () => {
    mirrored.change(merge(second, third))
    mirrored.change({ kind: 'unmergepatient', patient: first })
    mirrored.change({ kind: 'deletepatient', patient: first })
  })
  assert.deepEqual(await statesOf(cast), ['deleted', 'merged', 'present'])
  await assertVisitsOf(cast, first)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('a merge ends that was undone within a gap, though its survivor was deleted before', async (t) => {
  const cast = await practiceOf(t)
  const { mirrored } = cast
  const [first, second] = cast.patients
  mirrored.change(merge(first, second))
  mirrored.change({ kind: 'deletepatient', patient: second })
  await inGap(cast, () => {
    mirrored.change({ kind: 'unmergepatient', patient: first })
    mirrored.change({ kind: 'deletepatient', patient: first })
  })
  assert.deepEqual(await statesOf(cast), ['deleted', 'deleted', 'present'])
  await assertVisitsOf(cast, first)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('of a chain of merges whose end names the last one alone, the first stays merged and leaves nothing in doubt', async (t) => {
  const cast = await practiceOf(t)
  const { mirrored } = cast
  const [first, second, third] = cast.patients
  mirrored.change(merge(first, second))
  await mirrored.run(2)
  mirrored.change(merge(second, third))
  const isOfChain = (url: string) =>
    url.includes('/patients/changed') || cast.patients.some((id) => url.includes(`/patients/${id}?`))
  const onlyLast = (text: string) =>
    text.replaceAll(new RegExp(`,?\\{"previouspatientid":"${first}"\\}(?=\\]|,)`, 'g'), '')
  const onTheWay = mirrored.toSimulator
  const naming: typeof onTheWay = async (url, init, call) => {
    const response = await onTheWay(url, init, call)
    if (!isOfChain(url)) return response
    const text = await response.text()
    return new Response(text.includes(`"${third}"`) ? onlyLast(text) : text, {
      status: response.status,
      headers: response.headers,
    })
  }
  mirrored.fetch = naming
  await mirrored.run(18)
  let asked = 0
  mirrored.fetch = (url, init, call) => {
    if (url.includes(`/patients/${first}?`)) asked += 1
    return naming(url, init, call)
  }
  await mirrored.wantSnapshot('patients')
  await mirrored.run(8)
  assert.deepEqual(await statesOf(cast), ['merged', 'merged', 'present'])
  assert.equal(asked, 2)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('the merge ends of a patient whom nobody has held, undone within a gap and the patient deleted', async (t) => {
  const cast = await practiceOf(t, (mirrored, [first, second]) => {
    mirrored.change(merge(first, second))
  })
  const { mirrored } = cast
  const [first, second] = cast.patients
  mirrored.change({ kind: 'updatepatient', patient: second, fields: { lastname: 'Oak' } })
  await inGap(cast, () => {
    mirrored.change({ kind: 'unmergepatient', patient: first })
    mirrored.change({ kind: 'deletepatient', patient: first })
  })
  assert.deepEqual(await statesOf(cast), [undefined, 'present', 'present'])
  await assertVisitsOf(cast, first)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('what goes back to a patient of a department that is not mirrored does not stay with the survivor, whom the feed tells of', async (t) => {
  const settings = { feeds: [...coreFeeds, 'allergies'] as const, departments: { [practice]: ['1', '21'] } }
  const mirrored = await mirroredPractice(t, { patients: 60, settings })
  await mirrored.bringUp()
  await mirrored.run(2)
  const { truth } = mirrored.simulator
  const allergensOf = (of: string) =>
    [...truth.records(practice, 'chart/healthhistory/allergies', 'alone')]
      .filter(({ patientid }) => String(patientid) === of)
      .map(({ allergenid }) => String(allergenid))
      .toSorted()
  const present = [...truth.records(practice, 'patients')].filter(({ status }) => status !== 'deleted')
  const isMirrored = ({ departmentid }: Record<string, unknown>) => ['1', '21'].includes(String(departmentid))
  const idsOf = (of: typeof present) => of.map(({ patientid }) => String(patientid))
  const from = idsOf(present.filter((one) => !isMirrored(one))).find((id) => allergensOf(id).length > 0) ?? ''
  const into =
    idsOf(present.filter(isMirrored)).find((id) => !allergensOf(id).some((one) => allergensOf(from).includes(one))) ??
    ''
  const heldOf = async (of: string) =>
    (await mirrored.opened('allergy'))
      .filter(({ state, body }) => state === 'present' && body.patientid === of)
      .map(({ body }) => String(body.allergenid))
      .toSorted()
  mirrored.change(merge(from, into))
  await mirrored.run(8)
  assert.deepEqual(await heldOf(into), [...allergensOf(into)].toSorted())
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(12)
  assert.deepEqual(await heldOf(into), allergensOf(into))
  assert.equal(
    (await mirrored.opened('patient')).some(({ body }) => body.patientid === from),
    false,
  )
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

for (const isUndone of [true, false])
  test(`a former patient who is not found by id ${isUndone ? 'is withheld where the survivor names them no more' : 'stays merged while the survivor names them'}`, async (t) => {
    const cast = await practiceOf(t)
    const { mirrored } = cast
    const [first, second] = cast.patients
    mirrored.change(merge(first, second))
    await mirrored.run(2)
    if (isUndone) {
      mirrored.change({ kind: 'unmergepatient', patient: first })
      mirrored.change({ kind: 'deletepatient', patient: first })
    } else mirrored.change({ kind: 'updatepatient', patient: first, fields: { lastname: 'Oak' } })
    const deleted = { patientid: first, firstname: 'Ada', lastname: 'Lane', dob: '03/02/1980', status: 'deleted' }
    let words = isUndone ? 0 : 1
    mirrored.fetch = async (url, init, call) => {
      if (call.route === '/patients/{patientid}' && new URL(url).pathname.endsWith(`/${first}`))
        return Response.json({ error: 'The patient does not exist.' }, { status: 404 })
      if (call.route !== '/patients/changed' || !call.consuming || words === 0)
        return mirrored.toSimulator(url, init, call)
      words -= 1
      return Response.json({ patients: [deleted], totalcount: 1 })
    }
    await mirrored.run(12)
    assert.deepEqual(await statesOf(cast), [isUndone ? 'withheld' : 'merged', 'present', 'present'])
    await assertVisitsOf(cast, isUndone ? first : second)
    const withheld = sql('test.withheld', `select from aegis.change where kind = 'patient' and what = 'withheld'`)
    const changes = await mirrored.deps.db.practice(practice, (tx) => tx.rows(withheld))
    assert.equal(changes.length, isUndone ? 1 : 0)
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
