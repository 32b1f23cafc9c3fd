/** Claims of a patient who was hidden when all claims were read: asked for once the patient is shown. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import { recordKinds } from '../records/record-kinds.ts'
import { type Wish, wishFor, wishForAll } from '../records/record-name.ts'
import type { PracticeKeys } from '../sealing/practice-keys.ts'
import type { CallContext, OpenOutcome } from '../upstream/call-context.ts'
import { coreFeeds } from './feed-name.ts'
import { noteWishes } from './note-wishes.ts'

type Test = Parameters<typeof mirroredPractice>[0]

/** A practice that hides restricted patients, with claims, and what was asked of claims by patient. */
async function hidingPractice(t: Test) {
  const practices = [{ id: practice, patients: 30, restrictions: 'hidden' as const }]
  const settings = { feeds: [...coreFeeds, 'claims' as const] }
  const mirrored = await mirroredPractice(t, { simulator: { practices }, settings })
  const claims = [...mirrored.simulator.truth.records(practice, 'claims')]
  const counts = Map.groupBy(claims, ({ patientid }) => String(patientid))
  const [patient] = [...counts].find(([, { length }]) => length > 1) ?? assert.fail('nobody with claims')
  const asked: URL[] = []
  const watch = (url: string, route: string) => {
    const at = new URL(url)
    if (route === '/claims' && at.searchParams.has('patientid')) asked.push(at)
  }
  mirrored.fetch = (url, init, call) => {
    watch(url, call.route)
    return mirrored.toSimulator(url, init, call)
  }
  return { mirrored, patient, asked, watch, count: counts.get(patient)?.length }
}

/** How many claims of a patient are present, and how many are not. */
async function claimsOf(mirrored: MirroredPractice, patient: string): Promise<Record<string, number>> {
  const theirs = (await mirrored.opened('claim')).filter(({ body }) => String(body.patientid) === patient)
  return Object.fromEntries([...Map.groupBy(theirs, ({ state }) => state)].map(([state, rows]) => [state, rows.length]))
}

test('claims of a patient who was hidden at the first load come when the patient is shown', async (t) => {
  const { mirrored, patient, asked, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  assert.deepEqual(await claimsOf(mirrored, patient), {})
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(3)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
  const [first, ...further] = asked.map(({ searchParams }) => Object.fromEntries(searchParams))
  // The policy takes a second page for a large pull.
  assert.deepEqual([first, further], [{ patientid: patient, limit: '5000' }, []])
  assert.deepEqual(await mirrored.differences(), [])
  assert.deepEqual(await unexplained(mirrored), [])
})

test('claims come too of who is shown between the first look at all patients and the one that counts', async (t) => {
  const { mirrored, patient, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.step()
  assert.deepEqual(await bringUpClaims(mirrored), ['live', 'activating'])
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(5)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('a first look at all patients does not ask for the claims of each', async (t) => {
  const { mirrored, asked } = await hidingPractice(t)
  assert.deepEqual(await bringUpClaims(mirrored), ['live', 'new'])
  await mirrored.bringUp()
  await mirrored.run(3)
  assert.deepEqual(asked, [])
})

/** Until claims are live while patients stay where they are: how the two are then. */
async function bringUpClaims(mirrored: MirroredPractice) {
  for (let minutes = 0; minutes < 5; minutes += 1) {
    await mirrored.step('departments')
    await mirrored.step('claims')
    await mirrored.advance(61_000)
  }
  const states = Object.fromEntries((await mirrored.states()).map(({ feed, state }) => [feed, state]))
  return [states.claims, states.patients]
}

test('a claim that fell into a gap, which was read while its patient was withheld, comes with the patient', async (t) => {
  const { mirrored, patient, count } = await hidingPractice(t)
  await mirrored.bringUp()
  await mirrored.run(3)
  // As if it had never been handed out.
  const lost = sql('test.lost', `delete from aegis.record where kind = 'claim' and key = $1`)
  const [claim] = (await mirrored.opened('claim')).filter(({ body }) => String(body.patientid) === patient)
  await mirrored.deps.db.practice(practice, (tx) => tx.rows(lost, [claim?.key ?? assert.fail()]))
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.wantSnapshot('claims')
  await mirrored.run(20)
  assert.deepEqual(await claimsOf(mirrored, patient), { withheld: (count ?? 0) - 1 })
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('no claims are no answer of a patient who is hidden again', async (t) => {
  const { mirrored, patient, asked, watch, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  mirrored.fetch = (url, init, call) => {
    const before = asked.length
    watch(url, call.route)
    if (before === 0 && asked.length === 1) mirrored.change({ kind: 'restrictpatient', patient })
    return mirrored.toSimulator(url, init, call)
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(20)
  assert.deepEqual(await claimsOf(mirrored, patient), {})
  assert.equal((await mirrored.trouble()).inDoubt, 0, 'who is withheld is asked for when shown again')
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('no claims are no answer of a patient who cannot be asked for', async (t) => {
  const { mirrored, patient, asked, watch, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  mirrored.fetch = async (url, init, call) => {
    const before = asked.length
    watch(url, call.route)
    if (before === 0 && asked.length === 1) mirrored.change({ kind: 'restrictpatient', patient })
    const isFailing = call.route === '/patients/{patientid}'
    return isFailing ? Response.json({ error: 'not now' }, { status: 500 }) : mirrored.toSimulator(url, init, call)
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(10)
  assert.deepEqual(await claimsOf(mirrored, patient), {})
  mirrored.fetch = mirrored.toSimulator
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(30)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('no claims are no answer once: their list may lag behind the feed that tells of the patient', async (t) => {
  const { mirrored, patient, asked, watch, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  mirrored.fetch = async (url, init, call) => {
    const before = asked.length
    watch(url, call.route)
    const isBehind = before === 0 && asked.length === 1
    return isBehind ? Response.json({ claims: [], totalcount: 0 }) : mirrored.toSimulator(url, init, call)
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

for (const [title, isThen] of [
  ['the list', (route: string, lists: number) => route === '/claims' && lists === 1],
  ['the patient, before it is asked for again,', (route: string, lists: number) => route !== '/claims' && lists === 1],
] as const)
  test(`claims wished for anew while ${title} is asked for are looked for twice from then on`, async (t) => {
    const { mirrored, patient, asked, watch, count } = await hidingPractice(t)
    mirrored.change({ kind: 'restrictpatient', patient })
    await mirrored.bringUp()
    await mirrored.run(3)
    let renewals = 0
    mirrored.fetch = async (url, init, call) => {
      const before = asked.length
      watch(url, call.route)
      const isAsked = call.route === '/claims' ? asked.length > before : call.route === '/patients/{patientid}'
      if (isAsked && renewals === 0 && isThen(call.route, asked.length)) {
        renewals += 1
        await wishForClaims(mirrored, patient)
      }
      const isBehind = asked.length > before && asked.length <= 2
      return isBehind ? Response.json({ claims: [], totalcount: 0 }) : mirrored.toSimulator(url, init, call)
    }
    mirrored.change({ kind: 'unrestrictpatient', patient })
    await mirrored.run(6)
    assert.equal(renewals, 1)
    assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })

/** As where the patient is shown once more. */
function wishForClaims(mirrored: MirroredPractice, patient: string): Promise<void> {
  return wish(mirrored, (keys) => wishForAll('claim', keys, patient))
}

function wish({ deps }: MirroredPractice, wished: (keys: PracticeKeys) => Wish | undefined): Promise<void> {
  return deps.db.practice(practice, async (tx) => {
    const keys = await deps.sealing.practice(tx, practice)
    await noteWishes(tx, keys, { practice, wishes: [wished(keys) ?? assert.fail()] })
  })
}

test('claims of more than a page hold up nothing by day', async (t) => {
  const { mirrored, patient, watch, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  let isNight = false
  mirrored.fetch = async (url, init, call) => {
    watch(url, call.route)
    const at = new URL(url)
    if (call.route !== '/claims' || !at.searchParams.has('patientid')) return mirrored.toSimulator(url, init, call)
    // As the policy does.
    if (!isNight && Number(at.searchParams.get('offset')) > 0)
      throw new AegisError('policy.off-hours', {
        call: 'GET /claims',
        until: mirrored.simulator.clock.now() + 43_200_000,
      })
    at.searchParams.set('limit', '2')
    return mirrored.toSimulator(at.href, init, call)
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(3)
  const feed = (await mirrored.states()).find((one) => one.feed === 'claims')
  assert.deepEqual([feed?.failure_code, (await mirrored.trouble()).inDoubt], [null, 1])
  isNight = true
  await mirrored.run(30)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('a merge that nobody tells of is learned from claims that are another patient’s', async (t) => {
  const { mirrored, patient } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.advance(61_000)
  await mirrored.step('patients')
  const into = (await mirrored.opened('patient')).find(({ body }) => body.patientid !== patient)?.body.patientid
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    return call.route === '/patients/changed' ? Response.json({ patients: [], totalcount: 0 }) : response
  }
  mirrored.change({ kind: 'mergepatients', from: patient, into })
  await mirrored.run(16)
  const held = (await mirrored.opened('patient')).find(({ body }) => body.patientid === patient)
  assert.deepEqual([held?.state, (await mirrored.trouble()).inDoubt], ['merged', 0])
  assert.deepEqual(await mirrored.differences(), [])
})

test('claims that come as another patient’s are not waited for while their own is withheld', async (t) => {
  const { mirrored, patient, asked, watch, count } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  let isFailing = true
  mirrored.fetch = async (url, init, call) => {
    const before = asked.length
    watch(url, call.route)
    if (asked.length === before) return mirrored.toSimulator(url, init, call)
    if (isFailing) return Response.json({ error: 'not now' }, { status: 500 })
    return Response.json({ claims: [{ claimid: '999001', patientid: '999' }], totalcount: 1 })
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(2)
  mirrored.change({ kind: 'restrictpatient', patient })
  // As a check does that does not see the patient any more.
  await wish(mirrored, (keys) => wishFor(recordKinds.patient, keys, { id: patient }))
  await mirrored.run(4)
  const held = (await mirrored.opened('patient')).find(({ body }) => body.patientid === patient)
  assert.deepEqual([held?.state, (await mirrored.trouble()).inDoubt], ['withheld', 1])
  isFailing = false
  await mirrored.run(31)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  mirrored.fetch = mirrored.toSimulator
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(4)
  assert.deepEqual(await claimsOf(mirrored, patient), { present: count })
})

test('the audit log has each patient of whom claims came, also of whom none was asked for', async (t) => {
  const { mirrored, patient } = await hidingPractice(t)
  mirrored.change({ kind: 'restrictpatient', patient })
  await mirrored.bringUp()
  await mirrored.run(3)
  const audited: (readonly string[])[] = []
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/claims' || !new URL(url).searchParams.has('patientid')) return response
    const record: OpenOutcome['record'] = async ({ patientIds = [] }) => void audited.push(patientIds)
    const { outcome } = call.context as CallContext // what sync gives
    outcome?.({ status: response.status, record })
    const body = (await response.json()) as { claims: object[] }
    return Response.json({ ...body, claims: [{ ...body.claims[0], patientid: 999 }, ...body.claims.slice(1)] })
  }
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(3)
  assert.deepEqual(audited, [[patient, '999']])
  assert.deepEqual(await claimsOf(mirrored, patient), {}, 'and nothing is taken from it')
})

test('claims that waited for a patient of whom nobody could be asked are settled once the patient is found to be hidden', async (t) => {
  const { mirrored, patient, count } = await hidingPractice(t)
  await mirrored.bringUp()
  await mirrored.run(3)
  mirrored.change({ kind: 'restrictpatient', patient })
  mirrored.fetch = (url, init, call) =>
    call.route === '/patients/{patientid}'
      ? Promise.resolve(Response.json({ error: 'not now' }, { status: 403 }))
      : mirrored.toSimulator(url, init, call)
  await mirrored.wantSnapshot('claims')
  const passHour = async () => {
    await mirrored.step()
    await mirrored.advance(3_600_000)
  }
  for (let hours = 0; hours < 20; hours += 1) await passHour()
  mirrored.fetch = mirrored.toSimulator
  const isHidden = async () =>
    (await mirrored.opened('patient')).some(({ body, state }) => body.patientid === patient && state === 'withheld')
  for (let hours = 0; hours < 24 && !(await isHidden()); hours += 1) await passHour()
  await mirrored.run(3)
  assert.deepEqual(await claimsOf(mirrored, patient), { withheld: count })
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})
