import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveSimulator } from '../../testing/live-simulator.ts'
import type { Json } from '../../testing/tiny-simulator.ts'

const feed = '/claims/changed'
const rows = (body: Json): Json[] => Object.values(body.claims ?? {})
const names = (body: Json): unknown[] => Object.values(body.subscriptions ?? {}).map(({ eventname }) => eventname)

/** A form that files one more claim of the same patient. */
function claimLike(claim: Record<string, unknown>): string {
  const { departmentid, patientid, billedproviderid: supervisingproviderid } = claim
  const claimcharges = JSON.stringify([{ PROCEDURECODE: '99213', ICD10CODE1: 'I10' }])
  const fields = { departmentid, patientid, supervisingproviderid, claimcharges }
  return String(new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])))
}

test('the feed of claims has one event by default, and another for who asks for more', async (t) => {
  const { call } = await liveSimulator(t)
  assert.deepEqual(await call('POST', `${feed}/subscription`), { success: true })
  assert.deepEqual(await call('GET', `${feed}/subscription`), {
    status: 'ACTIVE',
    subscriptions: [{ eventname: 'UpdateClaim' }],
  })
  assert.deepEqual(names(await call('GET', `${feed}/subscription/events?showadditionalevents=true`)), [
    'UpdateClaim',
    'DeleteClaim',
  ])
})

test('the feed tells of new and changed claims as they are now, and narrows by department and patient', async (t) => {
  const { call, simulator } = await liveSimulator(t)
  await call('POST', `${feed}/subscription`)
  assert.deepEqual(await call('GET', feed), { claims: [], totalcount: 0 })
  const open = [...simulator.truth.records(195900, 'claims')].filter(
    ({ patientpayer }) => (patientpayer as Json)['status'] !== ('CLOSED' as unknown),
  )
  const [first = {}] = open
  const other = open.find(({ departmentid }) => departmentid !== first['departmentid']) ?? {}
  for (const claim of [first, other]) {
    simulator.truth.change(195900, { kind: 'advanceclaim', claim: String(claim['claimid']) })
  }
  const made = await call('POST', '/claims', claimLike(first))
  const ids = async (query: string) => rows(await call('GET', feed + query)).map(({ claimid }) => claimid)
  const ofOther = await ids(`?leaveunprocessed=true&departmentid=${String(other['departmentid'])}`)
  assert.deepEqual(ofOther, [other['claimid']])
  const ofFirst = await ids(`?leaveunprocessed=true&patientid=${String(first['patientid'])}`)
  assert.deepEqual(ofFirst, [first['claimid'], made.claimids?.[0]])
  const all = rows(await call('GET', feed))
  assert.deepEqual(
    all.map(({ claimid }) => claimid),
    [first['claimid'], other['claimid'], made.claimids?.[0]],
  )
  assert.deepEqual(all[0], await call('GET', `/claims/${String(first['claimid'])}`))
  assert.deepEqual(await ids(''), [])
})

test('that a claim was voided reaches only who asked for more events, under the name that was given', async (t) => {
  const { call, simulator } = await liveSimulator(t, {
    feedEvents: { claims: { DeleteClaim: 'VoidClaim', UpdateClaim: 'ClaimChange' } },
  })
  const [one, two] = [...simulator.truth.records(195900, 'claims')].map(({ claimid }) => String(claimid))
  await call('POST', `${feed}/subscription`)
  assert.deepEqual(names(await call('GET', `${feed}/subscription`)), ['ClaimChange'])
  simulator.truth.change(195900, { kind: 'voidclaim', claim: one })
  assert.deepEqual(rows(await call('GET', feed)), [])
  await call('POST', `${feed}/subscription?showadditionalevents=true`)
  assert.deepEqual(names(await call('GET', `${feed}/subscription?showadditionalevents=true`)), [
    'ClaimChange',
    'VoidClaim',
  ])
  simulator.truth.change(195900, { kind: 'voidclaim', claim: two })
  assert.deepEqual(
    rows(await call('GET', feed)).map(({ claimid }) => claimid),
    [two],
  )
})

test('a new claim reaches who is subscribed to changed ones, whatever the name of that event', async (t) => {
  const { call, simulator } = await liveSimulator(t, { feedEvents: { claims: { UpdateClaim: 'ClaimChange' } } })
  await call('POST', `${feed}/subscription`)
  const [claim] = [...simulator.truth.records(195900, 'claims')]
  await call('POST', '/claims', claimLike(claim ?? {}))
  assert.equal(rows(await call('GET', feed)).length, 1)
})
