import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tinyParts } from '../../testing/tiny-practice.ts'
import { endpointContract } from '../contract/contract.ts'
import { read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'
import { startWith } from './start-simulator.ts'

const practices = [
  { id: 195900, patients: 1 },
  { id: 7, patients: 1 },
]

test('an endpoint that is rolled out works in one practice and not in another', async (t) => {
  const rollout = { practices: [7], endpoints: ['GET /patients/{id}'] }
  const { call } = await tinySimulator(t, { practices, rollout })
  assert.equal((await call('/v1/7/patients/1')).status, 200)
  const { status, body } = await call('/v1/195900/patients/1')
  assert.equal(status, 403)
  assert.deepEqual(body, {
    detailedmessage: 'This endpoint is not enabled for the practice.',
    error: 'Incorrect permissions.',
  })
  assert.equal((await call('/v1/195900/departments')).status, 200)
  assert.equal((await call('/v1/195900/patients/1', { method: 'PUT', form: 'departmentid=1' })).status, 200)
  assert.equal((await call('/v1/42/patients/1')).status, 404)
})

test('the status is what the option says', async (t) => {
  const rollout = { practices: [7], endpoints: ['get /patients/{patientid}'], status: 404 } as const
  const { call } = await tinySimulator(t, { practices, rollout })
  assert.equal((await call('/v1/195900/patients/1')).status, 404)
})

test('what the parts know to be rolled out needs no naming, and all practices have it without the option', async (t) => {
  const beta = endpointContract({ method: 'GET', path: '/appointments/booked' })
  const find = ({ path }: { path: string }) => (path === '/departments' ? beta : undefined)
  const parts = { ...tinyParts(), contract: { routes: () => [], find } }
  for (const [options, expected] of [
    [{}, 200],
    [{ rollout: { practices: [7] } }, 403],
  ] as const) {
    const { fetch, url, stop } = await startWith(parts, { practices, limits: 'off', ...options })
    t.after(stop)
    const token = (await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest('demo-client:demo-secret')))).body
    const headers = { Authorization: `Bearer ${String(token.access_token)}` }
    assert.equal((await fetch(`${url}/v1/195900/departments`, { headers })).status, expected)
  }
})

test('an endpoint that is not simulated cannot be rolled out', async (t) => {
  const rollout = { practices: [], endpoints: ['GET /moon'] }
  await assert.rejects(tinySimulator(t, { rollout }), /GET \/moon is not simulated/)
})
