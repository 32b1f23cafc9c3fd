/** Departments that are gone: what stood in the charts they kept is no less there. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import type { WireRecord } from '../../testing/oracle.ts'
import { damage } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'

const patient = '6'
const closing = '41'

interface World {
  readonly mirrored: MirroredPractice
  /** Ids of the problems that stand in the chart of the department that closes; all others stand in that of department 1. */
  readonly old: ReadonlySet<string>
  /** 'answering': not listed and not found by id, but its charts are shown; 'empty': open, without a chart of the patient; 'barred': nor listed, and refused by id; 'unsaid': a gateway says of its charts in its own words that they are not there. */
  state: 'open' | 'empty' | 'barred' | 'answering' | 'closed' | 'unsaid'
  /** How often the chart of department 1 was asked for. */
  asked: number
}

/** A practice in which each department keeps charts of its own; patient 6 has a problem in that of the one that is to close. */
async function twoCharts(t: Parameters<typeof mirroredPractice>[0]): Promise<World> {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'problems'] } })
  mirrored.change({ kind: 'addproblem', patient, snomed: 38341003 })
  const old = new Set(problems(mirrored).map(({ problemid }) => String(problemid)))
  const world: World = { mirrored, old, state: 'open', asked: 0 }
  mirrored.fetch = async (url, init, call) => {
    const { pathname, searchParams } = new URL(url)
    const chart = call.route === '/chart/{patientid}/problems' ? searchParams.get('departmentid') : undefined
    const isGone = isClosed(world) && pathname.endsWith(`/departments/${closing}`)
    if (world.state === 'barred' && pathname.endsWith(`/departments/${closing}`))
      return Response.json({ error: 'not for you' }, { status: 403 })
    if (chart === '1') world.asked += 1
    if (isGone || (chart === closing && ['closed', 'empty', 'barred', 'unsaid'].includes(world.state)))
      return notFound(world, chart)
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route === '/departments') return Response.json(withOwnCharts(world, await bodyOf(response)))
    if (chart === undefined || !response.ok) return response
    const body = await bodyOf(response)
    const shown = (body.problems as WireRecord[]).filter(({ problemid }) =>
      old.has(String(problemid)) ? chart === closing : chart === '1',
    )
    return Response.json({ ...body, problems: shown })
  }
  await mirrored.bringUp()
  await mirrored.run(2)
  assert.equal((await held(mirrored)).get([...old][0] ?? ''), 'present')
  return world
}

const notFound = ({ state }: World, chart: string | null | undefined) =>
  chart === closing && state === 'unsaid'
    ? new Response('<html>Not Found</html>', { status: 404 })
    : Response.json({ error: 'Not found.' }, { status: 404 })

const bodyOf = async (response: Response) => (await response.json()) as Record<string, unknown> // the simulator's

const isClosed = ({ state }: World) => ['answering', 'closed', 'unsaid'].includes(state)

function withOwnCharts(world: World, body: Record<string, unknown>): object {
  const all = (body.departments as WireRecord[]).map((one) => ({ ...one, chartsharinggroupid: one.departmentid }))
  const departments = all.filter(
    (one) => !(isClosed(world) || world.state === 'barred') || Reflect.get(one, 'departmentid') !== closing,
  )
  return { totalcount: departments.length, departments }
}

function problems(mirrored: MirroredPractice): WireRecord[] {
  return [...mirrored.simulator.truth.records(practice, 'chart/healthhistory/problems')].filter(
    ({ patientid }) => String(patientid) === patient,
  )
}

/** States of the patient's problems, by id. */
async function held(mirrored: MirroredPractice): Promise<Map<string, string>> {
  const all = await mirrored.opened('problem')
  return new Map(
    all
      .filter(({ body }) => String(body.patientid) === patient)
      .map(({ body, state }) => [String(body.problemid), state]),
  )
}

async function statesOfOld(world: World): Promise<(string | undefined)[]> {
  const states = await held(world.mirrored)
  return [...new Set([...world.old].map((id) => states.get(id)))]
}

async function close(world: World, state: World['state']): Promise<void> {
  const { mirrored } = world
  world.state = state
  await mirrored.wantSnapshot('departments')
  await mirrored.run(4)
  const department = (await mirrored.opened('department')).find(({ key }) => key === closing)
  assert.equal(department?.state, 'deleted')
}

/** A problem comes into the chart of department 1. */
async function addProblem({ mirrored }: World): Promise<string> {
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  await mirrored.run(5)
  return String(problems(mirrored).at(-1)?.problemid)
}

for (const state of ['closed', 'unsaid'] as const) {
  test(`what stood in the chart of a department that is gone (${state}) stays, and what goes from another chart goes`, async (t) => {
    const world = await twoCharts(t)
    const { mirrored } = world
    await close(world, state)
    const problem = await addProblem(world)
    assert.deepEqual([await statesOfOld(world), (await held(mirrored)).get(problem)], [['present'], 'present'])
    mirrored.change({ kind: 'endproblem', patient, problem, remove: true })
    await mirrored.run(6)
    assert.deepEqual([await statesOfOld(world), (await held(mirrored)).get(problem)], [['present'], 'deleted'])
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}

test('the chart of a department that is gone is followed while it is shown, and kept when it is not any more', async (t) => {
  const world = await twoCharts(t)
  const { mirrored, old } = world
  await close(world, 'answering')
  const [first = '', ...others] = old
  mirrored.change({ kind: 'updateproblem', patient, problem: first, note: 'Stable.' })
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  await mirrored.run(5)
  const noted = (await mirrored.opened('problem')).find(({ body }) => String(body.problemid) === first)
  assert.match(JSON.stringify(noted?.body), /Stable/)
  assert.deepEqual(await statesOfOld(world), ['present'])
  mirrored.change({ kind: 'endproblem', patient, problem: first, remove: true })
  await mirrored.run(6)
  assert.equal((await held(mirrored)).get(first), 'deleted')
  world.state = 'closed'
  await addProblem(world)
  const states = await held(mirrored)
  assert.deepEqual(
    others.filter((id) => states.get(id) !== 'present'),
    [],
  )
})

test('where no department is left by way of which charts can be asked all entries stay', async (t) => {
  const { mirrored } = await twoCharts(t)
  await damage(mirrored, sql('test.close_all', `update aegis.record set state = 'deleted' where kind = 'department'`))
  mirrored.change({ kind: 'addproblem', patient, snomed: 44054006 })
  for (let minutes = 0; minutes < 4; minutes += 1) {
    await mirrored.advance(61_000)
    await mirrored.step('problems')
  }
  const all = await mirrored.opened('problem')
  assert.deepEqual([all.length > 0, all.filter(({ state }) => state !== 'present')], [true, []])
  assert.equal((await mirrored.trouble()).inDoubt, 1)
})

test('what stood in the chart of a department stays when it closes, also before anybody knows', async (t) => {
  const world = await twoCharts(t)
  world.state = 'closed'
  const problem = await addProblem(world)
  await world.mirrored.run(15)
  assert.deepEqual([await statesOfOld(world), (await held(world.mirrored)).get(problem)], [['present'], 'present'])
  assert.equal((await world.mirrored.opened('department')).find(({ key }) => key === closing)?.state, 'deleted')
  assert.equal((await world.mirrored.trouble()).inDoubt, 0)
})

test('what goes from a chart goes once it is known that a department without a chart is open', async (t) => {
  const world = await twoCharts(t)
  const { mirrored } = world
  const problem = await addProblem(world)
  world.state = 'empty'
  mirrored.change({ kind: 'endproblem', patient, problem, remove: true })
  await mirrored.run(20)
  assert.deepEqual([await statesOfOld(world), (await held(mirrored)).get(problem)], [['deleted'], 'deleted'])
  assert.equal((await mirrored.trouble()).inDoubt, 0)
})

test('while nobody can say whether a department without a chart is open, the others are read ever more rarely', async (t) => {
  const world = await twoCharts(t)
  const { mirrored } = world
  const problem = await addProblem(world)
  world.state = 'barred'
  mirrored.change({ kind: 'endproblem', patient, problem, remove: true })
  world.asked = 0
  await mirrored.run(90)
  assert.ok(world.asked > 2 && world.asked < 30, `${world.asked} times in an hour and a half`)
  assert.equal((await held(mirrored)).get(problem), 'present')
})
