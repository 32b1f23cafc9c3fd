import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { asStranger } from '../../../testing/as-stranger.ts'
import { homeAt, prepareHome } from '../../ops/home.ts'
import { noteTokenRequest } from './note-token-request.ts'

const folder = mkdtempSync(join(tmpdir(), 'asked-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const refused = { code: 'key-server.token-unavailable', detail: { reason: 'requests-per-minute' } }
const start = 1_000_000
const temporary = folder

test('of five requests a minute four are let go, and further ones as the minute passes', () => {
  const home = prepareHome(join(folder, 'five'))
  const note = (now: number) => noteTokenRequest(home, { now, perMinute: 5, temporary })
  for (const at of [0, 10_000, 20_000, 30_000]) note(start + at)
  assert.throws(() => note(start + 59_999), refused)
  note(start + 60_000)
  assert.throws(() => note(start + 60_001), refused)
  assert.equal(statSync(join(home.run, 'doctor-asked.json')).mode & 0o777, 0o600)
})

test('one is let go where no more are allowed, where the clock was set back, and beside a damaged note', () => {
  const home = prepareHome(join(folder, 'one'))
  const note = (now: number) => noteTokenRequest(home, { now, perMinute: 1, temporary })
  note(start)
  assert.throws(() => note(start), refused)
  note(start - 3_600_000)
  writeFileSync(join(home.run, 'doctor-asked.json'), '{')
  note(start - 3_600_000)
})

/** A place for the notes of those without a home. */
function aTemporary(): string {
  return mkdtempSync(join(folder, 'temporary-'))
}

test('no home is made for it: the note is kept apart, for this user alone', () => {
  const home = homeAt(join(folder, 'none'))
  const temporary = aTemporary()
  const note = (now: number) => noteTokenRequest(home, { now, perMinute: 3, temporary })
  note(start)
  note(start + 1)
  assert.throws(() => note(start + 2), refused)
  assert.equal(existsSync(home.path), false)
  const [own = ''] = readdirSync(temporary)
  const [name = ''] = readdirSync(join(temporary, own))
  assert.equal(statSync(join(temporary, own)).mode & 0o777, 0o700)
  assert.equal(statSync(join(temporary, own, name)).mode & 0o777, 0o600)
  noteTokenRequest(homeAt(join(folder, 'another')), { now: start + 2, perMinute: 3, temporary })
})

test('a place of the notes that others can get at is not written to, and no token is asked for', () => {
  const home = homeAt(join(folder, 'none'))
  const temporary = aTemporary()
  noteTokenRequest(home, { now: start, perMinute: 3, temporary })
  const [own = ''] = readdirSync(temporary)
  chmodSync(join(temporary, own), 0o777)
  assert.throws(() => noteTokenRequest(home, { now: start, perMinute: 3, temporary }), { code: 'ops.home-unusable' })
})

test('what cannot be noted in a home that is there is not asked for', async () => {
  const shut = join(folder, 'shut')
  mkdirSync(shut)
  const home = prepareHome(join(shut, 'home'))
  const call = { module: new URL('note-token-request.ts', import.meta.url), name: 'noteTokenRequest' }
  const args = [home, { now: start, perMinute: 3, temporary: '/tmp' }]
  await assert.rejects(asStranger(shut, { ...call, args }), /ops\.home-unusable/)
})
