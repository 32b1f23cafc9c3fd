import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raceAbort, readBody, readBytes } from './read-body.ts'

const never = new AbortController().signal

/** An answer whose body comes in these pieces. */
function answer(pieces: readonly (string | readonly number[])[], contentType?: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : Uint8Array.from(piece))
      }
      controller.close()
    },
  })
  return new Response(body, contentType === undefined ? {} : { headers: { 'content-type': contentType } })
}

for (const [title, given, expected] of [
  ['in one piece', answer(['abc']), 'abc'],
  ['in several pieces', answer(['ab', 'cd', 'e']), 'abcde'],
  ['whose letter is split between two pieces', answer([[0xc3], [0xa9]]), 'é'],
  ['of nothing', answer([]), ''],
  ['that is absent', new Response(null), ''],
  ['with bytes that are no UTF-8', answer([[0x61, 0xff]]), 'a\uFFFD'],
  ['in Latin', answer([[0xe9]], 'text/plain; charset=ISO-8859-1'), 'é'],
  ['in Latin, of an odd name', answer([[0x80]], 'text/plain; CHARSET=Windows-1252'), '€'],
  [
    'in Latin as Windows has it',
    answer([[0x4f, 0x92, 0x42, 0x99]], 'text/plain; charset=iso-8859-1'),
    'O\u2019B\u2122',
  ],
  [
    'with the bytes that Windows leaves free',
    answer([[0x81, 0x9d, 0x9f]], 'text/plain; charset=windows-1252'),
    '\x81\x9d\u0178',
  ],
  ['in quoted Latin', answer([[0xe9]], 'text/plain; charset="iso-8859-1"'), 'é'],
  ['in quoted UTF-8', answer([[0xc3, 0xa9]], 'text/plain; charset="utf-8"'), 'é'],
  ['in ASCII, which UTF-8 contains', answer(['a'], 'text/plain; charset=us-ascii'), 'a'],
] as const) {
  test(`a body ${title} is read`, async () => {
    assert.deepEqual(await readBody(given, 100, never), { ok: true, text: expected })
  })
}

test('a body in letters that nobody uses is refused', async () => {
  const read = await readBody(answer(['a'], 'text/plain; charset=utf-16'), 100, never)
  assert.deepEqual(read, { ok: false, problem: 'charset' })
})

test('a body may be as large as allowed and not a byte larger', async () => {
  assert.deepEqual(await readBytes(answer(['ab', 'c']), 3, never), { ok: true, bytes: new TextEncoder().encode('abc') })
  assert.deepEqual(await readBytes(answer(['ab', 'cd']), 3, never), { ok: false, problem: 'too-large' })
})

test('waiting ends with the reason of the signal, before it or while it lasts', async () => {
  const endless = new Promise<never>(() => undefined)
  await assert.rejects(raceAbort(endless, AbortSignal.abort(new Error('before'))), { message: 'before' })
  const controller = new AbortController()
  const waiting = raceAbort(endless, controller.signal)
  controller.abort(new Error('while'))
  await assert.rejects(waiting, { message: 'while' })
  assert.equal(await raceAbort(Promise.resolve(7), never), 7)
})
