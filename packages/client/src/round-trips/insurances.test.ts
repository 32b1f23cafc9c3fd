import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyDay,
  anyPhone,
  anyText,
  assertAllTried,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'

let world: SimulatedPractice
let patientid: string
before(async () => {
  world = await simulatedPractice()
  const { patients, departments } = world.practice
  const departmentid = (await firstOf(departments.list()))[0]?.departmentid ?? ''
  const identity = { firstname: 'Ada', lastname: 'Okafor', dob: '1990-05-01', zip: '02451', departmentid }
  patientid = (await patients.create(identity)).value.patientid
})
after(() => world[Symbol.asyncDispose]())

const HOLDER = 'insurancepolicyholder'

function all(names: readonly string[], written: Written): Readonly<Record<string, Written>> {
  return Object.fromEntries(names.map((name) => [name, written]))
}

/** What a policy says of itself and of whom it belongs to. */
const policy: Readonly<Record<string, Written>> = {
  ...all(
    ['firstname', 'lastname', 'middlename', 'suffix', 'address1', 'address2', 'city'].map((name) => HOLDER + name),
    {
      values: fc.stringMatching(/^[A-Z]{1,10}$/),
    },
  ),
  ...all([`${HOLDER}zip`, 'policynumber', 'insuranceidnumber'], { values: fc.stringMatching(/^[A-Z0-9]{3,10}$/) }),
  ...all([HOLDER], { values: anyText(20) }),
  ...all(['insurancephone'], { values: anyPhone }),
  ...all([`${HOLDER}dob`], { values: anyDay }),
  ...all(['issuedate'], { values: fc.constantFrom('2024-02-29', '2025-01-01'), read: toUsDate }),
  ...all(['expirationdate'], { values: fc.constantFrom('2028-02-29', '2030-01-01'), read: toUsDate }),
  [`${HOLDER}sex`]: { values: fc.constantFrom('F', 'M') },
  [`${HOLDER}state`]: { values: fc.constantFrom('MA', 'NY') },
  [`${HOLDER}ssn`]: { values: fc.constantFrom('987654301', '987654399') },
  [`${HOLDER}countrycode`]: { values: fc.constantFrom('USA', 'CAN') },
  [`${HOLDER}countryiso3166`]: { values: fc.constantFrom('US', 'CA') },
  relationshiptoinsuredid: { values: fc.constantFrom('1', '2', '3') },
}

/** What only a policy for an accident says. */
const accident: Readonly<Record<string, Written>> = {
  ...all(['adjusterfax', 'adjusterphone', 'repricerphone'], { values: anyPhone }),
  ...all(['adjusterfirstname', 'adjusterlastname', 'repricername', 'insuranceclaimnumber'], { values: anyText(20) }),
  ...all(['descriptionofinjury', 'injuredbodypart'], { values: anyText(20) }),
  ...all(['autoaccidentstate', 'stateofreportedinjury'], { values: fc.constantFrom('MA', 'NY') }),
  ...all(['anotherpartyresponsible', 'realtedtoautoaccident', 'relatedtoemployment', 'relatedtootheraccident'], {
    values: fc.boolean(),
    unknown: true,
  }),
  caseinjurydate: { values: anyDay, read: toUsDate },
}

/** The client keeps these as they were sent: some policies have a time with them. */
function toUsDate(sent: string): string {
  return `${sent.slice(5, 7)}/${sent.slice(8)}/${sent.slice(0, 4)}`
}

test('insurances are read as they were added and changed', async () => {
  const { insurances } = world.practice.patients
  let insuranceid = ''
  const read = async () => {
    const found = await firstOf(insurances.list(patientid, { showfullssn: true, showcancelled: true }))
    return found.find((each) => each.insuranceid === insuranceid)
  }
  const holder = {
    insurancepolicyholderfirstname: 'ADA',
    insurancepolicyholderlastname: 'OKAFOR',
    insurancepolicyholdersex: 'F',
  } as const
  const HOW = ['departmentid', 'updateappointments', 'validateinsuranceidnumber', 'insuredentitytypeid']
  const added = {
    ...policy,
    insurancepackageid: { values: fc.constantFrom('1000', '1001') },
    sequencenumber: { values: fc.constantFrom(1) },
  }
  assertAllTried('POST /patients/{patientid}/insurances', added, HOW)
  await roundTripEach(added, {
    async write(sent) {
      if (insuranceid !== '') await insurances.delete({ patientid, insuranceid })
      const form = { insurancepackageid: 1000, sequencenumber: 1, ...holder, ...sent }
      insuranceid = (await insurances.create(patientid, form)).value.insuranceid ?? ''
    },
    read,
  })
  const changed = { ...policy, ...accident }
  // Codes of the injury are kept; how an answer shows them is not known.
  const unseen = ['icd10codes', 'icd9codes', 'newsequencenumber']
  assertAllTried('PUT /patients/{patientid}/insurances/{insuranceid}', changed, [...HOW, ...unseen])
  await roundTripEach(changed, { write: (sent) => insurances.update({ patientid, insuranceid }, sent), read })
  await roundTripEach(policy, {
    write: (sent) => insurances.updateByRank(patientid, { sequencenumber: 1, ...sent }),
    read,
  })
  await insurances.deleteByRank(patientid, { sequencenumber: 1 })
  assert.deepEqual(await firstOf(insurances.list(patientid)), [])
  await insurances.reactivate({ patientid, insuranceid })
  assert.equal((await firstOf(insurances.list(patientid)))[0]?.insuranceid, insuranceid)

  const trip = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (random) => {
    const image = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, ...random])
    await insurances.card.put({ patientid, insuranceid }, { image })
    const { value } = await insurances.card.get({ patientid, insuranceid })
    assert.equal(value.image, Buffer.from(image).toString('base64'))
  })
  await fc.assert(trip, { numRuns: 4 })
})
