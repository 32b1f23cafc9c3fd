import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi, type PracticeApi } from '../../testing/practice-api.ts'
import { applyChange, changeKinds, type PracticeChange } from './apply-change.ts'
import { chartRunners } from './change-charts.ts'
import { documentRunners } from './change-documents.ts'

/** Slot, booked, started, checked-in, checked-out, frozen: one row in each state. */
function stage() {
  const api = practiceApi({ patients: 110 })
  const apply = (change: PracticeChange) => applyChange(api.practice, change)
  const add = (time: string) => {
    const place = { department: '1', provider: '71', date: '11/24/2026', time, type: '82' }
    return apply({ kind: 'addslot', ...place }).appointments[0] ?? ''
  }
  const [slot = '', other = '', booked = '', inside = '', done = '', frozen = ''] = [
    '18:00',
    '19:00',
    '20:00',
    '21:00',
    '22:00',
    '23:00',
  ].map(add)
  for (const [appointment, patient] of [
    [booked, 1],
    [inside, 2],
    [done, 3],
  ] as const) {
    apply({ kind: 'book', appointment, patient })
  }
  for (const appointment of [inside, done]) apply({ kind: 'checkin', appointment })
  apply({ kind: 'checkout', appointment: done })
  apply({ kind: 'freeze', appointment: frozen })
  apply({ kind: 'deleteprovider', provider: 75 })
  apply({ kind: 'deletereferringprovider', referringprovider: 9001 })
  api.events.length = 0
  const claim = openClaim(api)
  return { api, apply, slot, other, booked, inside, done, frozen, claim }
}

/** A claim that has a step to go. */
function openClaim({ practice }: PracticeApi): string {
  const isOpen = (id: string) => /"(DROP|BILLED)"/.test(JSON.stringify(practice.wireRecord('claims', id)))
  return [...practice.ids('claims')].find(isOpen) ?? ''
}

type Stage = ReturnType<typeof stage>

const fields = { firstname: 'Ada', lastname: 'Quill', dob: '01/02/1990', departmentid: '1' }

const cases: readonly (readonly [change: (at: Stage) => PracticeChange, events: readonly string[]])[] = [
  [({ slot }) => ({ kind: 'book', appointment: slot, patient: 4, reason: 563 }), ['ScheduleAppointment']],
  [({ booked }) => ({ kind: 'cancel', appointment: booked }), ['CancelAppointment', 'AddAppointmentSlot']],
  [
    ({ booked, slot }) => ({ kind: 'reschedule', appointment: booked, to: slot }),
    ['ScheduleAppointment', 'CancelAppointment', 'AddAppointmentSlot'],
  ],
  [({ booked }) => ({ kind: 'startcheckin', appointment: booked }), ['UpdateAppointment']],
  [({ booked }) => ({ kind: 'checkin', appointment: booked }), ['CheckIn']],
  [({ inside }) => ({ kind: 'checkout', appointment: inside }), ['CheckOut', 'UpdatePatient']],
  [({ done }) => ({ kind: 'entercharges', appointment: done }), ['UpdateAppointment', 'CreateClaim']],
  [({ slot }) => ({ kind: 'freeze', appointment: slot }), ['FreezeAppointment']],
  [({ frozen }) => ({ kind: 'unfreeze', appointment: frozen }), ['UnfreezeAppointment']],
  [({ slot }) => ({ kind: 'deleteslot', appointment: slot }), ['DeleteAppointment']],
  [({ booked }) => ({ kind: 'updateappointment', appointment: booked, provider: 72 }), ['UpdateAppointment']],
  [({ booked }) => ({ kind: 'addnote', appointment: booked, text: 'hello' }), ['UpdateAppointment']],
  [
    () => ({ kind: 'addslot', department: 81, provider: 71, date: '12/01/2026', time: '09:00', type: 2 }),
    ['AddAppointmentSlot'],
  ],
  [() => ({ kind: 'addpatient', fields }), ['AddPatient']],
  [() => ({ kind: 'updatepatient', patient: 5, fields: { zip: '10001' } }), ['UpdatePatient']],
  [() => ({ kind: 'deletepatient', patient: 5 }), ['DeletePatient']],
  [() => ({ kind: 'restrictpatient', patient: 5 }), ['UpdatePatient']],
  [() => ({ kind: 'unrestrictpatient', patient: 5 }), ['UpdatePatient']],
  [() => ({ kind: 'setcustomfields', patient: 5, values: { 22: 'Delivery' } }), ['UpdatePatientCustomField']],
  [() => ({ kind: 'addprovider', department: 1 }), ['ProviderAdd']],
  [() => ({ kind: 'updateprovider', provider: 71, lastname: 'Quill' }), ['ProviderUpdate']],
  [() => ({ kind: 'deleteprovider', provider: 71 }), ['ProviderDelete']],
  [() => ({ kind: 'undeleteprovider', provider: 75 }), ['ProviderUndelete']],
  [() => ({ kind: 'addreferringprovider', fields: { lastname: 'Quill' } }), ['ReferringProviderAdd']],
  [
    () => ({ kind: 'updatereferringprovider', referringprovider: 9002, fields: { note: 'Moved.' } }),
    ['ReferringProviderUpdate'],
  ],
  [() => ({ kind: 'deletereferringprovider', referringprovider: 9002 }), ['ReferringProviderDelete']],
  [() => ({ kind: 'undeletereferringprovider', referringprovider: 9001 }), ['ReferringProviderUndelete']],
  [({ claim }) => ({ kind: 'advanceclaim', claim }), ['UpdateClaim']],
  [({ claim }) => ({ kind: 'setclaimstatus', claim, payer: 'patient', status: 'MGRHOLD' }), ['UpdateClaim']],
  [({ claim }) => ({ kind: 'addclaimnote', claim, text: 'sent again' }), []],
  [({ claim }) => ({ kind: 'voidclaim', claim }), ['DeleteClaim']],
]

for (const [change, expected] of cases) {
  const { kind } = change(stage())
  test(`${kind} is announced as ${expected.join(', ') || 'nothing'}, and its records are answered`, () => {
    const at = stage()
    const touched = at.apply(change(at))
    assert.deepEqual(
      at.api.events.map(({ name }) => name),
      expected,
    )
    const ids = (feed: string) => [...new Set(at.api.events.filter((event) => event.feed === feed).map(({ id }) => id))]
    const feeds = new Set(['appointments', 'patients', 'providers', ...at.api.events.map(({ feed }) => feed)])
    assert.deepEqual(touched, Object.fromEntries([...feeds].map((feed) => [feed, ids(feed)])))
    for (const { feed, id } of at.api.events) assert.ok(at.api.practice.wireRecord(feed, id) !== undefined)
  })
}

test('dropping a started check-in is announced as an update', () => {
  const { api, apply, booked } = stage()
  apply({ kind: 'startcheckin', appointment: booked })
  api.events.length = 0
  apply({ kind: 'cancelcheckin', appointment: booked })
  assert.deepEqual(
    api.events.map(({ name }) => name),
    ['UpdateAppointment'],
  )
})

test('a merge announces the survivor and every appointment that moves', () => {
  const { api, apply, inside } = stage()
  apply({ kind: 'mergepatients', from: 2, into: 1 })
  const merge = api.events.findIndex(({ name }) => name === 'MergePatient')
  assert.equal(api.events[merge]?.id, '1')
  const moved = api.events.slice(0, merge)
  assert.ok(moved.length > 0 && moved.every(({ name }) => name === 'UpdateAppointment'))
  assert.ok(moved.some(({ id }) => id === inside))
})

test('every kind of change has a case here', () => {
  const tried = new Set<string>(cases.map(([change]) => change(stage()).kind))
  for (const kind of ['cancelcheckin', 'mergepatients', 'unmergepatient'] as const) tried.add(kind)
  // These are tried in change-documents.test.ts and change-charts.test.ts.
  for (const kind of [...Object.keys(documentRunners), ...Object.keys(chartRunners)]) tried.add(kind)
  assert.deepEqual(tried, new Set(changeKinds))
})

const wrong: readonly (readonly [what: string, change: unknown, message: RegExp])[] = [
  ['no object', 'book', /object/],
  ['an unknown kind', { kind: 'explode' }, /no change "explode" but .*book/],
  ['a missing field', { kind: 'book', patient: 1 }, /needs "appointment"/],
  ['a field of the wrong type', { kind: 'cancel', appointment: {} }, /must be text or a number/],
  ['an unknown appointment', { kind: 'cancel', appointment: 1 }, /unknown_appointment/],
  ['an unknown patient', { kind: 'updatepatient', patient: 'x', fields: {} }, /unknown_patient/],
  ['a patient without a name', { kind: 'addpatient', fields: { dob: '01/02/1990' } }, /needs "firstname"/],
  ['an improper date of birth', { kind: 'addpatient', fields: { ...fields, dob: 'soon' } }, /dob/],
  ['an undoing of no merge', { kind: 'unmergepatient', patient: 3 }, /not_merged/],
  ['a merge of one patient', { kind: 'mergepatients', from: 3, into: 3 }, /same_patient/],
  [
    'an unknown referring provider',
    { kind: 'deletereferringprovider', referringprovider: 1 },
    /unknown_referring_provider/,
  ],
  ['a referring provider without a name', { kind: 'addreferringprovider', fields: {} }, /needs "lastname"/],
  ['an unknown claim', { kind: 'advanceclaim', claim: 1 }, /unknown_claim/],
  ['a status there is none of', { kind: 'setclaimstatus', claim: 3_000_001, payer: 'patient', status: 'x' }, /HOLD, /],
  ['a slot without a time', { kind: 'addslot', department: 1, provider: 71, date: '12/01/2026', type: 2 }, /"time"/],
]
for (const [what, change, message] of wrong) {
  test(`${what} is refused with a RangeError and nothing is changed`, () => {
    const { api } = stage()
    assert.throws(
      () => applyChange(api.practice, change),
      (error) => error instanceof RangeError && message.test(error.message),
    )
    assert.equal(api.events.length, 0)
  })
}
