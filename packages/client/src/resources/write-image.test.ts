import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from '../../testing/scripted-fetch.ts'
import { testClient } from '../../testing/test-client.ts'
import { content, type FileValue } from '../upload/content.ts'

const image = Uint8Array.from({ length: 100 }, (_, index) => (index * 67) % 256)
const base64 = Buffer.from(image).toString('base64')
const refused: Reply = { status: 400, body: { error: 'The data provided is invalid.' } }
const stored: Reply = { body: { success: 'true' } }

/** The `image` field as a server reads it out of a form. */
function images(sent: readonly { readonly body: string | undefined }[]): (string | null)[] {
  return sent.map(({ body }) => new URLSearchParams(body).get('image'))
}

for (const [title, value] of [
  ['bytes', () => image],
  ['a Blob', () => new Blob([image])],
  ['a function that opens a stream', () => content(() => new Blob([image]).stream())],
  ['text', () => base64],
] as const satisfies readonly (readonly [string, () => FileValue | string])[]) {
  test(`a photo given as ${title} is sent as Base64, and percent-encoded on top where that is refused`, async () => {
    const { practice, sent } = testClient([refused, stored])
    const { value: outcome } = await practice.patients.photo.put(7, { image: value(), departmentid: 1 })
    assert.deepEqual(outcome, { success: true })
    assert.deepEqual(images(sent), [base64, encodeURIComponent(base64)])
    assert.deepEqual(
      sent.map(({ body }) => new URLSearchParams(body).get('departmentid')),
      ['1', '1'],
    )
  })
}

for (const [title, replies, code, sends] of [
  ['stored', [stored], 'ok', 1],
  ['refused both ways: the first refusal', [refused, { body: { success: false } }], 'invalid-request', 2],
  ['refused for a missing field', [{ status: 400, body: { missingfields: ['departmentid'] } }], 'invalid-request', 1],
  ['refused for another field', [{ status: 400, body: { invalidfields: ['departmentid'] } }], 'invalid-request', 1],
  ['refused for the image', [{ status: 400, body: { invalidfields: ['image'] } }, stored], 'ok', 2],
  ['answered with an error that may have stored it', [{ status: 500 }], 'server-error', 1],
  ['refused, then perhaps stored', [refused, { status: 500 }], 'server-error', 2],
  ['forbidden', [{ status: 403, body: { error: 'x' } }], 'forbidden', 1],
] as const satisfies readonly (readonly [string, readonly Reply[], string, number])[]) {
  test(`a photo ${title}: ${code} after ${sends}`, async () => {
    const { practice, sent } = testClient(replies)
    const outcome = await practice.patients.photo.create(7, { image }).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    )
    assert.deepEqual([outcome, sent.length], [code, sends])
  })
}

for (const [title, value] of [
  ['a stream that has been sent', () => content(new Blob([image]).stream())],
  ['an image whose encoding the caller chose', () => content(image, { encoding: 'base64' })],
] as const) {
  test(`${title} is not tried in the second way`, async () => {
    const { practice, sent } = testClient([refused])
    await assert.rejects(practice.patients.photo.put(7, { image: value() }), { code: 'invalid-request' })
    assert.equal(sent.length, 1)
  })
}
