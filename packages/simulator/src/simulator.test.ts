import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSimulator, type Simulator } from './index.ts'

const kinds = ['providers', 'patients', 'appointments'] as const
const idFields = { providers: 'providerid', patients: 'patientid', appointments: 'appointmentid' }
type Kind = (typeof kinds)[number]
type Mirror = Record<Kind, Map<string, string>>

/** A caller who mirrors a practice by its feeds alone, as plainly as it can be done. */
async function connect({ fetch, url, truth }: Simulator) {
  const response = await fetch(`${url}/oauth2/v1/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const call = async (path: string, method = 'GET') => {
    const answer = await fetch(`${url}/v1/195900${path}`, { method, headers: { Authorization: `Bearer ${token}` } })
    assert.equal(answer.status, 200, path)
    return (await answer.json()) as Record<string, Record<string, unknown>[]>
  }
  const mirror: Mirror = { providers: new Map(), patients: new Map(), appointments: new Map() }
  const seen = { slots: 0, bookings: 0 }
  const put = (kind: Kind, record: Record<string, unknown>) =>
    mirror[kind].set(String(record[idFields[kind]]), JSON.stringify(record))
  return {
    mirror,
    seen,
    subscribe: () => Promise.all(kinds.map((kind) => call(`/${kind}/changed/subscription`, 'POST'))),
    snapshot() {
      for (const kind of kinds) for (const record of truth.records(195900, kind)) put(kind, record)
    },
    async drain() {
      for (const kind of kinds) {
        for (;;) {
          const page = (await call(`/${kind}/changed?limit=500&ignorerestrictions=true`))[kind] ?? []
          for (const record of page) {
            put(kind, record)
            if (kind === 'appointments') seen[record['patientid'] === undefined ? 'slots' : 'bookings'] += 1
          }
          if (page.length < 500) break
        }
      }
    },
  }
}

test('whoever follows the feeds for a day knows every record as it is', async (t) => {
  // A Friday before clocks go back, so that the day crosses office hours, midnight GMT and a night.
  const simulator = await startSimulator({
    startAt: Date.parse('2026-10-30T12:00:00Z'),
    speed: 0,
    limits: 'off',
    activationLagMs: 0,
    tokenLifetimeS: 7 * 86_400,
    day: { ratePerHour: 400 },
    practices: [{ id: 195900, patients: 400 }],
  })
  t.after(() => simulator.stop())
  const { mirror, seen, subscribe, snapshot, drain } = await connect(simulator)
  await subscribe()
  snapshot()
  for (let half = 0; half < 48; half += 1) {
    simulator.clock.advance(30 * 60_000)
    await drain()
  }
  for (const kind of kinds) {
    const wrong: string[] = []
    for (const record of simulator.truth.records(195900, kind)) {
      const id = String(record[idFields[kind]])
      if (mirror[kind].get(id) !== JSON.stringify(record)) wrong.push(id)
    }
    assert.deepEqual(wrong, [], `${kind} the feeds did not tell`)
  }
  assert.ok(seen.slots > 10 && seen.bookings > 10, 'slots come among the bookings')
  const pages = simulator.truth.pages({ limit: 10_000 }).pages
  assert.ok(pages.reduce((sum, { ids }) => sum + ids.length, 0) > 1000, 'a day without changes proves nothing')
  assert.deepEqual(simulator.truth.defects(), [])
})
