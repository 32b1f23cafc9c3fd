import assert from 'node:assert/strict'
import { test } from 'node:test'
import { practiceApi } from '../../testing/practice-api.ts'

const api = practiceApi({ patients: 100 })

test('medications are found by a part of their name, and what is found can be put on a list', () => {
  const found = api.call('GET /reference/medications?searchvalue=STATIN').body as Record<string, unknown>[]
  assert.deepEqual(found, [
    { medicationid: 240105, medication: 'atorvastatin 20 mg tablet' },
    { medicationid: 240106, medication: 'simvastatin 20 mg tablet' },
  ])
  const form = `departmentid=1&medicationid=${String(found[0]?.['medicationid'])}`
  assert.equal(api.call('POST /chart/3/medications', form).status, 200)
})

test('allergens are found under both names that were recorded, and can be written', () => {
  const found = api.call('GET /reference/allergies?searchvalue=asp').body as Record<string, unknown>[]
  assert.deepEqual(found[0], {
    allergy: 'asparaginase',
    allergyid: 14041,
    allergenname: 'asparaginase',
    allergenid: 14041,
  })
  const allergies = encodeURIComponent(JSON.stringify([{ allergenid: found[0]?.['allergenid'] }]))
  assert.equal(api.call(`PUT /chart/3/allergies?departmentid=1&allergies=${allergies}`).status, 200)
})

test('nothing found is an empty list, no search a missing field, and one letter too little', () => {
  assert.deepEqual(api.call('GET /reference/medications?searchvalue=zzz'), { status: 200, body: [] })
  assert.deepEqual(api.call('GET /reference/allergies').status, 400)
  assert.deepEqual(api.call('GET /reference/allergies?searchvalue=a').status, 400)
})

test('reactions and severities are listed with the codes that allergies take', () => {
  const [reaction] = api.call('GET /reference/allergies/reactions').body as Record<string, unknown>[]
  const [severity] = api.call('GET /reference/allergies/severities').body as Record<string, unknown>[]
  assert.deepEqual(reaction, { reactionname: 'anaphylaxis', snomedcode: 39579001, reactionid: 1 })
  assert.deepEqual(severity, { snomedcode: '255604002', severity: 'mild' })
  assert.ok((api.call('GET /reference/medications/stopreasons').body as unknown[]).length > 0)
})
