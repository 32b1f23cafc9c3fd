/** What is asked of athenahealth, and what need not be: a call too many is one less for changes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription, liveThrough } from '../../testing/practice-life.ts'
import { coreFeeds, type FeedName } from './feed-name.ts'
import { wantDepartments } from './reconcile-snapshot.ts'
import { addPractices, claimDue, ensureScheduled } from './schedule.sql.ts'

const minute = 60_000
const patient = '6'

interface Asked {
  readonly route: string
  readonly url: URL
  readonly large: unknown
}

/** Notes what is asked from now on, and lets `answer` change what comes. */
function watch(
  mirrored: MirroredPractice,
  answer: (asked: Asked, sent: Response) => Response | Promise<Response> = (_asked, sent) => sent,
): Asked[] {
  const all: Asked[] = []
  mirrored.fetch = async (url, init, call) => {
    const { large }: { large?: unknown } = { ...(call.context as object | undefined) }
    const asked = { route: call.route, url: new URL(url), large }
    if (call.kind !== 'token') all.push(asked)
    return answer(asked, await mirrored.toSimulator(url, init, call))
  }
  return all
}

const ofRoute = (all: readonly Asked[], route: string) => all.filter((asked) => asked.route === route)

async function live(t: Parameters<typeof mirroredPractice>[0], further: readonly FeedName[] = [], pageSize = 50) {
  const settings = { feeds: [...coreFeeds, ...further], snapshotPageSize: pageSize }
  const mirrored = await mirroredPractice(t, { patients: 9, settings })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

test('a record of a department that is known has no departments read', async (t) => {
  const mirrored = await live(t)
  await mirrored.advance(20 * minute)
  const all = watch(mirrored)
  liveThrough(mirrored)
  await mirrored.run(2)
  assert.deepEqual(ofRoute(all, '/departments'), [])
  await assertEqualsTruth(mirrored)
})

test('departments that are wanted are due at once, and not again within minutes', async (t) => {
  const mirrored = await live(t)
  await mirrored.advance(20 * minute)
  const { db } = mirrored.deps
  await db.control(async (tx) => {
    await addPractices(tx, [practice], 'local')
    await ensureScheduled(tx, [practice], ['departments'])
  })
  const due = () => db.control((tx) => claimDue(tx, { most: 9, holdSeconds: 3_600 }))
  await due()
  await wantDepartments(mirrored.deps, practice)
  assert.deepEqual(await due(), [{ practice, feed: 'departments' }])
  await wantDepartments(mirrored.deps, practice)
  assert.deepEqual(await due(), [])
})

test('charts that show what is held of their patients have no patient asked for', async (t) => {
  const mirrored = await live(t, ['problems'])
  const all = watch(mirrored)
  await mirrored.wantSnapshot('problems')
  await mirrored.run(3)
  assert.ok(ofRoute(all, '/chart/{patientid}/problems').length >= 9)
  assert.deepEqual(ofRoute(all, '/patients/{patientid}'), [])
})

test('a page of a reading that fails is asked for again, and nothing before it', async (t) => {
  const mirrored = await live(t, [], 4)
  await mirrored.wantSnapshot('appointments')
  let failing: string | undefined
  let failed = 0
  const all = watch(mirrored, ({ route, url }, sent) => {
    if (route !== '/appointments/booked' || !url.searchParams.has('offset')) return sent
    failing ??= url.href
    // More often than the client asks.
    if (url.href !== failing || failed >= 12) return sent
    failed += 1
    return Response.json({ error: 'down' }, { status: 503 })
  })
  await mirrored.run(6)
  assert.equal(failed, 12)
  assert.ok(mirrored.log.events().includes('sync.step-failed'))
  const pages = ofRoute(all, '/appointments/booked').map(({ url }) => url.href)
  const others = pages.filter((page) => page !== failing)
  assert.deepEqual(
    [pages.lastIndexOf(failing ?? '') - pages.indexOf(failing ?? ''), new Set(others).size],
    [12, others.length],
  )
  await assertEqualsTruth(mirrored)
})

test('a subscription that is not there when it had the time to take hold is asked for anew, and not sooner', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 6, settings: { settleMs: 5 * minute } })
  let asked = 0
  mirrored.fetch = (url, init, call) => {
    if (call.route !== '/patients/changed/subscription') return mirrored.toSimulator(url, init, call)
    if (init.method === 'GET') return Promise.resolve(Response.json({ status: 'INACTIVE' }))
    asked += 1
    return mirrored.toSimulator(url, init, call)
  }
  await mirrored.run(4)
  assert.equal(asked, 1)
  await mirrored.run(4)
  assert.equal(asked, 2)
})

test('after a gap days that are not read anew are asked for what changed, and all that is read is a pull after a gap', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  const loading = watch(mirrored)
  await mirrored.bringUp()
  const pulls = (all: readonly Asked[]) => [...new Set(ofRoute(all, '/appointments/booked').map(({ large }) => large))]
  assert.deepEqual(pulls(loading), ['onboarding'])
  await endSubscription(mirrored, 'appointments')
  const all = watch(mirrored)
  await mirrored.run(20)
  assert.deepEqual(await mirrored.gaps(), [])
  const lists = ofRoute(all, '/appointments/booked').map(({ url }) => ({
    from: Date.parse(url.searchParams.get('startdate') ?? ''),
    since: url.searchParams.get('startlastmodified'),
  }))
  const now = mirrored.simulator.clock.now()
  const isPromised = ({ from }: { from: number }) =>
    from > now - 30 * 1_440 * minute && from < now + 12 * 1_440 * minute
  const narrowed = lists.filter(({ since }) => since !== null)
  assert.ok(narrowed.length > 0)
  assert.deepEqual(
    lists.filter((one) => isPromised(one) === (one.since !== null)),
    [],
  )
  assert.deepEqual(pulls(all), ['gap'])
})

test('a chart that departments share is read by way of one that knows the patient', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'problems'] } })
  let first: string | null | undefined
  watch(mirrored, async ({ route, url }, sent) => {
    if (route === '/departments') {
      const body = (await sent.json()) as { departments: object[] }
      const departments = body.departments.map((one) => ({ ...one, chartsharinggroupid: '1' }))
      return Response.json({ ...body, departments })
    }
    if (!url.pathname.endsWith(`/chart/${patient}/problems`)) return sent
    first ??= url.searchParams.get('departmentid')
    if (url.searchParams.get('departmentid') !== first) return sent
    return Response.json({ error: 'Not found.' }, { status: 404 })
  })
  await mirrored.bringUp()
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  await mirrored.run(6)
  assert.ok(first)
  await assertEqualsTruth(mirrored)
})

for (const [title, said] of [
  [
    'counts more than there is',
    (shown: object[], all: number) => ({ records: shown, count: shown.length > 0 ? all + 3 : 0 }),
  ],
  [
    'shows fewer at a time than asked for',
    (shown: object[], all: number) => ({ records: shown.slice(0, 2), count: all }),
  ],
] as const) {
  test(`a list of a patient that ${title} is read to its end`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'labresults'] } })
    for (let count = 0; count < 5; count += 1) mirrored.change({ kind: 'addlabresult', patient })
    watch(mirrored, async ({ route, url }, sent) => {
      if (route !== '/patients/{patientid}/documents/labresult') return sent
      const body = (await sent.json()) as { labresults: object[]; totalcount: number }
      const offset = Number(url.searchParams.get('offset') ?? 0)
      const { records, count } = said(body.labresults, offset + body.labresults.length)
      return Response.json({ labresults: records, totalcount: count })
    })
    await mirrored.bringUp()
    await mirrored.run(2)
    assert.deepEqual(await mirrored.differences(), [])
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}
