/** What counts as being throttled, and what it does. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { json } from '../../testing/athena-server.ts'
import { said, waysOut } from '../../testing/way-out.ts'
import { systemClock } from '../clock/clock.ts'

const { owner, setUp } = await waysOut()

const tooMany = (retryAfter?: () => string) => (response: ServerResponse) =>
  json(response, { error: 'slow down' }, { status: 429, headers: retryAfter ? { 'retry-after': retryAfter() } : {} })
const gateway = (words: string) => (response: ServerResponse) =>
  void response.writeHead(403).end(`<h1>Developer ${words}</h1>`)
const throttles: [string, (response: ServerResponse) => void, pausedMs: number][] = [
  ['429 with Retry-After in seconds', tooMany(() => '30'), 30_000],
  ['429 with Retry-After as a date', tooMany(() => new Date(systemClock.now() + 60_000).toUTCString()), 60_000],
  ['429 without Retry-After', tooMany(), 1_000],
  ['429 with a Retry-After that says nothing', tooMany(() => 'in a while'), 1_000],
  ['429 with Retry-After of nothing', tooMany(() => '0'), 1_000],
  ['429 with a date that has passed', tooMany(() => new Date(systemClock.now() - 60_000).toUTCString()), 1_000],
  ['429 with Retry-After of a whole day', tooMany(() => '86400'), 900_000],
  ["a gateway's 403 Over Qps", gateway('Over Qps'), 1_000],
  ["a gateway's 403 Over Rate", gateway('Over Rate'), 1_000],
]
for (const [title, throttle, pausedMs] of throttles) {
  test(`${title} pauses the app for everybody, for ${pausedMs} ms`, async (t) => {
    const { server, practice, app } = await setUp(t)
    let answeredAt = Number.POSITIVE_INFINITY
    server.answer = (_, response) => {
      answeredAt = systemClock.now()
      throttle(response)
    }
    const cancel = new AbortController()
    const call = practice.patients.get('7', {}, { ...said(), signal: cancel.signal }).catch((error) => error.code)
    let until = 0
    while (until === 0) {
      const [row] = await owner.rows<{ until: number }>(
        `select coalesce(extract(epoch from nullif(paused_until, '-infinity')) * 1000, 0)::float8 as until
         from control.quota_app where app = $1`,
        [app],
      )
      until = row?.until ?? 0
    }
    const requests = server.requests.length
    cancel.abort()
    assert.match(await call, /aborted|throttled/)
    assert.equal(requests, 1)
    // A date is of whole seconds, and a busy machine takes its time to note the pause.
    const paused = until - answeredAt
    assert.ok(paused > pausedMs - 1_100 && paused < pausedMs + 10_000, `${paused} ms`)
  })
}

test('a call that was sent before the last pause ended is no further throttling, whenever its answer comes', async (t) => {
  const { server, practice, app } = await setUp(t)
  const isOver = async () => {
    const over = `select from control.quota_app where app = $1 and paused_until < aegis.now() - interval '100 ms'`
    return (await owner.rows(over, [app])).length > 0
  }
  server.answer = async (_, response) => {
    if (server.requests.length > 1) return json(response, [{ patientid: '7' }])
    // While it is on its way the app is paused, and that passes.
    await owner.rows(
      `update control.quota_app set pauses = 3, margin_ms = 100, margin_at = aegis.now(),
         paused_until = aegis.now() + interval '100 ms' where app = $1`,
      [app],
    )
    let looks = 0
    while (!(await isOver()) && looks < 100_000) looks += 1
    tooMany()(response)
  }
  await practice.patients.get('7', {}, said())
  assert.equal(server.requests.length, 2)
  const learnt = await owner.rows('select margin_ms, pauses from control.quota_app where app = $1', [app])
  assert.deepEqual(learnt, [{ margin_ms: 100, pauses: 3 }])
})

test('a 403 of athenahealth itself is a refusal: it pauses nobody, and the call is not made again', async (t) => {
  const { server, practice, quota, app } = await setUp(t)
  server.answer = (_, response) => json(response, { error: 'Forbidden' }, { status: 403 })
  await assert.rejects(practice.patients.get('7', {}, said()), (error: Error & { code?: string }) => {
    assert.notEqual(error.code, 'throttled')
    return true
  })
  assert.equal(server.requests.length, 1)
  assert.equal((await quota.usage(app)).pausedUntil, undefined)
})
