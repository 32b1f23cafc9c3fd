import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { memoryLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { RefusedRequest, Routes } from './http-app.ts'
import { type HttpServer, startHttpServer } from './http-server.ts'

const token = systemRandom.bytes(32).toString('base64url')
const log = memoryLog()

const routes: Routes = (app) => {
  app.get('/open', { config: { open: true } }, () => ({ open: true }))
  app.get('/closed', () => ({ closed: true }))
  app.get('/closed/:id', () => ({ closed: true }))
  app.post('/echo', (request) => request.body)
  app.get('/ours', () => {
    throw new AegisError('ops.unknown-practice', { practice: 7 })
  })
  app.get('/later', () => {
    throw new AegisError('quota.timeout', { retryAfterMs: 1_500 })
  })
  app.get('/tomorrow', () => {
    throw new AegisError('quota.day-exhausted', { until: 3_600_000, limit: 500_000, retryAfterMs: 3_599_500 })
  })
  app.get('/theirs', () => {
    throw new Error('Ada Lovelace, born 1815')
  })
  app.get('/slow', async () => {
    const answered = Promise.withResolvers<void>()
    slowRequests.emit('came', answered.resolve)
    await answered.promise
    return { slow: true }
  })
}

/** Tells of each request for /slow, with what lets it be answered. */
const slowRequests = new EventEmitter()

const refused: RefusedRequest[] = []
const onRefused = async (request: RefusedRequest) => void refused.push(request)
const seams = { onRefused, log, random: systemRandom, clock: systemClock }
const options = { host: '127.0.0.1', port: 0, token, routes, ...seams }
const bearer = { authorization: `Bearer ${token}` }
let server: HttpServer

before(async () => {
  server = await startHttpServer(options)
})
after(() => server.stop())

const ask = (path: string, init: RequestInit = {}) => fetch(`${server.url}${path}`, { headers: bearer, ...init })
const port = () => Number(new URL(server.url).port)

test('an open route answers without the token, with headers that keep it private', async () => {
  const response = await ask('/open', { headers: {} })
  assert.deepEqual(await response.json(), { open: true })
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.match(response.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
})

const strangers: [title: string, header: string | undefined][] = [
  ['no token', undefined],
  ['an empty one', 'Bearer '],
  ['another one', `Bearer ${token.slice(1)}x`],
  ['the beginning of it', `Bearer ${token.slice(0, -1)}`],
  ['another scheme', `Basic ${token}`],
]

describe('every other route refuses', () => {
  for (const [title, header] of strangers) {
    test(title, async () => {
      for (const path of ['/closed', '/nothing-here']) {
        const response = await ask(path, { headers: header === undefined ? {} : { authorization: header } })
        assert.equal(response.status, 401)
        assert.equal(response.headers.get('www-authenticate'), 'Bearer')
        assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
        assert.ok(!(await response.text()).includes(token))
      }
    })
  }
})

const toldOf: [title: string, path: string, init: RequestInit, route: string | undefined][] = [
  ['a route', '/closed', {}, 'GET /closed'],
  ['a route with an id, without the id', '/closed/4711?name=Ada', {}, 'GET /closed/{id}'],
  ['another method', '/echo', { method: 'POST', body: '"Ada"' }, 'POST /echo'],
  ['what there is not, without its address', '/Ada/4711', {}, undefined],
]

describe('who is refused is told of before the answer, with nothing that was sent:', () => {
  for (const [title, path, init, route] of toldOf) {
    test(title, async () => {
      refused.length = 0
      assert.equal((await ask(path, { ...init, headers: { authorization: 'Bearer Ada' } })).status, 401)
      const expected = { peer: 'loopback', ...(route && { route }), code: 'http.unauthorized' }
      assert.deepEqual(refused, [expected])
    })
  }

  test('who came under another name', async () => {
    refused.length = 0
    await raw('GET /closed HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    assert.deepEqual(refused, [{ peer: 'loopback', route: 'GET /closed', code: 'http.wrong-host' }])
  })

  test('nobody who is answered, also with a mistake', async () => {
    refused.length = 0
    for (const path of ['/open', '/closed', '/nothing-here', '/ours']) await ask(path)
    assert.deepEqual(refused, [])
  })
})

test('with the token it answers', async () => {
  assert.deepEqual(await (await ask('/closed')).json(), { closed: true })
})

const problems: [title: string, path: string, init: RequestInit, status: number, code: string][] = [
  ['an unknown address', '/nothing-here', {}, 404, 'http.not-found'],
  ['one of our errors', '/ours', {}, 404, 'ops.unknown-practice'],
  ['an error of something else', '/theirs', {}, 500, 'internal.unexpected'],
  [
    'a broken body',
    '/echo',
    { method: 'POST', body: '{', headers: { ...bearer, 'content-type': 'application/json' } },
    400,
    'http.malformed-request',
  ],
  [
    'a body of another kind',
    '/echo',
    { method: 'POST', body: '<a/>', headers: { ...bearer, 'content-type': 'text/xml' } },
    400,
    'http.malformed-request',
  ],
  [
    'a body that would change every object',
    '/echo',
    { method: 'POST', body: '{"__proto__":{"a":1}}', headers: { ...bearer, 'content-type': 'application/json' } },
    400,
    'http.malformed-request',
  ],
  [
    'a body that is too large',
    '/echo',
    {
      method: 'POST',
      body: JSON.stringify('x'.repeat(300_000)),
      headers: { ...bearer, 'content-type': 'application/json' },
    },
    413,
    'http.request-too-large',
  ],
]

describe('a problem is answered for', () => {
  for (const [title, path, init, status, code] of problems) {
    test(title, async () => {
      const response = await ask(path, init)
      const problem: unknown = await response.json()
      assert.equal(response.status, status)
      assert.ok(typeof problem === 'object' && problem !== null && 'code' in problem && 'requestId' in problem)
      assert.equal(problem.code, code)
      assert.equal(problem.requestId, response.headers.get('x-request-id'))
      assert.ok(!JSON.stringify(problem).includes('Ada'))
    })
  }

  test('ours is told with its detail and remedy', async () => {
    const problem: unknown = await (await ask('/ours')).json()
    assert.ok(typeof problem === 'object' && problem !== null && 'detail' in problem && 'remedy' in problem)
    assert.equal(problem.detail, 'practice: 7')
  })

  test('what makes sense later is told with the seconds until then', async () => {
    const response = await ask('/later')
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '2'])
    assert.equal((await ask('/ours')).headers.get('retry-after'), null)
    assert.equal(response.headers.get('ratelimit'), null)
  })

  test('what a used-up day stands in the way of is told with the day and its calls', async () => {
    const { status, headers } = await ask('/tomorrow')
    const names = ['retry-after', 'ratelimit-policy', 'ratelimit']
    const told = names.map((name) => headers.get(name))
    assert.deepEqual([status, ...told], [503, '3600', '"day";q=500000;w=86400', '"day";r=0;t=3600'])
  })
})

test('what fails is in the log', async () => {
  await ask('/theirs')
  const line = log.lines.find(({ event }) => event === 'http.request-failed')
  assert.deepEqual(line?.fields, { status: 500 })
})

/** A request as raw text: what fetch would not send. */
async function raw(text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: port() })
  let answer = ''
  socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
  socket.on('error', () => undefined)
  socket.end(text)
  await once(socket, 'close')
  return answer
}

test('a page that pointed its own name here is refused, whatever token it carries', async () => {
  const answer = await raw(
    `GET /closed HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(answer, /^HTTP\/1\.1 421 /)
})

for (const [what, path] of [
  ['cannot be decoded', '/closed/%zz'],
  ['has a part that is too long', `/closed/${'Ada'.repeat(100)}`],
] as const) {
  const asked = async (lines: readonly string[]) =>
    raw(`${[`GET ${path} HTTP/1.1`, 'Connection: close', ...lines].join('\r\n')}\r\n\r\n`)
  const host = 'Host: localhost'
  const authorization = `Authorization: Bearer ${token}`

  test(`an address that ${what} is refused as others are, and does not come back`, async () => {
    for (const [lines, status, code] of [
      [['Host: evil.example', authorization], 421, 'http.wrong-host'],
      [[host], 401, 'http.unauthorized'],
      [[host, authorization], 400, undefined],
    ] as const) {
      refused.length = 0
      const answer = await asked(lines)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, /^content-type: application\/problem\+json/im)
      assert.match(answer, /^x-content-type-options: nosniff/im)
      assert.doesNotMatch(answer, /closed|Ada|zz/)
      assert.deepEqual(refused, code ? [{ peer: 'loopback', code }] : [])
    }
  })
}

test('that a refusal of such an address could not be noted is in the log as well', async (t) => {
  const ownLog = memoryLog()
  const deaf = await startHttpServer({
    ...options,
    log: ownLog,
    onRefused: () => Promise.reject(new AegisError('audit.unavailable')),
  })
  t.after(() => deaf.stop())
  for (const path of ['/closed', '/closed/%zz']) {
    assert.equal((await fetch(`${deaf.url}${path}`)).status, 503)
    assert.deepEqual(
      ownLog.lines.splice(0).map(({ event, fields }) => [event, fields]),
      [['http.request-failed', { status: 503 }]],
    )
  }
})

for (const [what, sent] of [
  ['nothing', ''],
  ['half of its headers', 'POST /echo HTTP/1.1\r\nHost: localhost\r\n'],
  [
    'half of its body',
    `POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  ],
] as const) {
  test(`who sends ${what} is let go`, { timeout: 20_000 }, async () => {
    const brief = await startHttpServer({ ...options, limits: { requestMs: 20 } })
    const socket = connect({ port: Number(new URL(brief.url).port), host: '127.0.0.1' }).on('error', () => undefined)
    socket.resume().write(sent)
    await once(socket, 'close')
    await brief.stop()
  })
}

test('a request that could be read in two ways is cut off', async () => {
  const answer = await raw(
    `POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  )
  assert.doesNotMatch(answer, /^HTTP\/1\.1 200/)
})

test('a port that is taken is said to be, with the remedy', async () => {
  await assert.rejects(startHttpServer({ ...options, port: port() }), (error) => {
    assert.ok(isAegisError(error, 'http.port-taken'))
    assert.match(error.message, new RegExp(`port: ${port()}.*\\n?Remedy: .*--port`))
    return true
  })
})

test('nothing but the loopback interface is listened on', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
    await assert.rejects(startHttpServer({ ...options, host }), (error) => isAegisError(error, 'http.tls-required'))
  }
})

test('stopping lets a running request end, closes idle connections and takes no more', async () => {
  const own = await startHttpServer(options)
  await (await fetch(`${own.url}/open`)).text() // leaves a connection open
  const came = once(slowRequests, 'came')
  const slow = fetch(`${own.url}/slow`, { headers: bearer })
  const [answerNow]: (() => void)[] = await came
  const stopped = own.stop()
  answerNow?.()
  assert.deepEqual(await (await slow).json(), { slow: true })
  await stopped
  await own.stop()
  await assert.rejects(fetch(`${own.url}/open`))
})

test('it can be reached over IPv6 and by name', async () => {
  for (const host of ['::1', 'localhost']) {
    const own = await startHttpServer({ ...options, host })
    const { status } = await fetch(`${own.url}/closed`, { headers: bearer })
    await own.stop()
    assert.equal(status, 200)
    // Of the addresses that a name stands for, others may have the port at some.
    assert.match(own.url, /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+$/)
  }
})
