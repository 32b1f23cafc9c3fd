import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listedDays, planAppointments, type PlanFacts } from './plan-snapshot.ts'
import { defaultSyncSettings } from './sync-settings.ts'

const now = Date.UTC(2026, 2, 2, 15)
const facts: PlanFacts = {
  heldUntil: { any: '2026-06-01', open: '2026-03-20' },
  heldFrom: '2025-12-01',
  now,
  departments: ['1'],
  settings: defaultSyncSettings,
}

/** Every day of these lists, and how many lists there are. */
function listed(plan: ReturnType<typeof planAppointments>, isChanged: boolean) {
  const lists = plan.flatMap((part) => (part.list === 'booked' && 'modifiedSince' in part === isChanged ? [part] : []))
  const days = lists.flatMap(({ from, to }) => [from, to]).sort()
  return { lists: lists.length, first: days[0], last: days.at(-1) }
}

test('a snapshot reads what is promised, and up to the last day of which anything is held', () => {
  const within = listed(planAppointments(facts), false)
  assert.deepEqual([within.first, within.last], ['2026-02-23', '2026-06-01'])
  const further = listed(planAppointments({ ...facts, heldUntil: { any: '2027-05-03', open: null } }), false)
  assert.equal(further.last, '2027-05-03')
})

for (const day of ['9999-12-31', '2206-03-02', '2029-01-01']) {
  test(`one appointment on ${day} does not make a list for each week until then`, () => {
    const plan = planAppointments({ ...facts, heldUntil: { any: day, open: day }, missedSince: now })
    assert.ok(plan.length < 250, `${plan.length} lists`)
    const { last = '' } = listed(plan, false)
    assert.ok(last > '2028-02-01' && last < '2028-04-01', last)
    assert.ok(plan.every((part) => part.list !== 'open' || part.to < '2028-04-01'))
  })
}

test('one appointment of the year 1 does not make a list for each quarter since then', () => {
  const plan = planAppointments({ ...facts, heldFrom: '0001-01-01', missedSince: now })
  const { lists, first = '' } = listed(plan, true)
  assert.ok(lists < 100, `${lists} lists`)
  assert.ok(first < '2006-03-02', first)
  assert.ok(listedDays.back < 20 * 367)
})
