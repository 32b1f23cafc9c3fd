/** Processes of the operating system, each with its own memory and connections, that all begin without a token. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import type { TokenAskers } from '../../testing/ask-for-tokens.ts'
import { silentLog as log } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { tokenEndpoint } from '../../testing/token-endpoint.ts'
import { createAudit } from '../audit/audit.ts'
import { systemClock as clock } from '../clock/clock.ts'
import { systemRandom as random } from '../clock/random.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createKeyServer } from './key-server.ts'
import { Secret } from './secret.ts'

const program = join(import.meta.dirname, '../../testing/ask-for-tokens.ts')

function started(t: TestContext, given: TokenAskers) {
  const child = spawn(process.execPath, ['--conditions=aegis-source', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  child.stdin.write(`${JSON.stringify(given)}\n`)
  return { line, go: () => child.stdin.end('go\n'), closed }
}

test('800 cold callers in four processes of the operating system cost one token request', async (t) => {
  const keys = mkdtempSync(join(tmpdir(), 'aegis-four-'))
  t.after(() => rmSync(keys, { recursive: true, force: true }))
  const { db, logins } = await scratchDatabase(t)
  const { baseUrl, requests, fetch, close } = await tokenEndpoint(clock)
  t.after(close)
  const kek = await openKek({ db, random }, { directory: keys, purpose: 'credentials' })
  const audit = createAudit({ db, sealing: noSealing, clock, random })
  const server = createKeyServer({ db, kek, audit, clock, random, log, fetch })
  t.after(async () => {
    await server.stop()
    await audit.stop()
    kek.close()
  })
  const credential = { environment: 'local', clientId: 'clinic' } as const
  const material = Secret.fromBytes(Buffer.from('canary'))
  await server.offerCredential(credential, { material, origin: 'configuration' })
  const given = { logins, keys, clientId: 'clinic', baseUrl, callers: 200 }
  const processes = Array.from({ length: 4 }, () => started(t, given))
  for (const { line } of processes) assert.equal(await line(), 'ready')
  for (const { go } of processes) go()
  const got: unknown[] = []
  for (const { line } of processes) got.push(...(JSON.parse(await line()) as unknown[]))
  assert.deepEqual([got.length, new Set(got), requests.length], [800, new Set([1]), 1])
  for (const { closed } of processes) assert.deepEqual(await closed, [0, null])
})
