import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tinySimulator } from '../../testing/tiny-simulator.ts'

test('what an app chose is kept over a restart, also after the app was registered anew', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'encoding-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const journal = join(folder, 'world.db')
  const setting = '/v1/195900/misc/properjsonencoding'
  const first = await tinySimulator(t, { journal })
  await first.call(setting, { method: 'DELETE' })
  await first.stop()

  const again = await tinySimulator(t, { journal })
  assert.equal((await again.call('/v1/195900/departments')).body.departments?.[0]?.ishospitaldepartment, 'false')
  again.apps.remove('demo-client')
  again.apps.add({ clientId: 'demo-client', secret: 'another' })
  const token = await again.token('demo-client:another')
  assert.equal(
    (await again.call('/v1/195900/departments', { token })).body.departments?.[0]?.ishospitaldepartment,
    'false',
  )
  await again.call(setting, { method: 'POST', token })
  await again.stop()

  const last = await tinySimulator(t, { journal })
  assert.equal((await last.call('/v1/195900/departments')).body.departments?.[0]?.ishospitaldepartment, false)
})
