import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { liveSimulator, type LiveSimulator } from '../../testing/live-simulator.ts'
import { dayMs } from '../practice/calendar-date.ts'

/** What a caller sees of accounts, and what the truth knows of them. */
async function accounts({ call, simulator }: LiveSimulator): Promise<unknown> {
  return {
    claims: [...simulator.truth.records(195900, 'claims')],
    referring: [...simulator.truth.records(195900, 'referringproviders')],
    insurances: await call('GET', '/patients/1/insurances?showcancelled=true'),
    photo: await call('GET', '/patients/1/photo'),
    privacy: await call('GET', '/patients/1/privacyinformationverified?departmentid=1'),
    pharmacy: await call('GET', '/chart/1/pharmacies/default?departmentid=1'),
    employers: await call('GET', '/employers'),
    waiting: await call('GET', '/claims/changed?leaveunprocessed=true&ignorerestrictions=true'),
  }
}

test('claims, insurances, pictures and all else of patients’ accounts are there again after a restart', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const options = { journal: join(folder, 'world.db'), day: { ratePerHour: 60 }, tokenLifetimeS: 7 * 86_400 }
  const first = await liveSimulator(t, options)
  const { call, simulator } = first
  await call('POST', '/claims/changed/subscription')
  const [claim] = [...simulator.truth.records(195900, 'claims')]
  const charges = encodeURIComponent('[{"PROCEDURECODE":"99213","ICD10CODE1":"I10"}]')
  const { departmentid, patientid, billedproviderid } = claim ?? {}
  await call(
    'POST',
    '/claims',
    `departmentid=${departmentid}&patientid=${patientid}&supervisingproviderid=${billedproviderid}&claimcharges=${charges}`,
  )
  simulator.truth.change(195900, { kind: 'voidclaim', claim: claim?.['claimid'] })
  simulator.truth.change(195900, { kind: 'mergepatients', from: 7, into: 8 })
  simulator.truth.change(195900, { kind: 'unmergepatient', patient: 7 })
  await call('POST', '/patients/1/insurances', 'insurancepackageid=0&sequencenumber=1')
  await call('DELETE', '/patients/1/insurances?sequencenumber=1')
  await call('POST', '/patients/1/photo', 'image=AAAA')
  const signed = 'departmentid=1&signaturename=Ada&signaturedatetime=11/23/2026 09:58:00'
  await call('POST', '/patients/1/privacyinformationverified', signed)
  await call('PUT', '/chart/1/pharmacies/default', 'departmentid=1&clinicalproviderid=11240001')
  await call('POST', '/employers', 'name=Quill Mills')
  await call('POST', '/referringproviders', 'entitytype=PERSON&lastname=Quill')
  simulator.clock.advance(dayMs)
  const before = await accounts(first)
  assert.match(JSON.stringify(before), /"image":"AAAA".*Corner Pharmacy.*Quill Mills/)
  await simulator.stop()
  assert.deepEqual(await accounts(await liveSimulator(t, options)), before)
})
