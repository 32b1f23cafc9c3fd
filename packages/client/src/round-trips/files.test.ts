import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  anyText,
  firstOf,
  roundTripEach,
  type SimulatedPractice,
  simulatedPractice,
  type Written,
} from '../../testing/round-trip.ts'
import { content, type FileValue } from '../upload/content.ts'

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

function oneOf(values: readonly unknown[]): Written {
  return { values: fc.constantFrom(...values) }
}

/** Any bytes behind the mark of a PDF, given in each way a file can be given. */
const anyFile = fc.tuple(fc.uint8Array({ maxLength: 5_000 }), fc.constantFrom('bytes', 'blob', 'stream', 'text'))

function fileOf(bytes: Uint8Array<ArrayBuffer>, how: string): FileValue | string {
  if (how === 'text') return Buffer.from(bytes).toString('base64')
  if (how === 'blob') return new Blob([bytes])
  return how === 'stream' ? content(new Blob([bytes]).stream()) : bytes
}

test('a file comes back as it was sent, however it was given', async () => {
  const { documents } = world.practice.patients
  const trip = fc.asyncProperty(anyFile, async ([random, how]) => {
    const bytes = new Uint8Array([...new TextEncoder().encode('%PDF-1.4\n'), ...random])
    const form = {
      departmentid,
      documentsubclass: 'ADMIN_CONSENT',
      attachmenttype: 'PDF',
      attachmentcontents: fileOf(bytes, how),
    }
    const { value } = await documents.admin.upload(patientid, form)
    const { adminid = '' } = value
    const { value: file } = await documents.admin.original({ patientid, adminid })
    assert.deepEqual(await file.bytes(), bytes)
  })
  await fc.assert(trip, { numRuns: 12 })
})

test('pictures come back as they were sent', async () => {
  const { photo, driversLicense } = world.practice.patients
  const trip = fc.asyncProperty(anyFile, async ([random, how]) => {
    const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, ...random])
    for (const picture of [photo, driversLicense]) {
      await picture.put(patientid, { image: fileOf(jpeg, how) })
      assert.equal((await picture.get(patientid)).value.image, Buffer.from(jpeg).toString('base64'))
    }
  })
  await fc.assert(trip, { numRuns: 8 })
  await photo.delete(patientid)
  await assert.rejects(photo.get(patientid), { code: 'not-found' })
})

test('signatures are read as they were recorded', async () => {
  const { privacyVerification } = world.practice.patients
  const fields = {
    signaturename: { values: anyText(100) },
    signaturedatetime: { ...oneOf(['2026-03-01T10:00:00', '2024-02-29T23:59:59']), read: toWire },
  }
  await roundTripEach(fields, {
    write: (sent) =>
      privacyVerification.record(patientid, {
        departmentid,
        signaturename: 'Ada Okafor',
        signaturedatetime: '2026-03-01T09:00:00',
        privacynotice: true,
        ...sent,
      }),
    read: async () => (await privacyVerification.get(patientid, { departmentid })).value['privacynotice'],
  })
})

/** As athenahealth writes date-times. */
function toWire(sent: string): string {
  return `${sent.slice(5, 7)}/${sent.slice(8, 10)}/${sent.slice(0, 4)} ${sent.slice(11)}`
}
