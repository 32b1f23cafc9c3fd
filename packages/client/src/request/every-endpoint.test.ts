import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAnswer, sampleOf, sampleRequest } from '../../testing/sample-request.ts'
import { testClient } from '../../testing/test-client.ts'
import type { Answer } from '../athena-call.ts'
import type { AthenaClient } from '../athena-client.ts'
import { AthenaError } from '../athena-error.ts'
import { catalogue } from '../catalogue/catalogue.ts'
import type { LooseRequest } from './endpoint-request.ts'

/** The request function as JavaScript sees it: any name, any parameters. */
export type LooseCall = (endpoint: string, request: LooseRequest & { practice: number }) => Promise<Answer<unknown>>

const practice = 195_900

function looseRequest(client: AthenaClient): LooseCall {
  // The test's point is to call every endpoint of a table, which no type can follow.
  return client.request as unknown as LooseCall
}

const entries = catalogue()

test('each endpoint sends its method, path and parameters where they belong', async () => {
  for (const entry of entries) {
    const { client, sent } = testClient([{ body: sampleAnswer(entry, [{}]) }])
    const request = sampleRequest(entry, 'all')
    // A read that takes records has no offset.
    const { offset: _, ...query } = { offset: 0, ...request.query }
    await looseRequest(client)(entry.name, { practice, ...request, query: entry.consuming ? query : request.query })
    const [first] = sent
    assert.ok(first, entry.name)
    const { method, url, body, call } = first
    assert.equal(method, entry.method, entry.name)
    assert.equal(url.pathname, `/v1/${practice}${entry.path.replace(/\{\w+\}/g, 'x17')}`, entry.name)
    const expected = entry.params.filter(
      (param) => param.place !== 'path' && !(entry.consuming && param.name === 'offset'),
    )
    const isWrite = entry.method === 'POST' || entry.method === 'PUT'
    const carried = isWrite ? new URLSearchParams(body ?? '') : url.searchParams
    assert.deepEqual(
      [...carried],
      expected.map((param) => [param.name, sampleOf(param).sent]),
      entry.name,
    )
    if (isWrite) assert.equal(url.search, '', entry.name)
    else assert.equal(body, undefined, entry.name)
    assert.deepEqual([call.route, call.intensive], [entry.path, entry.intensive], entry.name)
  }
})

test('each endpoint that needs something names what is missing, and sends nothing', async () => {
  for (const entry of entries) {
    const needed = entry.params.filter((param) => param.required).map((param) => param.name)
    if (needed.length === 0) continue
    const { client, sent, tokens } = testClient([])
    const error: unknown = await looseRequest(client)(entry.name, { practice }).catch((failure: unknown) => failure)
    assert.ok(error instanceof AthenaError && error.code === 'invalid-argument', entry.name)
    assert.deepEqual([error.invalidFields, error.executed], [needed, 'no'], entry.name)
    assert.deepEqual([sent.length, tokens.length], [0, 0], entry.name)
  }
})

test('each endpoint refuses a parameter that it does not have', async () => {
  for (const entry of entries) {
    const { client, sent } = testClient([])
    const request = sampleRequest(entry, 'required')
    const place = entry.bodyEncoding ?? 'query'
    const wrong = { ...request, practice, [place]: { ...request[place], departmentidd: 1 } }
    await assert.rejects(looseRequest(client)(entry.name, wrong), {
      code: 'invalid-argument',
      invalidFields: ['departmentidd'],
    })
    assert.equal(sent.length, 0)
  }
})

test('each write is sent once, and each read that takes records', async () => {
  const failed = { status: 503, body: '<html>oops</html>' }
  for (const entry of entries) {
    const { client, sent, run } = testClient([failed, 'repeat'])
    const error: unknown = await run(
      looseRequest(client)(entry.name, { practice, ...sampleRequest(entry, 'required') }).catch(
        (caught: unknown) => caught,
      ),
    )
    assert.ok(error instanceof AthenaError && error.code === 'server-error', entry.name)
    const isPlainRead = entry.method === 'GET' && !entry.consuming
    assert.deepEqual([sent.length, error.executed], isPlainRead ? [3, 'no'] : [1, 'unknown'], entry.name)
  }
})
