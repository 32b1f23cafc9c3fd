/** Records of a patient whom athenahealth hides: kept, told as withheld, and asked for when the patient is back. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { damage, found, passDays, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'
import type { Kind } from '../records/record-kind.ts'
import { wishForHeld } from '../records/record-name.ts'
import type { WireRecord } from '../records/wire-record.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'
import { lookForPatient } from './look-for-patient.ts'
import { noteWishes } from './note-wishes.ts'
import { readPracticePictures } from './read-practice-status.ts'

type Test = Parameters<typeof mirroredPractice>[0]
type TrueKind = Parameters<MirroredPractice['simulator']['truth']['records']>[1]

/** A live practice that hides restricted patients from who does not ignore restrictions. */
async function hidingPractice(t: Test, further: readonly FeedName[]): Promise<MirroredPractice> {
  const practices = [{ id: practice, patients: 30, restrictions: 'hidden' as const }]
  const settings = { feeds: [...coreFeeds, ...further], rereadDays: 1 }
  const mirrored = await mirroredPractice(t, { simulator: { practices }, settings })
  await mirrored.bringUp()
  await mirrored.run(3)
  return mirrored
}

/** A patient who is shown and has some records of a kind in the mirror. */
async function someoneWith(mirrored: MirroredPractice, ...kinds: Kind[]): Promise<string> {
  const having = await Promise.all(kinds.map(async (kind) => new Set((await mirrored.opened(kind)).map(patientOf))))
  // The order of the mirror is that of keys, which differ from run to run.
  const ids = [...(having[0] ?? [])].filter((id) => having.every((others) => others.has(id)))
  return ids.toSorted((left, right) => Number(left) - Number(right))[0] ?? assert.fail(`nobody with ${kinds}`)
}

const patientOf = ({ body }: { body: WireRecord }) => String(body.patientid)

/** The states of a patient's records of a kind, each once. */
async function statesOf(mirrored: MirroredPractice, kind: Kind, patient: string): Promise<string[]> {
  const held = (await mirrored.opened(kind)).filter(({ body }) => String(body.patientid) === patient)
  return [...new Set(held.map(({ state }) => state))].sort()
}

function ofPatient(mirrored: MirroredPractice, kind: TrueKind, patient: string) {
  return [...mirrored.simulator.truth.records(practice, kind)].filter(({ patientid }) => String(patientid) === patient)
}

/** What happened to records of a kind, in the words of the change history, but for what a first load brings. */
function historyOf({ deps }: MirroredPractice, kind: Kind): Promise<string[]> {
  const history = sql(
    'test.history',
    `select what from aegis.change where kind = $1 and what <> 'created' and not 'observations' = any(fields) order by 1`,
  )
  return deps.db.practice(practice, async (tx) => {
    const rows = await tx.rows<{ what: string }>(history, [kind])
    return [...new Set(rows.map(({ what }) => what))]
  })
}

/** What checks say is gone at athenahealth, with what accounts for it. */
async function gone(mirrored: MirroredPractice) {
  return (await found(mirrored)).flatMap((row) => (row.what === 'gone-there' ? [[row.feed, row.explanation]] : []))
}

/** Asks for a patient's records of a kind by id, as a doubt about each would. */
function ask(mirrored: MirroredPractice, kind: Kind, patient: string): Promise<void> {
  const { db, sealing } = mirrored.deps
  return mirrored.opened(kind).then((held) =>
    db.practice(practice, async (tx) => {
      const keys = await sealing.practice(tx, practice)
      const theirs = held.filter(({ body }) => String(body.patientid) === patient)
      await noteWishes(tx, keys, {
        practice,
        wishes: theirs.flatMap(({ body }) => wishForHeld(kind, keys, body) ?? []),
      })
    }),
  )
}

test('claims that a check misses because their patient is restricted are withheld, and back with the patient', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  const before = (await mirrored.opened('claim')).length
  mirrored.change({ kind: 'restrictpatient', patient })
  await passDays(mirrored, 2)
  await mirrored.run(20)
  await passDays(mirrored, 2)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['withheld'])
  assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['withheld'])
  assert.deepEqual(await historyOf(mirrored, 'claim'), ['withheld'])
  assert.deepEqual(await gone(mirrored), [])
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  assert.deepEqual(await historyOf(mirrored, 'claim'), ['restored', 'withheld'])
  await passDays(mirrored, 2)
  assert.equal((await mirrored.opened('claim')).length, before)
  assert.deepEqual(await unexplained(mirrored), [])
  assert.deepEqual(await mirrored.trouble(), { ...(await mirrored.trouble()), inDoubt: 0, quarantined: 0 })
})

for (const { feed, kind } of [
  { feed: 'claims', kind: 'claim' },
  { feed: 'labresults', kind: 'labresult' },
] as const) {
  test(`a ${kind} asked for by id while nobody has told that its patient is restricted is withheld`, async (t) => {
    const mirrored = await hidingPractice(t, [feed])
    const patient = await someoneWith(mirrored, kind)
    mirrored.change({ kind: 'restrictpatient', patient })
    await ask(mirrored, kind, patient)
    await mirrored.run(20)
    assert.deepEqual(await statesOf(mirrored, kind, patient), ['withheld'])
    assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['withheld'])
    mirrored.change({ kind: 'unrestrictpatient', patient })
    await mirrored.run(4)
    assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['present'])
    assert.deepEqual(await statesOf(mirrored, kind, patient), ['present'])
    assert.deepEqual(await historyOf(mirrored, kind), ['restored', 'withheld'])
  })
}

test('a record that was deleted while its patient was restricted is deleted when the patient is back', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  mirrored.change({ kind: 'restrictpatient', patient })
  await ask(mirrored, 'claim', patient)
  await mirrored.run(20)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['withheld'])
  for (const { claimid } of ofPatient(mirrored, 'claims', patient))
    mirrored.change({ kind: 'voidclaim', claim: claimid })
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(6)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['deleted'])
})

test('a claim that is voided is deleted while its patient is shown, and a check that finds it says so', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  const [claim] = ofPatient(mirrored, 'claims', patient)
  loseFeeds(mirrored, ['/claims/changed'])
  mirrored.change({ kind: 'voidclaim', claim: claim?.claimid })
  await passDays(mirrored, 2)
  await mirrored.run(20)
  await passDays(mirrored, 1)
  assert.deepEqual(await historyOf(mirrored, 'claim'), ['deleted'])
  assert.deepEqual(await gone(mirrored), [['claims', null]])
})

/** From now on these feeds tell nothing, and forget what they have told. */
function loseFeeds(mirrored: MirroredPractice, routes: readonly string[]): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!routes.includes(call.route)) return response
    const body = (await response.json()) as Record<string, unknown>
    const empty = Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? [] : value])
    return Response.json({ ...Object.fromEntries(empty), totalcount: 0 })
  }
}

test('what checks find of a patient who is shown again, before the feed says so, is no loss', async (t) => {
  const mirrored = await hidingPractice(t, ['claims', 'labresults'])
  const patient = await someoneWith(mirrored, 'labresult', 'claim')
  const [result] = ofPatient(mirrored, 'labresults', patient)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  mirrored.change({ kind: 'restrictpatient', patient })
  await ask(mirrored, 'claim', patient)
  await mirrored.run(20)
  mirrored.change({ kind: 'updatedocument', document: result?.labresultid, note: 'Seen.' })
  loseFeeds(mirrored, ['/patients/changed', '/labresults/changed'])
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await passDays(mirrored, 3)
  await mirrored.run(4)
  assert.ok((await historyOf(mirrored, 'labresult')).includes('updated'))
  assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['present'])
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  assert.deepEqual(await unexplained(mirrored), [])
})

test('an entry that the chart of a restricted patient lacks is withheld, and read again with the patient', async (t) => {
  const mirrored = await hidingPractice(t, ['problems'])
  const patient = await someoneWith(mirrored, 'problem')
  let asked = 0
  // Not found is how the simulator answers; nobody says that athenahealth does.
  mirrored.fetch = async (url, init, call) => {
    if (!url.includes(`/chart/${patient}/problems`)) return mirrored.toSimulator(url, init, call)
    asked += 1
    return Response.json({ problems: [], totalcount: 0 })
  }
  mirrored.change({ kind: 'restrictpatient', patient })
  await ask(mirrored, 'problem', patient)
  await mirrored.run(30)
  assert.ok(asked > 1)
  assert.deepEqual(await statesOf(mirrored, 'problem', patient), ['withheld'])
  mirrored.fetch = mirrored.toSimulator
  const [ended, ...others] = ofPatient(mirrored, 'chart/healthhistory/problems', patient)
  mirrored.change({ kind: 'endproblem', patient, problem: ended?.problemid, remove: true })
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(20)
  const states = (await mirrored.opened('problem')).filter(({ body }) => String(body.patientid) === patient)
  assert.deepEqual(states.map(({ state }) => state).sort(), ['deleted', ...others.map(() => 'present')])
})

test('a patient who comes back while a record is looked for takes it along', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  mirrored.change({ kind: 'restrictpatient', patient })
  await passDays(mirrored, 1)
  await mirrored.run(2)
  await damage(mirrored, sql('test.not_withheld', `update aegis.record set state = 'present' where kind = 'claim'`))
  assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['withheld'])
  await ask(mirrored, 'claim', patient)
  let isBack = false
  const unhook = setFailpointHook(async (name) => {
    if (name !== 'sync.after-refetch' || isBack) return
    isBack = true
    mirrored.change({ kind: 'unrestrictpatient', patient })
    await mirrored.advance(61_000)
    await mirrored.step('patients')
  })
  t.after(async () => unhook())
  await mirrored.run(4)
  assert.ok(isBack)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  assert.deepEqual((await historyOf(mirrored, 'claim')).includes('deleted'), false)
})

test('what is withheld of a patient passes to the survivor of a merge, and is asked for', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const from = await someoneWith(mirrored, 'claim')
  const into = String((await mirrored.opened('patient')).find(({ body }) => body.patientid !== from)?.body.patientid)
  const mine = (await mirrored.opened('claim')).filter(({ body }) => String(body.patientid) === from)
  mirrored.change({ kind: 'restrictpatient', patient: from })
  await ask(mirrored, 'claim', from)
  await mirrored.run(20)
  assert.deepEqual(await statesOf(mirrored, 'claim', from), ['withheld'])
  // A claim need not be told of because its patient was merged.
  loseFeeds(mirrored, ['/claims/changed'])
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(4)
  const passed = new Map((await mirrored.opened('claim')).map((claim) => [claim.key, claim]))
  assert.deepEqual(
    mine.map(({ key }) => [passed.get(key)?.state, String(passed.get(key)?.body.patientid)]),
    mine.map(() => ['present', into]),
  )
})

test('a record of a patient whom athenahealth has deleted is gone when it is not found', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  mirrored.change({ kind: 'deletepatient', patient })
  await mirrored.run(2)
  assert.deepEqual(await statesOf(mirrored, 'patient', patient), ['deleted'])
  const [claim] = ofPatient(mirrored, 'claims', patient)
  mirrored.change({ kind: 'voidclaim', claim: claim?.claimid })
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Promise.resolve(Response.json({ error: 'The patient does not exist.' }, { status: 404 }))
      : mirrored.toSimulator(url, init, call)
  await ask(mirrored, 'claim', patient)
  await mirrored.run(4)
  const held = (await mirrored.opened('claim')).find(({ body }) => String(body.claimid) === String(claim?.claimid))
  assert.equal(held?.state, 'deleted')
})

/** Takes a patient out of the mirror, as one who never came into it. */
async function forget(mirrored: MirroredPractice, patient: string): Promise<void> {
  const [held] = (await mirrored.opened('patient')).filter(({ body }) => body.patientid === patient)
  const text = `delete from aegis.record where kind = 'patient' and key = '${held?.key}'`
  await damage(mirrored, sql('test.no_patient', text))
}

test('a claim of a patient who is not held is withheld while athenahealth does not find the patient', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  mirrored.change({ kind: 'restrictpatient', patient })
  await forget(mirrored, patient)
  await ask(mirrored, 'claim', patient)
  // No other claim is found either, which would keep one of a shown patient for a day.
  mirrored.fetch = (url, init, call) =>
    call.route === '/claims/{claimid}'
      ? Promise.resolve(Response.json({ error: 'The claim does not exist.' }, { status: 404 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(4)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['withheld'])
  mirrored.fetch = mirrored.toSimulator
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
})

test('a claim of a patient who is not held stays while the look-up of patients finds nobody', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  await forget(mirrored, patient)
  await ask(mirrored, 'claim', patient)
  mirrored.fetch = (url, init, call) =>
    call.route === '/claims/{claimid}' || call.route === '/patients/{patientid}'
      ? Promise.resolve(Response.json({ error: 'The requested resource is not available.' }, { status: 404 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.run(20)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  const { unfound, unclear } = await claimsFeed(mirrored)
  assert.deepEqual([unfound, unclear?.count], [undefined, ofPatient(mirrored, 'claims', patient).length])
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(20)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  assert.equal((await claimsFeed(mirrored)).unclear, undefined)
})

/** What status has of claims. */
async function claimsFeed({ deps }: MirroredPractice) {
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], deps.clock.now()))
  return pictures.get(practice)?.feeds.find(({ feed }) => feed === 'claims') ?? assert.fail('it is mirrored')
}

test('nothing is concluded while the patient of a record cannot be asked for', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  const [claim] = ofPatient(mirrored, 'claims', patient)
  let [isBroken, asked] = [true, 0]
  mirrored.fetch = (url, init, call) => {
    if (url.includes(`/claims/${String(claim?.claimid)}`)) asked += 1
    return isBroken && call.route === '/patients/{patientid}'
      ? Promise.resolve(Response.json({ error: 'An error occurred.' }, { status: 500 }))
      : mirrored.toSimulator(url, init, call)
  }
  for (const { claimid } of ofPatient(mirrored, 'claims', patient))
    mirrored.change({ kind: 'voidclaim', claim: claimid })
  await mirrored.run(6)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['present'])
  assert.equal(asked, 2, 'not each minute')
  isBroken = false
  await mirrored.run(12)
  assert.deepEqual(await statesOf(mirrored, 'claim', patient), ['deleted'])
})

test('a patient whose row is damaged holds up nothing: nobody is sure of what is missing', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const patient = await someoneWith(mirrored, 'claim')
  const claim = (await mirrored.opened('claim')).find((one) => patientOf(one) === patient)
  const look = () =>
    lookForPatient(
      mirrored.deps,
      { practice, feed: 'claims' },
      { key: claim?.key ?? '', ask: () => Promise.resolve('found'), findsAny: () => Promise.resolve(true) },
    )
  assert.equal(await look(), 'shown')
  const first = sql('test.damaged', `update aegis.record set sealed = set_byte(sealed, 0, 255) where kind = 'patient'`)
  await damage(mirrored, first)
  assert.equal(await look(), 'unsure')
})

test('that many records ask for one patient does not begin anew what the feed of patients has found', async (t) => {
  const mirrored = await hidingPractice(t, ['claims'])
  const [claim] = await mirrored.opened('claim')
  const look = () =>
    lookForPatient(
      mirrored.deps,
      { practice, feed: 'claims' },
      { key: claim?.key ?? '', ask: () => Promise.resolve('missing'), findsAny: () => Promise.resolve(true) },
    )
  assert.equal(await look(), 'unsure')
  await damage(mirrored, sql('test.missed_once', `update aegis.refetch set missing_since = aegis.now()`))
  assert.equal(await look(), 'unsure')
  const missed = sql('test.missed', `select feed, missing_since is not null as missed from aegis.refetch`)
  const rows = await mirrored.deps.db.practice(practice, (tx) => tx.rows(missed))
  assert.deepEqual(rows, [{ feed: 'patients', missed: true }])
})
