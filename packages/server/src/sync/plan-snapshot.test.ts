import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReadAgain } from './is-read-again.ts'
import { listedDays, type PlanFacts, planAppointments, planClaims } from './plan-snapshot.ts'
import { dayAfter, easternTime, type PlannedSegment } from './segment.ts'
import { defaultSyncSettings, settingsOf } from './sync-settings.ts'

const day = 86_400_000
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

const modifiedSince = easternTime(now - 40 * 86_400_000)
const unread: readonly [title: string, place: PlannedSegment, plan: (facts: PlanFacts) => readonly PlannedSegment[]][] =
  [
    ['days behind the window', { list: 'booked', from: '2025-11-03', to: '2025-11-09' }, planAppointments],
    ['days at its beginning', { list: 'booked', from: '2026-02-20', to: '2026-02-26' }, planAppointments],
    [
      'changes of days before',
      { list: 'booked', from: '2025-01-01', to: '2025-02-28', modifiedSince },
      planAppointments,
    ],
    [
      'changes of days to come',
      { list: 'booked', from: '2026-10-01', to: '2026-12-29', modifiedSince },
      planAppointments,
    ],
    ['changes of any day', { list: 'replay', since: now - 86_400_000, until: now }, planAppointments],
    ['claims that are too old', { list: 'claims', from: '2024-01-15', to: '2024-04-14' }, planClaims],
  ]

for (const [title, place, plan] of unread) {
  test(`what could not be read is read again until it can be: ${title}`, () => {
    assert.equal(isReadAgain(place, plan(facts)), false)
    const again = plan({ ...facts, setAside: [place, place] })
    assert.equal(isReadAgain(place, again), true)
    assert.deepEqual(again.slice(0, plan(facts).length), plan(facts))
    assert.equal(new Set(again.map((part) => JSON.stringify(part))).size, again.length)
  })
}

test('what is read again is read of the departments that are mirrored, in windows as wide as any', () => {
  const place = { list: 'booked', from: '2025-11-03', to: '2025-12-02' } as const
  const limited = { ...facts, departments: ['1', '2'], limited: true, setAside: [place] }
  const again = planAppointments(limited).slice(planAppointments({ ...limited, setAside: [] }).length)
  const width = defaultSyncSettings.bookedWindowDays
  assert.equal(again.length, 2 * Math.ceil(30 / width))
  assert.ok(again.every((part) => part.list === 'booked' && part.departmentId !== undefined))
})

test('what changed of some days is read once, since the earliest time', () => {
  const since = (days: number): PlannedSegment => {
    const earlier = easternTime(now - days * 86_400_000)
    return { list: 'booked', from: '2025-01-01', to: '2025-02-28', modifiedSince: earlier }
  }
  const again = planAppointments({ ...facts, setAside: [since(40), since(50), since(60)] })
  assert.deepEqual(again, planAppointments({ ...facts, setAside: [since(60)] }))
})

test('days to come are not read before the window reaches them: up to its end all is known', () => {
  const place = { list: 'booked', from: '2026-05-28', to: '2026-06-09' } as const
  assert.deepEqual(planAppointments({ ...facts, setAside: [place] }), planAppointments(facts))
})

/** How many days each list of a plan asks for, at most. */
function widest(plan: ReturnType<typeof planAppointments>, list: 'booked' | 'open', isChanged = false): number {
  const lists = plan.filter((part) => part.list === list && 'modifiedSince' in part === isChanged)
  return Math.max(
    ...lists.map((part) => ('from' in part ? (Date.parse(part.to) - Date.parse(part.from)) / day + 1 : 0)),
  )
}

test('no list of bookings is wider than its practice may be asked for, and together they show the same days', () => {
  const ranges = { ...defaultSyncSettings.ranges, bookedDaysMaxOf: { 7: 3 } }
  const planOf = (practice: number) => {
    const settings = settingsOf({ ...defaultSyncSettings, ranges }, practice)
    return planAppointments({ ...facts, missedSince: now - day, settings })
  }
  const [narrow, plain] = [planOf(7), planOf(8)]
  assert.deepEqual([widest(narrow, 'booked'), widest(narrow, 'booked', true)], [3, 3])
  assert.deepEqual([widest(plain, 'booked'), widest(plain, 'booked', true)], [7, 90])
  const { first, last } = listed(plain, false)
  assert.deepEqual({ ...listed(narrow, false), lists: 0 }, { first, last, lists: 0 })
  const days = (plan: typeof narrow) => plan.flatMap((part) => (part.list === 'booked' ? [part.from] : []))
  assert.equal(new Set(days(narrow)).size, days(narrow).length, 'no day begins two lists')
})

test('open slots of further days than one request may ask for are listed in several, of each department', () => {
  const heldUntil = { any: null, open: '2026-12-24' }
  const plan = planAppointments({ ...facts, departments: ['1', '21'], heldUntil })
  const { openDaysMax } = defaultSyncSettings.ranges
  assert.equal(widest(plan, 'open'), openDaysMax)
  for (const departmentId of ['1', '21']) {
    const lists = plan.flatMap((part) => (part.list === 'open' && part.departmentId === departmentId ? [part] : []))
    assert.deepEqual([lists.length, lists[0]?.from, lists.at(-1)?.to], [3, '2026-03-01', '2026-12-24'])
    assert.ok(lists.every(({ from }, i) => i === 0 || from === dayAfter(lists[i - 1]?.to ?? '')))
  }
})
