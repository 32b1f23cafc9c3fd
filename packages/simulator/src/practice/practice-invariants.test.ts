import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertCalendarIsSound,
  assertFeedsKnowAll,
  assertListsAreSound,
  followFeeds,
} from '../../testing/sound-practice.ts'
import { monday } from '../../testing/practice-api.ts'
import { applyChange, type PracticeChange } from './apply-change.ts'
import { appointmentAt, appointmentId, daysBetween, statusOf } from './appointment-table.ts'
import { clockText, dateText, dayMs } from './calendar-date.ts'
import { claimStatuses } from './claim-progress.ts'
import { claimId, claimPayers, claimTable } from './claim-table.ts'
import { createPractice, stateOf } from './create-practice.ts'
import type { PracticeState } from './practice-state.ts'
import { referringProviderId, referringProviders } from './referring-provider.ts'
import { SeededRandom } from './seeded-random.ts'

const stepsPerSeed = 600

/** A row of today or nearby, so that what one change makes possible another is likely to meet. */
function nearbyRow(state: PracticeState, random: SeededRandom): string {
  const today = Math.floor(monday / dayMs)
  const nearby = daysBetween(state.appointments, today - 1, today + 1).flat()
  return appointmentId(random.pick(nearby))
}

/** A step that the visit of a nearby row may take next. */
function visitChange(state: PracticeState, random: SeededRandom): PracticeChange {
  const appointment = nearbyRow(state, random)
  const status = statusOf(state.appointments, appointmentAt(state.appointments, appointment) ?? 0)
  if (status === '2') return { kind: 'checkout', appointment }
  return { kind: status === '3' ? 'entercharges' : random.pick(['startcheckin', 'checkin']), appointment }
}

const visitSteps = ['startcheckin', 'checkin', 'cancelcheckin', 'checkout', 'entercharges'] as const

/** A patient that a merge ended, if there is one. */
function mergedPatient({ patients }: PracticeState, random: SeededRandom): number | undefined {
  const merged = [...patients.survivor.keys()]
  return merged.length === 0 ? undefined : random.pick(merged)
}

/** A change of a claim that was made or charged before. */
function claimChange(state: PracticeState, random: SeededRandom): PracticeChange {
  const claim = claimId(random.below(claimTable(state).count))
  const kind = random.pick(['advanceclaim', 'advanceclaim', 'setclaimstatus', 'addclaimnote', 'voidclaim'] as const)
  if (kind === 'setclaimstatus')
    return { kind, claim, payer: random.pick(claimPayers), status: random.pick(claimStatuses) }
  return kind === 'addclaimnote' ? { kind, claim, text: 'sent again' } : { kind, claim }
}

function referringChange(state: PracticeState, random: SeededRandom): PracticeChange {
  const referringprovider = referringProviderId(random.below(referringProviders(state).count))
  const kind = random.pick(['addreferringprovider', 'updatereferringprovider', 'deletereferringprovider'] as const)
  if (kind === 'addreferringprovider') return { kind, fields: { lastname: 'Sender', phone: '5185550188' } }
  if (kind === 'updatereferringprovider') return { kind, referringprovider, fields: { fax: '5185550189' } }
  return { kind: random.chance(0.5) ? kind : 'undeletereferringprovider', referringprovider }
}

/** A random change that is often possible. */
function randomChange(state: PracticeState, random: SeededRandom): PracticeChange {
  const appointment = nearbyRow(state, random)
  const patient = random.between(1, state.patients.count)
  const other = random.between(1, state.patients.count)
  const department = random.pick(state.departments).id
  const provider = random.pick(state.providers).id
  const changes: PracticeChange[] = [
    { kind: 'book', appointment, patient, ...(random.chance(0.5) ? { type: random.pick(state.types).id } : {}) },
    { kind: 'book', appointment, patient, note: 'about the knee' },
    { kind: 'cancel', appointment, reason: random.pick(state.cancelReasons).id },
    { kind: 'reschedule', appointment, to: nearbyRow(state, random) },
    { kind: 'reschedule', appointment, to: nearbyRow(state, random) },
    visitChange(state, random),
    visitChange(state, random),
    visitChange(state, random),
    visitChange(state, random),
    { kind: random.pick(visitSteps), appointment },
    { kind: random.pick(['freeze', 'unfreeze', 'deleteslot']), appointment },
    { kind: 'updateappointment', appointment, provider, department },
    { kind: 'addnote', appointment, text: 'please call first' },
    {
      kind: 'addslot',
      department,
      provider,
      date: dateText(Math.floor(monday / dayMs) + random.below(2)),
      time: clockText(random.between(8, 16) * 60),
      type: random.pick(['82', '83', '84', '8']),
    },
    {
      kind: 'addpatient',
      fields: { firstname: 'Nova', lastname: 'Tester', dob: '02/03/1980', departmentid: department, zip: '10001' },
    },
    { kind: 'updatepatient', patient, fields: { mobilephone: '518-555-0123', departmentid: department } },
    { kind: 'updatepatient', patient, fields: { status: random.pick(['active', 'inactive', 'deleted']) } },
    { kind: 'deletepatient', patient },
    { kind: 'mergepatients', from: patient, into: other },
    { kind: 'mergepatients', from: patient, into: other },
    { kind: 'unmergepatient', patient: mergedPatient(state, random) ?? other },
    { kind: 'setcustomfields', patient, values: { 22: 'Delivery' } },
    { kind: random.pick(['deleteprovider', 'undeleteprovider']), provider },
    { kind: 'updateprovider', provider, acceptingnewpatients: random.chance(0.5) },
    claimChange(state, random),
    claimChange(state, random),
    referringChange(state, random),
  ]
  return random.pick(changes)
}

for (const seed of [1, 2, 3, 4]) {
  test(`after ${stepsPerSeed} random changes the practice is sound and its feeds tell all of it (seed ${seed})`, () => {
    let now = monday
    const practice = createPractice({ id: 195900, seed, patients: 100, now: () => now })
    const state = stateOf(practice)
    const known = followFeeds(practice)
    const random = new SeededRandom(seed, 99)
    const booked = new Set<string>()
    let latest = 0
    practice.onEvent(({ name, id, at }) => {
      assert.ok(at >= latest, 'time never goes back')
      latest = at
      if (name !== 'ScheduleAppointment') return
      assert.ok(!booked.has(id), `appointment ${id} is booked twice`)
      booked.add(id)
    })
    let made = 0
    for (let step = 0; step < stepsPerSeed; step += 1) {
      now += random.between(-500, 60_000)
      const before = state.latestAt
      try {
        applyChange(practice, randomChange(state, random), now)
        made += 1
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error))
        assert.equal(state.latestAt, before, 'a refused change leaves no trace')
      }
    }
    assert.ok(made > stepsPerSeed / 4, `${made} of ${stepsPerSeed} changes were possible`)
    assertFeedsKnowAll(practice, known)
    assertCalendarIsSound(state)
    assertListsAreSound(state)
  })
}
