import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { homeAt, prepareHome } from '../../ops/home.ts'
import { noteTokenRequest } from './note-token-request.ts'

const folder = mkdtempSync(join(tmpdir(), 'asked-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const refused = { code: 'key-server.token-unavailable', detail: { reason: 'requests-per-minute' } }
const start = 1_000_000

test('of five requests a minute four are let go, and further ones as the minute passes', () => {
  const home = prepareHome(join(folder, 'five'))
  const note = (now: number) => noteTokenRequest(home, { now, perMinute: 5 })
  for (const at of [0, 10_000, 20_000, 30_000]) note(start + at)
  assert.throws(() => note(start + 59_999), refused)
  note(start + 60_000)
  assert.throws(() => note(start + 60_001), refused)
  assert.equal(statSync(join(home.run, 'doctor-asked.json')).mode & 0o777, 0o600)
})

test('one is let go where no more are allowed, where the clock was set back, and beside a damaged note', () => {
  const home = prepareHome(join(folder, 'one'))
  const note = (now: number) => noteTokenRequest(home, { now, perMinute: 1 })
  note(start)
  assert.throws(() => note(start), refused)
  note(start - 3_600_000)
  writeFileSync(join(home.run, 'doctor-asked.json'), '{')
  note(start - 3_600_000)
})

test('no home is made for it', () => {
  const home = homeAt(join(folder, 'none'))
  noteTokenRequest(home, { now: start, perMinute: 1 })
  assert.equal(existsSync(home.path), false)
})
