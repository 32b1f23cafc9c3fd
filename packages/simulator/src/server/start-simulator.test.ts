import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { tinyParts } from '../../testing/tiny-practice.ts'
import { demoCredential, noon, read, tinySimulator, tokenRequest } from '../../testing/tiny-simulator.ts'
import { startWith } from './start-simulator.ts'

test('the same requests get the same answers over a socket and in process', async (t) => {
  const simulator = await tinySimulator(t)
  const Authorization = `Bearer ${await simulator.token()}`
  const form = new URLSearchParams({ departmentid: '1', firstname: 'Ann & Béa' })
  const requests: [string, RequestInit][] = [
    ['/v1/195900/patients/2', {}],
    ['/v1/195900/departments?limit=1', {}],
    ['/v1/195900/patients/1', { method: 'PUT', body: form }],
    ['/v1/195900/nothing', {}],
    ['/v1/42/patients/1', {}],
  ]
  for (const [path, init] of requests) {
    const answers = []
    for (const fetch of [globalThis.fetch, simulator.fetch]) {
      const { status, headers, text } = await read(
        await fetch(`${simulator.url}${path}`, { ...init, headers: { Authorization } }),
      )
      answers.push({ status, text, type: headers.get('content-type'), date: headers.get('date') })
    }
    assert.deepEqual(answers[0], answers[1], path)
  }
  const numbers = simulator.truth.requests().requests.map(({ status }) => status)
  assert.deepEqual(numbers, [200, 200, 200, 200, 200, 200, 200, 404, 404, 404, 404])
})

test('both ways share one limit', async (t) => {
  const simulator = await tinySimulator(t, { limits: { perSecond: 1, perDay: 9, tokensPerMinute: 1 } })
  const init = { headers: { Authorization: `Bearer ${await simulator.token()}` } }
  assert.equal((await read(await fetch(`${simulator.url}/v1/195900/departments`, init))).status, 200)
  assert.equal((await read(await simulator.fetch(`${simulator.url}/v1/195900/departments`, init))).status, 429)
})

test('in process any host stands for the simulator', async (t) => {
  const simulator = await tinySimulator(t)
  const url = 'https://api.preview.platform.athenahealth.com/oauth2/v1/token'
  assert.equal((await read(await simulator.fetch(url, tokenRequest(demoCredential)))).status, 200)
})

test('an aborted request rejects', async (t) => {
  const simulator = await tinySimulator(t)
  const before = simulator.truth.requests().totals.requests
  await assert.rejects(simulator.fetch(`${simulator.url}/`, { signal: AbortSignal.abort() }), { name: 'AbortError' })
  assert.equal(simulator.truth.requests().totals.requests, before, 'it was never made')
  const controller = new AbortController()
  const late = simulator.fetch(`${simulator.url}/`, { signal: controller.signal })
  controller.abort(new Error('too late'))
  await assert.rejects(late, /too late/)
})

test('it stops at once with a connection open and a request half sent, and a second time does nothing', async () => {
  const simulator = await startWith(tinyParts(), { day: true })
  const { hostname, port } = new URL(simulator.url)
  const socket = connect(Number(port), hostname)
  socket.write('POST /oauth2/v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngrant_type=')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  await read(await fetch(simulator.url))
  await simulator.stop()
  await simulator.stop()
  await closed
  await assert.rejects(fetch(simulator.url))
})

test('a taken port is an error that says so', async (t) => {
  const { url } = await tinySimulator(t)
  await assert.rejects(startWith(tinyParts(), { port: Number(new URL(url).port) }), { code: 'EADDRINUSE' })
})

test('options that make no sense are refused by name', async () => {
  for (const [options, message] of [
    [{ practices: [0] }, /practices/],
    [{ practices: [7, { id: 7, patients: 5 }] }, /twice/],
    [{ practices: [{ id: 7, scheduling: { minHours: -1 } }] }, /practices: scheduling.minHours.+\(7\)/],
    [{ seed: 0.5 }, /seed/],
    [{ retentionMs: -1 }, /retentionMs/],
    [{ speed: Number.NaN }, /speed/],
    [{ startAt: Number.NaN }, /startAt/],
    [
      {
        apps: [
          { clientId: 'a', secret: 'b' },
          { clientId: 'a', secret: 'c' },
        ],
      },
      /client id/,
    ],
  ] as const) {
    await assert.rejects(startWith(tinyParts(), options), message)
  }
})

test('a practice is made with its own rules for scheduling, the others with the defaults', async (t) => {
  const parts = tinyParts()
  const made: unknown[] = []
  const createPractice: typeof parts.createPractice = (options) => {
    made.push([options.id, options.scheduling.minHours, options.scheduling.maxDays])
    return parts.createPractice(options)
  }
  const practices = [7, { id: 8, scheduling: { minHours: 0 } }]
  const simulator = await startWith({ ...parts, createPractice }, { practices })
  t.after(() => simulator.stop())
  assert.deepEqual(made, [
    [7, 24, 90],
    [8, 0, 90],
  ])
})

test('a word that is none is refused with those there are', async () => {
  const given = {
    throttle: 'text',
    fallBackHour: 'last',
    expiresIn: 'text',
    tokenFormat: 'JWT',
    scopeForms: 'all',
    encoding: '',
  }
  for (const [name, word] of Object.entries(given)) {
    await assert.rejects(startWith(tinyParts(), { [name]: word }), new RegExp(`^TypeError: ${name}: give .+ or .+`))
  }
})

test('the day runs, pauses and resumes with the virtual clock', async (t) => {
  const { clock, practice, days } = await tinySimulator(t, { day: true })
  const booked = () => [...practice.ids('appointments')].length
  clock.advance(5 * 60_000)
  assert.equal(booked(), 5)
  days.pause()
  clock.advance(60 * 60_000)
  assert.equal(booked(), 5)
  days.resume()
  clock.advance(60_000)
  assert.equal(booked(), 6)
  assert.equal(clock.now(), noon + 66 * 60_000)
})

test('a body larger than the simulator reads is refused without being kept', async (t) => {
  const { url } = await tinySimulator(t)
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/195900/patients/1`, { method: 'PUT' }, (response) => resolve(response.statusCode))
    sent.on('error', reject)
    const piece = Buffer.alloc(1024 * 1024, 'a')
    const send = () => {
      while (!sent.destroyed && sent.write(piece));
      sent.once('drain', send)
    }
    send()
  }).catch((error: NodeJS.ErrnoException) => error.code)
  assert.ok(status === 413 || status === 'ECONNRESET' || status === 'EPIPE', String(status))
})
