import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { allowancesUsed } from './allowances.ts'
import { defaultRangeLimits } from './intensive-calls.ts'
import { defaultOffHours } from './off-hours.ts'
import { createPolicy, type JudgedCall, type Policy } from './policy.ts'

const database = await scratchDatabase()
const config = {
  ...defaultRangeLimits,
  offHours: defaultOffHours,
  onboarding: { days: 2, calls: 3 },
  gapCalls: 2,
}
const day = 86_400_000
const large = { large: true }
const noon = Date.UTC(2026, 10, 23, 17)

const page = (more: Partial<JudgedCall>): JudgedCall => ({
  method: 'GET',
  route: '/patients',
  params: new Map([['offset', '1000']]),
  practice: 1,
  ...more,
})

async function answer(policy: Policy, call: JudgedCall): Promise<unknown> {
  const terms = policy.permit(call).then(({ unused: _, ...others }) => others)
  return terms.catch((error) => (isAegisError(error) ? error.code : error))
}

test('a first load may pull by day: so many calls a day, for so many days, once', async () => {
  const time = await lockstep(database, noon)
  const policy = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  const call = page({ practice: 11, allowance: 'onboarding' })
  const load = async () => {
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await answer(policy, call))
    return answers
  }
  assert.deepEqual(await load(), [large, large, large, 'policy.off-hours'])
  const restarted = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  assert.equal(await answer(restarted, call), 'policy.off-hours', 'a restart begins nothing anew')
  assert.deepEqual(await allowancesUsed(time, 11), { onboarding: 3, gap: 0 })
  await time.advance(day)
  assert.deepEqual(await load(), [large, large, large, 'policy.off-hours'])
  await time.advance(day)
  assert.deepEqual(
    await load(),
    Array.from({ length: 4 }, () => 'policy.off-hours'),
  )
  assert.deepEqual(await answer(policy, { ...call, practice: 12 }), large, 'another practice has its own')
})

test('a practice with a range of its own for bookings is held to it, and others to that of all', async () => {
  const time = await lockstep(database, noon)
  const deps = { db: time.db, clock: time.clock, log: silentLog, holder: 'test' }
  const policy = createPolicy(deps, { ...config, bookedDaysMaxOf: { 51: 7 } })
  const ask = (practice: number, enddate: string, route = '/appointments/booked') => {
    const params = new Map(Object.entries({ departmentid: '1', startdate: '01/01/2026', enddate }))
    return answer(policy, page({ practice, params, route }))
  }
  for (const route of ['/appointments/booked', '/appointments/booked/multipledepartment']) {
    assert.deepEqual(await ask(51, '01/07/2026', route), {})
    assert.equal(await ask(51, '01/08/2026', route), 'policy.date-range-too-wide')
    assert.deepEqual(await ask(52, '01/08/2026', route), {})
  }
  assert.deepEqual(await ask(51, '01/08/2026', '/appointments/open'), {}, 'of bookings only')
})

test('a snapshot after a gap may pull by day, and is counted apart', async () => {
  const time = await lockstep(database, noon)
  const policy = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  const call = page({ practice: 21, allowance: 'gap' })
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await answer(policy, call))
  assert.deepEqual(answers, [large, large, 'policy.off-hours'])
  assert.deepEqual(await answer(policy, page({ practice: 21, allowance: 'onboarding' })), large)
  assert.deepEqual(await allowancesUsed(time, 21), { onboarding: 1, gap: 2 })
})

test('a call on an allowance that was not made can be given back, to the day that it was taken of', async () => {
  const time = await lockstep(database, noon)
  const policy = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  const call = page({ practice: 41, allowance: 'gap' })
  const { unused } = await policy.permit(call)
  await policy.permit(call)
  assert.equal(await answer(policy, call), 'policy.off-hours')
  await unused?.()
  assert.deepEqual(await allowancesUsed(time, 41), { onboarding: 0, gap: 1 })
  const { unused: late } = await policy.permit(call)
  await time.advance(day)
  await policy.permit(call)
  await late?.()
  assert.deepEqual(await allowancesUsed(time, 41), { onboarding: 0, gap: 1 })
})

test('an allowance is not touched by calls that need none, and does not help a call that is refused anyway', async () => {
  const time = await lockstep(database, noon)
  const policy = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  const call = page({ practice: 31, allowance: 'gap' })
  assert.deepEqual(await answer(policy, { ...call, params: new Map([['lastname', 'x']]) }), {})
  assert.equal(await answer(policy, { ...call, route: '/appointments/booked' }), 'policy.date-range-required')
  await time.advance(12 * 3_600_000)
  assert.deepEqual(await policy.permit(call), { large: true, before: Date.UTC(2026, 10, 24, 11) })
  assert.deepEqual(await allowancesUsed(time, 31), { onboarding: 0, gap: 0 })
})

test('a refusal says until when, and nothing of the values asked for', async () => {
  const time = await lockstep(database, noon)
  const policy = createPolicy({ db: time.db, clock: time.clock, log: silentLog, holder: 'test' }, config)
  const call = page({
    params: new Map([
      ['offset', '10'],
      ['lastname', 'Marigold'],
    ]),
  })
  await assert.rejects(policy.permit(call), (error) => {
    assert.ok(isAegisError(error, 'policy.off-hours'))
    assert.match(error.message, /instead: GET \/patients\/enhancedbestmatch .* or GET \/patients\/search/)
    assert.equal(error.detail['until'], Date.UTC(2026, 10, 24, 3))
    assert.ok(!JSON.stringify([error.message, error.detail]).includes('Marigold'))
    return true
  })
})
