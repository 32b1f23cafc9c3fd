/** What may explain a difference that a check has found, and what must not: an alarm is neither silenced nor made up. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { checks, damage, found, passDays, reports, unexplained } from '../../testing/reconciled-practice.ts'
import { sql, type Tx } from '../db/db.ts'
import { AegisError } from '../errors/aegis-error.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { insertDifferences } from './difference.sql.ts'
import { coreFeeds } from './feed-name.ts'
import { ensureTask, insertReconciliation } from './reconciliation.sql.ts'
import { abandonAllRuns, finishSnapshotRun, startSnapshotRun } from './snapshot.sql.ts'

const minute = 60_000
const day = 24 * 60 * minute
const settings = { subscriptionCheckMs: 4 * minute }

/** Lets the nightly checks be due now. */
function beginNight(mirrored: MirroredPractice): Promise<void> {
  const due = `update aegis.reconciliation_task set due_at = aegis.now() where task = 'nightly'`
  return damage(mirrored, sql('test.begin_night', due))
}

/** Ids of booked appointments of the coming days. */
async function booked(mirrored: MirroredPractice): Promise<string[]> {
  const now = mirrored.simulator.clock.now()
  const held = await mirrored.opened('appointment')
  return held
    .filter(({ body }) => body.appointmentstatus === 'f' && Date.parse(String(body.date)) > now + day)
    .map(({ key }) => key)
}

test('a booking beyond the window that the feed handed out and that is not here is a loss', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const late = mirrored.simulator.clock.now() + 30 * day
  const [slot] = [...mirrored.simulator.truth.records(practice, 'appointments')].filter(
    (record) => record.appointmentstatus === 'o' && Date.parse(String(record.date)) > late,
  )
  const key = String(slot?.appointmentid)
  mirrored.change({ kind: 'book', appointment: key, patient: 6 })
  await mirrored.run(9)
  await damage(mirrored, sql('test.lose_booking', `delete from aegis.record where key = '${key}'`))
  await beginNight(mirrored)
  await mirrored.run(20)
  assert.ok((await unexplained(mirrored)).includes(`appointments missing-here ${key}`))
})

test('allergies that came with a merge are explained by their feed, though a check of patients heard of the merge first', async (t) => {
  const feeds = [...coreFeeds, 'allergies'] as const
  const mirrored = await mirroredPractice(t, { patients: 30, settings: { ...settings, feeds } })
  await mirrored.bringUp()
  await mirrored.run(3)
  const [from, into] = new Set((await mirrored.opened('allergy')).map(({ body }) => String(body.patientid)))
  mirrored.change({ kind: 'updatepatient', patient: into, fields: { city: 'Albany' } })
  await mirrored.run(2)
  mirrored.change({ kind: 'mergepatients', from, into })
  // The feed of patients is late; the night reads again what it has told before, and that as it is now.
  mirrored.fetch = async (url, init, call) =>
    call.consuming && call.route === '/patients/changed'
      ? Response.json({ patients: [], totalcount: 0 })
      : call.route === '/chart/{patientid}/allergies' && (call.context as CallContext).priority === 'feeds'
        ? new Response('', { status: 503 })
        : mirrored.toSimulator(url, init, call)
  await beginNight(mirrored)
  await mirrored.advance(minute + 1_000)
  for (let steps = 0; steps < 3; steps += 1) await mirrored.step('patients')
  await mirrored.advance(minute + 1_000)
  await mirrored.step('allergies')
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(20)
  assert.ok((await found(mirrored)).some(({ feed, what }) => feed === 'allergies' && what === 'missing-here'))
  assert.deepEqual(await unexplained(mirrored), [])
})

test('a result that was told of while its patient was hidden is explained where a check reads it before all that the patient has', async (t) => {
  const practices = [{ id: practice, patients: 20, restrictions: 'hidden' as const }]
  const feeds = [...coreFeeds, 'labresults'] as const
  const mirrored = await mirroredPractice(t, { simulator: { practices }, settings: { ...settings, feeds } })
  await mirrored.bringUp()
  await mirrored.run(3)
  const list = '/patients/{patientid}/documents/labresult'
  const without = (route: string): void => {
    mirrored.fetch = async (url, init, call) =>
      call.route === route ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
  }
  const [held] = await mirrored.opened('labresult')
  const patient = held?.body.patientid
  mirrored.change({ kind: 'addlabresult', patient })
  mirrored.change({ kind: 'updatedocument', document: held?.body.labresultid, note: 'Seen.' })
  without(`${list}/{labresultid}`)
  await mirrored.run(1)
  mirrored.change({ kind: 'restrictpatient', patient })
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(40)
  assert.equal((await mirrored.trouble()).inDoubt, 0)
  without(list)
  mirrored.change({ kind: 'unrestrictpatient', patient })
  await mirrored.run(2)
  await beginNight(mirrored)
  await mirrored.run(20)
  const missing = (await found(mirrored)).filter(({ feed, what }) => feed === 'labresults' && what === 'missing-here')
  assert.deepEqual(
    missing.map(({ explanation }) => explanation),
    ['feed'],
  )
  assert.deepEqual(await unexplained(mirrored), [])
})

test('that changes are read once more, to look for strangers, explains none that were lost here', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const [visit = ''] = await booked(mirrored)
  mirrored.change({ kind: 'cancel', appointment: visit })
  await mirrored.run(2)
  await damage(mirrored, sql('test.lose_visit', `delete from aegis.record where key = '${visit}'`))
  await beginNight(mirrored)
  await mirrored.run(12)
  assert.deepEqual(await unexplained(mirrored), [`appointments missing-here ${visit}`])
})

test('what a second reader took is alarmed, also when the process ends while it is looked for', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  await mirrored.run(5)
  const [visit] = await booked(mirrored)
  mirrored.change({ kind: 'cancel', appointment: visit })
  await mirrored.deps.upstream.practice(practice).feeds.appointments.drainPage({ limit: 1_000 })
  let isEnded = false
  mirrored.onStatement(({ name }) => {
    if (isEnded || name !== 'sync.page_applied') return
    isEnded = true
    throw new AegisError('db.unavailable')
  })
  for (let round = 0; round < 6; round += 1) await mirrored.run(1).catch(() => undefined)
  assert.ok(isEnded)
  assert.ok(mirrored.log.lines.some((line) => line.event === 'sync.gap'))
})

test('what a replay of a doubt did not show is explained when the next look shows it, though a check and drains came before', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { subscriptionCheckMs: 45 * minute } })
  await mirrored.bringUp()
  await mirrored.run(3)
  const [visit = ''] = await booked(mirrored)
  mirrored.change({ kind: 'cancel', appointment: visit })
  const isFeed = (url: string) => url.includes('/appointments/changed?')
  const isReplay = (url: string) => isFeed(url) && url.includes('showprocessed')
  let replays = 0
  mirrored.fetch = async (url, init, call) => {
    const answer = await mirrored.toSimulator(url, init, call)
    // The drain's answer is lost; what is asked for instead is answered as it was before the drain.
    if (isFeed(url) && !isReplay(url) && replays === 0) throw new TypeError('fetch failed')
    if (!isReplay(url) || replays > 0) return answer
    replays += 1
    return Response.json({ appointments: [], totalcount: 0 })
  }
  await mirrored.run(2)
  assert.equal(replays, 1)
  mirrored.fetch = mirrored.toSimulator
  await beginNight(mirrored)
  await mirrored.run(12)
  // The booking, and the slot that is free again.
  assert.deepEqual((await unexplained(mirrored)).length, 2)
  await mirrored.run(45)
  assert.ok((await reports(mirrored)).every(({ judged_at }) => judged_at !== null))
  assert.deepEqual(await unexplained(mirrored), [])
})

test('a change of days later does not explain what a check found: the feed had been read to its end meanwhile', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { rereadDays: 6, snapshotPageSize: 3 } })
  await mirrored.bringUp()
  await damage(mirrored, sql('test.lose_patients', `delete from aegis.record where kind = 'patient'`))
  await passDays(mirrored, 1)
  const lost = new Set((await found(mirrored)).filter(({ feed }) => feed === 'patients').map(({ key }) => key))
  assert.notEqual(lost.size, 0)
  for (const { patientid } of mirrored.simulator.truth.records(practice, 'patients'))
    mirrored.change({ kind: 'updatepatient', patient: patientid, fields: { lastname: 'Marigold' } })
  await mirrored.run(2)
  const explanations = (await found(mirrored)).filter(({ key }) => lost.has(key)).map((one) => one.explanation)
  assert.deepEqual([...new Set(explanations)], [null])
})

test('what a feed only names is on its way too, when a check saw it first', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  await mirrored.advance(minute)
  await mirrored.step()
  await beginNight(mirrored)
  const [provider] = mirrored.simulator.truth.records(practice, 'providers')
  mirrored.change({ kind: 'updateprovider', provider: provider?.providerid, lastname: 'Marigold' })
  // The drain is over: the check reads now.
  await mirrored.step('providers')
  await mirrored.run(14)
  const ofProviders = (await found(mirrored)).filter(({ feed }) => feed === 'providers')
  assert.deepEqual(
    ofProviders.map(({ what, explanation }) => [what, explanation]),
    [['differing', 'feed']],
  )
})

test('what a check learns only after its verdict is counted all the same', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const phantom = `insert into aegis.record select practice_id, kind, '99999999', state, patient, clear, sealed, digest,
       last_modified_at, fetch_seq, first_seen_at, changed_at
     from aegis.record where kind = 'provider' order by key limit 1`
  await damage(mirrored, sql('test.phantom', phantom))
  const isAsked = (url: string) => url.includes('/providers/99999999')
  mirrored.fetch = async (url, init, call) =>
    isAsked(url) ? new Response('{"error":"x"}', { status: 500 }) : mirrored.toSimulator(url, init, call)
  await passDays(mirrored, 2)
  const ofProviders = async () => (await reports(mirrored)).filter(({ feed }) => feed === 'providers')
  const [first] = await ofProviders()
  assert.ok(first?.judged_at)
  assert.equal(first.gone_there, 0)
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(40)
  assert.deepEqual(await unexplained(mirrored), ['providers gone-there 99999999'])
  const counted = (await ofProviders()).reduce((sum, report) => sum + report.unexplained, 0)
  assert.equal(counted, 1)
  const told = (await checks(mirrored)).find(({ feed, task }) => feed === 'providers' && task === 'nightly')
  assert.equal(told?.unexplained, 1, 'though later nights found nothing')
})

test('an entry that its chart lacks and that is still here is a loss, like any other record', async (t) => {
  const feeds = [...coreFeeds, 'problems'] as const
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { ...settings, feeds } })
  await mirrored.bringUp()
  await mirrored.run(2)
  const [problem] = mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')
  mirrored.change({ kind: 'endproblem', patient: problem?.patientid, problem: problem?.problemid, remove: true })
  await mirrored.run(6)
  const gone = (await mirrored.opened('problem')).filter(({ state }) => state === 'deleted').map(({ key }) => key)
  assert.equal(gone.length, 1)
  await damage(mirrored, sql('test.lose_end', `update aegis.record set state = 'present' where key = '${gone[0]}'`))
  await beginNight(mirrored)
  await mirrored.run(20)
  assert.deepEqual(await unexplained(mirrored), [`problems gone-there ${gone[0]}`])
})

test('a booking made since the feed is live on a day that no list had shown was to come by the feed', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...settings, bookedDaysAhead: 3, slotDaysAhead: 1 } })
  await mirrored.bringUp()
  const now = mirrored.simulator.clock.now()
  const slots = [...mirrored.simulator.truth.records(practice, 'appointments')].filter(
    (record) => record.appointmentstatus === 'o' && Date.parse(String(record.date)) > now + 4 * day,
  )
  const key = String(slots[0]?.appointmentid)
  const last = Date.parse(String(slots[0]?.date))
  mirrored.change({ kind: 'book', appointment: key, patient: 6 })
  // What the feed told of it is lost here, and athenahealth replays it no more.
  await mirrored.run(2)
  await damage(mirrored, sql('test.lose_booking', `delete from aegis.record where key = '${key}'`))
  await mirrored.advance(6 * 60 * minute)
  mirrored.fetch = async (url, init, call) =>
    call.route === '/appointments/changed' && !call.consuming
      ? new Response('{"appointments":[],"totalcount":0}')
      : mirrored.toSimulator(url, init, call)
  await passDays(mirrored, Math.ceil((last - now) / day))
  const ofKey = (await found(mirrored)).filter((one) => one.key === key)
  assert.deepEqual(
    ofKey.map(({ what, explanation }) => [what, explanation]),
    [['missing-here', null]],
  )
})

test('slots of days that only came into the window are no loss, though a later reading has shown the days behind them', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { ...settings, slotDaysAhead: 1 } })
  await mirrored.bringUp()
  await mirrored.advance(2 * day)
  mirrored.fetch = async (url, init, call) =>
    call.route === '/appointments/open' ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
  await beginNight(mirrored)
  await mirrored.run(2)
  const held = { practice, feed: 'appointments' } as const
  const [from, to] = [3, 30].map((days) =>
    new Date(mirrored.simulator.clock.now() + days * day).toISOString().slice(0, 10),
  )
  await mirrored.deps.db.practice(practice, async (tx) => {
    const plan = [{ list: 'open', departmentId: '1', from: from ?? '', to: to ?? '' }] as const
    const { run_id: runId } = await startSnapshotRun(tx, held, { phase: 'authoritative', plan, firstSeq: 1n })
    await finishSnapshotRun(tx, held, runId)
  })
  mirrored.fetch = mirrored.toSimulator
  await mirrored.run(40)
  const missing = (await found(mirrored)).filter(({ feed, what }) => feed === 'appointments' && what === 'missing-here')
  assert.ok(missing.length > 0)
  assert.deepEqual(await unexplained(mirrored), [])
})

test('what a check had found when it was given up is judged', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const held = { practice, feed: 'patients' } as const
  await mirrored.deps.db.practice(practice, async (tx) => {
    const { run_id: runId } = await startSnapshotRun(tx, held, { phase: 'rolling', plan: [], firstSeq: 1n })
    const one = { key: 'lost', what: 'missing-here', fields: [], explanation: null } as const
    await insertDifferences(tx, { ...held, runId }, [one])
    await abandonAllRuns(tx, held)
  })
  await mirrored.run(12)
  assert.deepEqual(await unexplained(mirrored), ['patients missing-here lost'])
  const [report] = await reports(mirrored)
  assert.deepEqual([report?.task, report?.unexplained, report?.judged_at === null], ['rolling', 1, false])
})

test('a check that was given up takes no place of one that was completed', async (t) => {
  const mirrored = await mirroredPractice(t, { settings })
  await mirrored.bringUp()
  const held = { practice, feed: 'patients' } as const
  const inCheck = (explanation: 'window' | null, end: (tx: Tx, runId: string) => Promise<void>) =>
    mirrored.deps.db.practice(practice, async (tx) => {
      const { run_id: runId } = await startSnapshotRun(tx, held, { phase: 'rolling', plan: [], firstSeq: 1n })
      const one = { key: 'some', what: 'missing-here', fields: [], explanation } as const
      await insertDifferences(tx, { ...held, runId }, [one])
      await end(tx, runId)
    })
  await inCheck(null, async (tx, runId) => {
    await finishSnapshotRun(tx, held, runId)
    await insertReconciliation(tx, practice, runId)
    await ensureTask(tx, held, { task: 'judge', dueAt: new Date(mirrored.simulator.clock.now()).toISOString() })
  })
  await mirrored.run(12)
  const told = async () => (await checks(mirrored)).find(({ feed, task }) => feed === 'patients' && task === 'rolling')
  const before = await told()
  assert.equal(before?.unexplained, 1)
  await inCheck('window', (tx) => abandonAllRuns(tx, held))
  await mirrored.run(12)
  assert.deepEqual(
    (await reports(mirrored)).map((one) => [one.unexplained, one.judged_at === null]),
    [
      [1, false],
      [0, false],
    ],
  )
  assert.deepEqual(await told(), before)
})
