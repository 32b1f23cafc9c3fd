import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startSimulator } from '../index.ts'
import { tokenRequest } from '../../testing/tiny-simulator.ts'

const practice = 195900

async function withPatients(t: TestContext) {
  const simulator = await startSimulator({ practices: [{ id: practice, patients: 100 }], speed: 0, limits: 'off' })
  t.after(() => simulator.stop())
  const { fetch, url } = simulator
  const { access_token: token }: { access_token: string } = await (
    await fetch(`${url}/oauth2/v1/token`, tokenRequest('demo-client:demo-secret'))
  ).json()
  /** `to` is method and path, as in "PUT /patients/1". */
  const send = (to: string, form: Record<string, string>, intent?: string) =>
    fetch(`${url}/v1/${practice}${to.slice(to.indexOf(' ') + 1)}`, {
      method: to.slice(0, to.indexOf(' ')),
      headers: { authorization: `Bearer ${token}`, ...(intent !== undefined && { 'x-request-id': intent }) },
      body: new URLSearchParams(form),
    })
  return { simulator, send }
}

const person = { firstname: 'Ada', lastname: 'Ledger', dob: '02/03/1971', departmentid: '1', email: 'ada@example.com' }

test('creates are counted by intent: the same person again is no second one', async (t) => {
  const { simulator, send } = await withPatients(t)
  for (let attempt = 0; attempt < 2; attempt += 1) await send('POST /patients', person, 'intent-1')
  const { writes, next } = simulator.truth.writes()
  assert.equal(next, 2)
  assert.deepEqual(
    writes.map(({ intent, status, route, changed }) => ({ intent, status, route, creates: changed.length })),
    [
      { intent: 'intent-1', status: 200, route: '/v1/{practiceid}/patients', creates: 1 },
      { intent: 'intent-1', status: 200, route: '/v1/{practiceid}/patients', creates: 0 },
    ],
  )
  assert.deepEqual(
    simulator.truth.requests({ since: 1 }).requests.map(({ intent }) => intent),
    ['intent-1', 'intent-1'],
  )
})

test('a mark that a caller leaves in a note is told, and nothing else of what was written', async (t) => {
  const { simulator, send } = await withPatients(t)
  await send('PUT /patients/1', { departmentid: '1', notes: 'please call back ref:8c1f-0042_ab', city: 'Boston' })
  const [write] = simulator.truth.writes().writes
  assert.deepEqual(write?.tags, ['8c1f-0042_ab'])
  assert.equal(write?.intent, undefined)
  assert.doesNotMatch(JSON.stringify(write), /Boston|call back/)
})

test('whoever follows a practice is told of each record as it changes, with what is shown of it from then on', async (t) => {
  const { simulator, send } = await withPatients(t)
  const told: unknown[] = []
  simulator.truth.follow(practice, ({ kind, id, record }) => told.push([kind, id, record?.['city']]))
  await send('PUT /patients/3', { departmentid: '1', city: 'Salem' })
  await send('PUT /patients/3', { departmentid: '1', city: 'Lynn' })
  assert.deepEqual(told, [
    ['patients', '3', 'SALEM'],
    ['patients', '3', 'LYNN'],
  ])
  assert.throws(() => simulator.truth.follow(7, () => undefined), RangeError)
})

test('two moments are compared by a mark', async (t) => {
  const { simulator, send } = await withPatients(t)
  const { url } = simulator
  const since = async (mark: number) => (await fetch(`${url}/__sim/changes?practice=${practice}&since=${mark}`)).json()
  const before = simulator.truth.changes(practice)
  await send('PUT /patients/3', { departmentid: '1', city: 'Salem' })
  await send('PUT /patients/3', { departmentid: '1', city: 'Lynn' })
  simulator.truth.change(practice, { kind: 'deletepatient', patient: 9 })
  const { changed, mark } = await since(before.mark)
  assert.deepEqual(
    changed.map(({ kind, id, events }: { kind: string; id: string; events: string[] }) => [kind, id, events.length]),
    [
      ['patients', '3', 2],
      ['patients', '9', 1],
    ],
  )
  assert.equal(changed[0].record.city, 'LYNN')
  assert.deepEqual((await since(mark)).changed, [])
  assert.equal((await fetch(`${url}/__sim/changes`)).status, 400)
})
