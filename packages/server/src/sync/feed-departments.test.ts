import assert from 'node:assert/strict'
import test from 'node:test'
import { isLimitable, judgeResubscription } from './feed-departments.ts'
import { feedNames } from './feed-name.ts'
import type { Departments } from './feed-state.sql.ts'
import { dateIn, planAppointments, planPatients } from './plan-snapshot.ts'
import { limitedTo, type PlannedSegment } from './segment.ts'
import { defaultSyncSettings as settings } from './sync-settings.ts'

test('limited are the feeds that athenahealth can subscribe by department', () => {
  assert.deepEqual(
    feedNames.filter((feed) => !isLimitable(feed)),
    ['departments', 'appointmenttypes', 'providers', 'referringproviders', 'claims', 'patientcases'],
  )
})

interface Before {
  readonly had: Departments
  readonly added?: Departments
  readonly isPending?: boolean
}

for (const [title, { had, added = null, isPending = false }, wanted, expected] of [
  ['a department more: it alone is read', { had: ['1'] }, ['1', '21'], { added: ['21'], wantsSnapshot: true }],
  ['a department less: nothing is read', { had: ['1', '21'] }, ['1'], { added: null, wantsSnapshot: false }],
  ['another one: it is read', { had: ['1'] }, ['21'], { added: ['21'], wantsSnapshot: true }],
  ['some instead of all: nothing is read', { had: null }, ['1'], { added: null, wantsSnapshot: false }],
  ['all instead of some: everything is read', { had: ['1'] }, null, { added: null, wantsSnapshot: true }],
  [
    'everything is to be read already: it is',
    { had: ['1'], isPending: true },
    ['1', '21'],
    { added: null, wantsSnapshot: true },
  ],
  [
    'one more before the last one was read: both are',
    { had: ['1', '21'], added: ['21'], isPending: true },
    ['1', '21', '41'],
    { added: ['21', '41'], wantsSnapshot: true },
  ],
] as const satisfies readonly (readonly [string, Before, Departments, object])[]) {
  test(`a changed list: ${title}`, () => {
    const before = { subscribed_departments: had, added_departments: added, resnapshot_wanted_at: isPending ? 1 : null }
    assert.deepEqual(judgeResubscription(before, wanted), { departments: wanted, ...expected })
  })
}

const now = Date.UTC(2026, 2, 2, 4)
const held = { heldFrom: null, heldUntil: { any: null, open: null } }
const facts = { ...held, now, settings, departments: ['1', '21'], missedSince: now - 1 }

test('a plan for some departments reads every day of each, and nobody without a department', () => {
  const plan = planAppointments({ ...facts, limited: true })
  const ofWhole = planAppointments(facts)
  const booked = (of: readonly PlannedSegment[]) => of.filter(({ list }) => list === 'booked')
  assert.equal(booked(plan).length, 2 * booked(ofWhole).length)
  for (const departmentId of facts.departments) {
    const ofOne = booked(plan).filter((one) => 'departmentId' in one && one.departmentId === departmentId)
    assert.deepEqual(
      ofOne.map((one) => ({ ...one, departmentId: undefined })),
      booked(ofWhole).map((one) => ({ ...one, departmentId: undefined })),
    )
  }
  assert.deepEqual(planPatients({ ...facts, limited: true }), [
    { list: 'patients', departmentId: '1' },
    { list: 'patients', departmentId: '21' },
  ])
  assert.deepEqual(planAppointments({ ...facts, departments: [], limited: true }), [])
})

const day = dateIn(0, now)
for (const [title, plan, expected] of [
  ['bookings of the practice', planAppointments(facts), undefined],
  ['bookings of departments', planAppointments({ ...facts, limited: true }), ['1', '21']],
  ['patients of the practice', planPatients(facts), undefined],
  ['patients of departments', planPatients({ ...facts, limited: true }), ['1', '21']],
  ['claims', [{ list: 'claims', from: day, to: day }], undefined],
] as const satisfies readonly (readonly [string, readonly PlannedSegment[], readonly string[] | undefined])[]) {
  test(`a plan tells the departments it is limited to: ${title}`, () => {
    const limits = limitedTo(plan)
    assert.deepEqual(limits && [...limits], expected)
  })
}
