/** The path of data from athenahealth into the mirror, and everything that may go wrong on it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain, endSubscription, liveThrough } from '../../testing/practice-life.ts'
import { AegisError } from '../errors/aegis-error.ts'

test('a practice is mirrored from nothing and then kept equal to the truth', async (t) => {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  assert.deepEqual(
    (await mirrored.states()).map((row) => row.failure_code),
    [null, null, null, null, null],
  )
  await assertEqualsTruth(mirrored)
  liveThrough(mirrored)
  await mirrored.run(2)
  await assertEqualsTruth(mirrored)
})

/** Each fault strikes once, after the practice has changed; `heal` mends what does not heal by time. */
const faults: readonly [
  title: string,
  strike: (mirrored: MirroredPractice) => void,
  heal?: (mirrored: MirroredPractice) => void,
][] = [
  ['the token is revoked', ({ simulator }) => simulator.truth.revokeTokens()],
  [
    'athenahealth throttles with 429',
    (mirrored) => {
      let refusals = 5
      mirrored.fetch = async (url, init, call) =>
        call.consuming && refusals-- > 0
          ? new Response('{"error":"slow down"}', { status: 429, headers: { 'retry-after': '2' } })
          : mirrored.toSimulator(url, init, call)
    },
  ],
  [
    'the page is cut off',
    (mirrored) => breakDrain(mirrored, async (response) => new Response((await response.text()).slice(0, 200))),
  ],
  ['the page is HTML', (mirrored) => breakDrain(mirrored, () => new Response('<html>busy</html>', { status: 502 }))],
  [
    'the connection breaks after athenahealth has answered',
    (mirrored) =>
      breakDrain(mirrored, () => {
        throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })
      }),
  ],
  ['the page comes twice', repeatPage],
  [
    "the day's quota is gone until midnight GMT",
    (mirrored) => {
      const midnight = Date.UTC(2026, 2, 3)
      mirrored.fetch = (url, init, call) => {
        if (mirrored.deps.clock.now() >= midnight) return mirrored.toSimulator(url, init, call)
        throw new AegisError('quota.day-exhausted', { until: midnight })
      }
    },
    (mirrored) => mirrored.simulator.clock.jumpTo(Date.UTC(2026, 2, 3)),
  ],
  ['the subscription is lost', (mirrored) => void endSubscription(mirrored, 'appointments')],
]

function repeatPage(mirrored: MirroredPractice): void {
  let text: string | undefined
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || call.route !== '/appointments/changed') return response
    const body = await response.text()
    const answer = new Response(text ?? body, response)
    if (text === undefined && !body.includes('"totalcount":0')) text = body
    else text = ''
    return text === '' ? new Response(body, response) : answer
  }
}

for (const [title, strike, heal] of faults) {
  test(`nothing is lost when ${title}`, async (t) => {
    const mirrored = await mirroredPractice(t)
    await mirrored.bringUp()
    liveThrough(mirrored)
    strike(mirrored)
    await mirrored.run(2)
    heal?.(mirrored)
    await mirrored.run(6)
    assert.deepEqual(await mirrored.gaps(), [])
    await assertEqualsTruth(mirrored)
  })
}
