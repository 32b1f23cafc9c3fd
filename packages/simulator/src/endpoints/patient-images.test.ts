import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveSimulator } from '../../testing/live-simulator.ts'
import { practiceApi } from '../../testing/practice-api.ts'
import { demoCredential, read, tokenRequest } from '../../testing/tiny-simulator.ts'

const image = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 250, 251, 252]).toString('base64')
const form = `image=${encodeURIComponent(image)}`

const pictures: readonly (readonly [what: string, path: string, events: readonly string[]])[] = [
  ['photo', '/patients/1/photo', ['UpdatePatient']],
  ["driver's license", '/patients/1/driverslicense', ['UpdatePatient']],
  ['card of an insurance', '/patients/1/insurances/{id}/image', []],
]
for (const [what, pattern, events] of pictures) {
  test(`a ${what} is put there, read as text or as itself, replaced and taken away`, () => {
    const api = practiceApi()
    api.call('POST /patients/1/insurances', 'insurancepackageid=0&sequencenumber=1')
    const [insurance] = api.rows('GET /patients/1/insurances')
    const path = pattern.replace('{id}', String(insurance?.['insuranceid']))
    api.events.length = 0
    assert.equal(api.call(`GET ${path}`).status, 404)
    assert.equal(api.call(`DELETE ${path}`).status, 404)
    assert.equal(api.call(`POST ${path}`).status, 400)
    assert.equal(api.call(`POST ${path}`, 'image=no%20picture!').status, 400)
    assert.deepEqual(api.call(`POST ${path}`, form).body, { success: true })
    assert.deepEqual(api.call(`GET ${path}`).body, { image })
    const { content } = api.call(`GET ${path}?jpegoutput=true`)
    assert.deepEqual([content?.type, content?.bytes.toString('base64')], ['image/jpeg', image])
    assert.deepEqual(api.call(`PUT ${path}`, 'image=AAAA').body, { success: true })
    assert.deepEqual(api.call(`GET ${path}`).body, { image: 'AAAA' })
    assert.deepEqual(api.call(`DELETE ${path}`).body, { success: true })
    assert.equal(api.call(`GET ${path}`).status, 404)
    assert.deepEqual(
      api.events.map(({ name }) => name),
      [...events, ...events, ...events],
    )
  })
}

test("the patient's record says which pictures there are and where, and the thumbnail is the photo", () => {
  const api = practiceApi()
  const { patientphoto, driverslicense, patientphotourl } = api.record('GET /patients/1')
  assert.deepEqual([patientphoto, driverslicense, patientphotourl], [false, false, undefined])
  api.call('POST /patients/1/photo', form)
  api.call('PUT /patients/1/driverslicense', form)
  const shown = api.record('GET /patients/1')
  assert.deepEqual(
    [shown['patientphoto'], shown['patientphotourl'], shown['driverslicense'], shown['driverslicenseurl']],
    [true, '/v1/195900/patients/1/photo', true, '/v1/195900/patients/1/driverslicense'],
  )
  assert.deepEqual(api.call('GET /patients/1/photo/thumbnail').body, { image })
})

test('an image of another patient’s insurance, of nobody, or of a hidden patient is not there', () => {
  const api = practiceApi({ patients: 1500, traits: { restrictions: 'hidden' } })
  assert.equal(api.call('GET /patients/1/insurances/999/image').status, 404)
  assert.equal(api.call('POST /patients/99999/photo', form).status, 404)
  const sees = api.practice.sees?.('patients', { ignoreRestrictions: false, confidentialityCodes: undefined })
  const hidden = [...api.practice.ids('patients')].find((id) => sees?.(id) === false)
  assert.equal(api.call(`POST /patients/${hidden}/photo`, form).status, 404)
  assert.equal(api.call(`POST /patients/${hidden}/photo?ignorerestrictions=true`, form).status, 200)
})

test('a picture sent as a file comes back byte for byte, to who asks by header', async (t) => {
  const { simulator } = await liveSimulator(t)
  const { fetch, url } = simulator
  const { body } = await read(await fetch(`${url}/oauth2/v1/token`, tokenRequest(demoCredential)))
  const headers = { Authorization: `Bearer ${JSON.stringify(body.access_token).slice(1, -1)}` }
  const sent = new FormData()
  const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
  sent.set('image', new Blob([bytes], { type: 'image/jpeg' }), 'photo.jpg')
  const photo = `${url}/v1/195900/patients/1/photo`
  assert.equal((await fetch(photo, { method: 'POST', headers, body: sent })).status, 200)
  const answer = await fetch(photo, { headers: { ...headers, Accept: 'image/jpeg' } })
  assert.equal(answer.headers.get('content-type'), 'image/jpeg')
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), bytes)
})
