import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSimulator } from '@aegis/simulator'
import pg from 'pg'
import { silentLog } from '../../testing/memory-log.ts'
import { systemClock } from '../clock/clock.ts'
import { loadConfig } from '../config.ts'
import { clientConfig } from '../db/database-login.ts'
import { startEmbedded } from '../db/embedded-postgres.ts'
import { startAegis } from '../main.ts'

test('a start that finds its port taken has decided nothing for the others on the database', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'port-'))
  const at = { dataDir: join(folder, 'postgres'), runDir: join(folder, 'run') }
  const database = await startEmbedded({ ...at, log: silentLog, clock: systemClock })
  const { ownerUrl } = database
  const both = [195900, 195901]
  const simulator = await startSimulator({
    practices: both.map((id) => ({ id, patients: 5 })),
    apps: [{ clientId: 'clinic', secret: 'a-secret-of-the-app', practices: both }],
    limits: 'production',
  })
  const secretFile = join(folder, 'secret')
  writeFileSync(secretFile, 'a-secret-of-the-app\n', { mode: 0o600 })
  const configured = (practices: number[], port: number) => {
    const settings = {
      environment: 'local',
      clock: 'simulator',
      practices,
      home: join(folder, 'home'),
      http: { port },
      athena: { clientId: 'clinic', secretFile, baseUrl: simulator.url },
      policy: { offHours: 'always' },
    }
    const configFile = join(folder, 'aegis.yaml')
    writeFileSync(configFile, JSON.stringify(settings))
    return loadConfig({ env: { DATABASE_URL: ownerUrl }, cwd: folder, argvOverrides: { configFile } }).config
  }
  const taken = createServer()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  context.after(async () => {
    taken.close()
    await simulator.stop()
    await database.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const mirrored = async () => {
    const client = new pg.Client(clientConfig({ url: ownerUrl }))
    await client.connect()
    const { rows } = await client.query('select practice_id from control.practice where removed_at is null')
    await client.end()
    return rows
  }

  await (await startAegis(configured([195900], 0), { log: silentLog })).stop()
  assert.deepEqual(await mirrored(), [{ practice_id: 195900 }])
  const bound = taken.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  await assert.rejects(startAegis(configured([195901], port), { log: silentLog }), { code: 'http.port-taken' })
  assert.deepEqual(await mirrored(), [{ practice_id: 195900 }])
})
