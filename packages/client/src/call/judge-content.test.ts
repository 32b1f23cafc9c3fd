import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taken } from './exchange.ts'
import { type ContentFacts, judgeContent } from './judge-content.ts'

const bytes = new TextEncoder().encode('%PDF')

function facts(taken: Partial<Omit<Taken, 'ok'>>, status = 200, more: Partial<ContentFacts> = {}): ContentFacts {
  const meta = { requestId: 'r', status, receivedAt: 0, attempts: 1 }
  return { method: 'GET', as: 'bytes', accept: '*/*', taken: { ok: true, text: '', meta, ...taken }, ...more }
}

const no = new TextEncoder().encode('{"success":"false"}')
const stream = new ReadableStream<Uint8Array>()

for (const [title, given, expected] of [
  ['bytes', facts({ bytes, contentType: 'application/pdf' }), bytes],
  ['bytes of no stated type', facts({ bytes }), bytes],
  ['text', facts({ text: 'a', contentType: 'text/plain' }, 200, { as: 'text' }), 'a'],
  ['a status of 299', facts({ bytes }, 299), bytes],
  ['HTML that was asked for', facts({ bytes, contentType: 'text/html' }, 200, { accept: 'text/html' }), bytes],
  ['HTML that nobody asked for', facts({ bytes, contentType: 'TEXT/HTML' }), 'malformed-response'],
  ['a stream', facts({ stream }), stream],
  ['a stream of HTML', facts({ stream, contentType: 'text/html' }), 'malformed-response'],
  ['no bytes', facts({ bytes: new Uint8Array(0), text: 'a' }), 'malformed-response'],
  ['no text', facts({}, 200, { as: 'text' }), 'malformed-response'],
  ['a refusal inside a 200', facts({ bytes: no, contentType: 'application/json' }), 'rejected'],
  ['a refusal as text', facts({ text: '{"success":false}', contentType: 'Application/JSON' }), 'rejected'],
  ['a refusal under another type', facts({ bytes: no, contentType: 'application/pdf' }), no],
  ['bytes that are called JSON', facts({ bytes, contentType: 'application/json' }), bytes],
  ['a 404 of athenahealth', facts({ text: '{"error":"no"}' }, 404), 'not-found'],
  ['a 300', facts({ bytes }, 300), 'malformed-response'],
  ['an error of the server', facts({ bytes }, 500), 'server-error'],
] as const) {
  test(`an answer of ${title} is judged ${typeof expected === 'string' ? expected : 'one to use'}`, () => {
    const judged = judgeContent(given)
    assert.equal(judged.ok ? judged.value : judged.failure.code, expected)
    if (!judged.ok && judged.failure.code === 'malformed-response') assert.equal(judged.failure.executed, 'unknown')
  })
}
