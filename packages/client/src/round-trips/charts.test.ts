import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyDay,
  anyText,
  assertAllTried,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'

const note: Written = { values: anyText(200) }
const flag: Written = { values: fc.boolean() }
/** Said of the call, not of the record. */
const HOW = ['departmentid', 'PATIENTFACINGCALL', 'THIRDPARTYUSERNAME']

function oneOf(values: readonly unknown[]): Written {
  return { values: fc.constantFrom(...values) }
}

/** As athenahealth writes dates inside records whose lists the client does not type. */
function usDate(date: string): string {
  return `${date.slice(5, 7)}/${date.slice(8)}/${date.slice(0, 4)}`
}

const day: Written = { values: anyDay, read: usDate }

let world: SimulatedPractice
let patientid: string
let departmentid: string
before(async () => {
  world = await simulatedPractice()
  const [patient] = await firstOf(world.practice.patients.list({ limit: 5 }))
  patientid = patient?.patientid ?? ''
  departmentid = patient?.departmentid ?? ''
})
after(() => world[Symbol.asyncDispose]())

test('problems are read as they were added and changed', async () => {
  const { problems } = world.practice.chart
  let problemid = ''
  /** What the problem's beginning says; the rest of it is nothing a caller writes. */
  const read = async () => {
    const { value } = await problems.get(patientid, { departmentid, showinactive: true })
    const problem = value.problems.find((each) => each.problemid === problemid)
    return { snomedcode: problem?.code, ...Object(problem?.events?.[0]) }
  }
  const fields = {
    laterality: oneOf(['LEFT', 'RIGHT', 'BILATERAL']),
    status: oneOf(['CHRONIC', 'ACUTE']),
    startdate: day,
    note,
  }
  const added = { ...fields, snomedcode: oneOf(['38341003', '55822004']) }
  assertAllTried('POST /chart/{patientid}/problems', added, HOW)
  await roundTripEach(added, {
    async write(sent) {
      const { value } = await problems.create(patientid, { departmentid, snomedcode: 38_341_003, ...sent })
      problemid = value.problemid ?? ''
    },
    read,
  })
  assertAllTried('PUT /chart/{patientid}/problems/{problemid}', fields, HOW)
  await roundTripEach(fields, {
    write: (sent) => problems.update({ patientid, problemid }, { departmentid, ...sent }),
    read,
  })
  const section = async () => (await problems.get(patientid, { departmentid })).value
  await roundTripEach(
    { sectionnote: note },
    {
      write: (sent) => problems.updateNote(patientid, { departmentid, replacenote: true, sectionnote: '', ...sent }),
      read: section,
    },
  )
  await roundTripEach(
    { sectionnote: note },
    {
      write: (sent) => problems.updateSection(patientid, { departmentid, replacenote: true, ...sent }),
      read: section,
    },
  )
  await problems.delete({ patientid, problemid }, { departmentid })
  assert.ok((await section()).problems.every((problem) => problem.problemid !== problemid))
  const unknown = problems.create(patientid, { departmentid, snomedcode: 1 })
  await assert.rejects(unknown, { code: 'rejected', executed: 'no' })
})

test('medications are read as they were added and changed', async () => {
  const { medications } = world.practice.chart
  let medicationentryid = ''
  const read = async () => {
    const { value } = await medications.get(patientid, { departmentid })
    const entry = value.medications.flat().find((each) => each.medicationentryid === medicationentryid)
    const events = new Map((entry?.events ?? []).map((event) => [Reflect.get(Object(event), 'type'), event]))
    const dateOf = (type: string): unknown => Reflect.get(Object(events.get(type)), 'eventdate')
    return { ...entry, startdate: dateOf('START'), stopdate: dateOf('END'), hidden: events.has('HIDE') }
  }
  const fields = {
    hidden: flag,
    patientnote: note,
    providernote: note,
    stopreason: note,
    unstructuredsig: note,
    startdate: oneOf(['2020-02-29', '2021-01-01']),
    stopdate: oneOf(['2024-02-29', '2025-12-31']),
  }
  const days = { startdate: { ...fields.startdate, read: usDate }, stopdate: { ...fields.stopdate, read: usDate } }
  const [known] = (await medications.get(patientid, { departmentid })).value.medications.flat()
  const medicationid = known?.medicationid ?? ''
  const added = { ...fields, ...days, medicationid: oneOf([medicationid]) }
  assertAllTried('POST /chart/{patientid}/medications', added, HOW)
  await roundTripEach(added, {
    async write(sent) {
      const { value } = await medications.create(patientid, { departmentid, medicationid, ...sent })
      medicationentryid = value.medicationentryid ?? ''
    },
    read,
  })
  assertAllTried('PUT /chart/{patientid}/medications/{medicationentryid}', fields, HOW)
  await roundTripEach(
    { ...fields, ...days },
    {
      write: (sent) => medications.update({ patientid, medicationentryid }, { departmentid, ...sent }),
      read,
    },
  )
  await medications.delete({ patientid, medicationentryid }, { departmentid })
  assert.equal((await read()).medicationid, undefined)
})

test('what is said of all medications is read as it was sent', async () => {
  const { medications } = world.practice.chart
  const { patients } = world.practice
  // None reported can be said of a chart that has none.
  const identity = { firstname: 'Ada', lastname: 'Okafor', dob: '1990-05-01', zip: '02451', departmentid }
  const { patientid: fresh } = (await patients.create(identity)).value
  const fields = { nomedicationsreported: flag, sectionnote: note }
  assertAllTried('PUT /chart/{patientid}/medications', fields, HOW)
  await roundTripEach(fields, {
    write: (sent) => medications.updateSection(fresh, { departmentid, ...sent }),
    read: async () => (await medications.get(fresh, { departmentid })).value,
  })
})

test('allergies are read as they were sent, dates in their JSON too', async () => {
  const { allergies } = world.practice.chart
  const { patients } = world.practice
  const identity = { firstname: 'Grace', lastname: 'Okafor', dob: '1991-05-01', zip: '02451', departmentid }
  const { patientid: fresh } = (await patients.create(identity)).value
  const section = async () => (await allergies.get(fresh, { departmentid, showinactive: true })).value
  const fields = { nkda: flag, sectionnote: note }
  assertAllTried('PUT /chart/{patientid}/allergies', { ...fields, allergies: note }, HOW)
  await roundTripEach(fields, {
    write: (sent) => allergies.update(fresh, { departmentid, ...sent }),
    read: section,
  })
  await roundTripEach(
    { note, onsetdate: day, deactivatedate: day },
    {
      write: (sent) => allergies.update(fresh, { departmentid, allergies: [{ allergenid: 12_105, ...sent }] }),
      read: async () => (await section()).allergies.find(({ allergenid }) => allergenid === '12105'),
    },
  )
})
