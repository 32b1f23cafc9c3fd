/** What a program learns from `aegis doctor` without reading it: its exit code, from the real program. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Examination } from '@aegis/server'
import { type Simulator, startSimulator } from '@aegis/simulator'
import { runAegis } from '../testing/run-aegis.ts'

const cwd = mkdtempSync(join(tmpdir(), 'doctor-cli-'))
const [practice, secretFile] = [195900, join(cwd, 'secret')]

let simulator: Simulator
before(async () => {
  const app = { clientId: 'clinic', secret: 'canary-secret-one', practices: [practice] }
  const practices = [{ id: practice, patients: 5 }]
  simulator = await startSimulator({ practices, apps: [app], limits: 'production', startAt: Date.now() })
  writeFileSync(secretFile, 'canary-secret-one\n')
  // Its group may read it: worth a warning.
  chmodSync(secretFile, 0o640)
})
after(async () => {
  await simulator.stop()
  rmSync(cwd, { recursive: true, force: true, maxRetries: 5 })
})

/** The exit code, and whether there were warnings and failures. */
async function examined(practices: readonly number[]) {
  const athena = { clientId: 'clinic', secretFile, baseUrl: simulator.url }
  const home = join(cwd, 'home')
  const config = { environment: 'local', practices, home, athena, policy: { offHours: 'always' } }
  writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(config))
  const { code, out, err } = await runAegis(['doctor', '--json'], { cwd, env: { TMPDIR: cwd } }).ended
  assert.equal(err, '')
  const { findings }: Examination = JSON.parse(out)
  const levels = new Set(findings.map(({ level }) => level))
  return { code, warned: levels.has('warning'), failed: levels.has('failure') }
}

test('with warnings and no failure it ends with 0', async () => {
  assert.deepEqual(await examined([practice]), { code: 0, warned: true, failed: false })
})

test('with a failure it ends with 1', async () => {
  assert.deepEqual(await examined([practice, 42]), { code: 1, warned: true, failed: true })
})
