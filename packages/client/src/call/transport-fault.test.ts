import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { fetchError } from '../../testing/scripted-fetch.ts'
import { judgeTransportError } from './transport-fault.ts'

for (const [title, error, executed] of [
  ['a refused connection', fetchError('ECONNREFUSED', { syscall: 'connect' }), 'no'],
  ['an unknown host', fetchError('ENOTFOUND', { syscall: 'getaddrinfo' }), 'no'],
  ['a name server that does not answer', fetchError('EAI_AGAIN'), 'no'],
  ['a connection that is not made in time', fetchError('UND_ERR_CONNECT_TIMEOUT'), 'no'],
  ['a time-out while connecting', fetchError('ETIMEDOUT', { syscall: 'connect' }), 'no'],
  ['no route while connecting', fetchError('EHOSTUNREACH', { syscall: 'connect' }), 'no'],
  ['a network that is down while connecting', fetchError('ENETDOWN', { syscall: 'connect' }), 'no'],
  ['an expired certificate', fetchError('CERT_HAS_EXPIRED'), 'no'],
  ['a certificate of another host', fetchError('ERR_TLS_CERT_ALTNAME_INVALID'), 'no'],
  ['a self-signed certificate', fetchError('DEPTH_ZERO_SELF_SIGNED_CERT'), 'no'],
  [
    'several addresses that all refuse',
    new TypeError('fetch failed', {
      cause: new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]),
    }),
    'no',
  ],
  ['a reset', fetchError('ECONNRESET', { syscall: 'read' }), 'unknown'],
  ['a broken pipe', fetchError('EPIPE', { syscall: 'write' }), 'unknown'],
  ['a closed socket', fetchError('UND_ERR_SOCKET'), 'unknown'],
  ['headers that do not come', fetchError('UND_ERR_HEADERS_TIMEOUT'), 'unknown'],
  ['a time-out while reading', fetchError('ETIMEDOUT', { syscall: 'read' }), 'unknown'],
  ['a route that is lost while reading', fetchError('EHOSTUNREACH', { syscall: 'read' }), 'unknown'],
  ['a host that is down while reading', fetchError('EHOSTDOWN', { syscall: 'read' }), 'unknown'],
  ['a network that is lost while writing', fetchError('ENETUNREACH', { syscall: 'write' }), 'unknown'],
  ['a network that is down, nobody says when', fetchError('ENETDOWN'), 'unknown'],
  ['a TLS error at any time', fetchError('EPROTO'), 'unknown'],
  ['a failure without a code', new TypeError('Failed to fetch'), 'unknown'],
  ['an abort of the fetch’s own', new DOMException('aborted', 'AbortError'), 'unknown'],
] as const) {
  test(`after ${title} ${executed === 'no' ? 'nothing was executed' : 'the call may have been executed'}`, () => {
    const failure = judgeTransportError(error)
    assert.equal(failure?.code, 'network')
    assert.equal(failure?.executed, executed)
    assert.ok(!inspect(failure, { depth: 9 }).includes('SECRET'))
  })
}

for (const error of [
  Object.assign(new Error('quota'), { code: 'quota.exhausted' }),
  new Error('refused by policy'),
  new RangeError('x'),
  'text',
  undefined,
  null,
]) {
  test(`${String(error)} is none of the network’s errors`, () => assert.equal(judgeTransportError(error), undefined))
}

test('a cause that is its own cause does not hold the judge up', () => {
  const error = new Error('loop')
  error.cause = error
  assert.equal(judgeTransportError(error), undefined)
})
