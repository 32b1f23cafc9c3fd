/** A key server that takes connections and never answers, and its users. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actor, code, settled, until } from '../../testing/key-servers.ts'
import { remoteKeyServers, standingStill } from '../../testing/remote-key-servers.ts'
import { isAegisError } from '../errors/aegis-error.ts'

const { authority, world } = await remoteKeyServers()

test('a key server that takes connections and never answers: the token at hand serves, then a refusal, then it goes on', async (t) => {
  const { user, started, clock, endpoint } = await world(t)
  const way = await standingStill(t, Number(new URL(started.at).port))
  const { tokens } = user({ url: way.url, tls: authority.identity('worker') }, {}, clock)
  assert.equal((await tokens.get()).value, 'canary-token-1')
  way.mute(true)
  /** What becomes of a call, for which the clock goes on as far as it has to. */
  const called = async (leastMs: number) => {
    let ended = false
    const begun = clock.now()
    const call = tokens.get().finally(() => (ended = true))
    call.catch(() => undefined)
    for (let steps = 0; steps < 400 && !ended; steps++) {
      await clock.advance(ended ? 0 : 500)
      await settled()
    }
    assert.ok(clock.now() - begun <= leastMs + 1_000, `${clock.now() - begun} ms`)
    return call
  }
  for (let minute = 0; minute < 57; minute++) {
    await clock.advance(60_000 - 1_500)
    assert.equal((await called(1_500)).value, 'canary-token-1')
  }
  assert.equal(tokens.standing()?.error.code, 'key-server.unreachable')
  await clock.advance(300_000)
  // Whoever waits is a person perhaps.
  await assert.rejects(called(4_000), code('key-server.unreachable'))
  await assert.rejects(called(0), code('key-server.unreachable'), 'those who come next are told at once')
  way.mute(false)
  await clock.advance(2_000)
  assert.equal((await tokens.get()).value, 'canary-token-2')
  assert.equal(tokens.standing(), undefined)
  assert.equal(endpoint.requests.length, 2)
})

test('a key server that is known not to answer is waited for by nobody who has a good token, and asked all the same', async (t) => {
  const { user, started, clock, desk } = await world(t)
  const way = await standingStill(t, Number(new URL(started.at).port))
  const { tokens } = user({ url: way.url, tls: authority.identity('worker') }, {}, clock)
  const first = await tokens.get()
  way.mute(true)
  await clock.advance(4_000)
  const call = tokens.get()
  await settled()
  await clock.advance(1_000)
  assert.equal((await call).value, first.value, 'the first one finds it out')
  for (let calls = 0; calls < 3; calls++) {
    await clock.advance(9_000)
    const got = await Promise.race([tokens.get(), settled()])
    assert.equal(got?.value, first.value, 'without any time going by')
  }
  way.mute(false)
  await desk.revoke({ actor })
  await clock.advance(4_000)
  await until(() =>
    tokens.get().then(
      () => false,
      (error) => isAegisError(error, 'key-server.credential-missing'),
    ),
  )
})

test('a process that stood still while the key server was away asks before it hands out the token it had', async (t) => {
  const { user, started, clock, desk } = await world(t)
  const way = await standingStill(t, Number(new URL(started.at).port))
  const { tokens } = user({ url: way.url, tls: authority.identity('worker') }, {}, clock)
  await tokens.get()
  way.mute(true)
  await clock.advance(4_000)
  const call = tokens.get()
  await settled()
  await clock.advance(1_000)
  await call
  way.mute(false)
  await desk.revoke({ actor })
  await clock.advance(600_000)
  await assert.rejects(tokens.get(), code('key-server.credential-missing'))
})

test('whoever has a good token neither waits for nor fails with a question about a newer one', async (t) => {
  const { user, started, clock } = await world(t)
  const way = await standingStill(t, Number(new URL(started.at).port))
  const { tokens } = user({ url: way.url, tls: authority.identity('worker') }, {}, clock)
  const { generation } = await tokens.get()
  await clock.advance(4_000)
  way.mute(true)
  const newer = assert.rejects(tokens.get({ newerThan: generation }), code('key-server.unreachable'))
  let got: string | undefined
  const call = tokens.get().then(({ value }) => (got = value))
  for (let steps = 0; steps < 3; steps++) {
    await clock.advance(500)
    await settled()
  }
  assert.equal(got, 'canary-token-1')
  for (let steps = 0; steps < 60; steps++) {
    await clock.advance(500)
    await settled()
  }
  await Promise.all([newer, call])
})
