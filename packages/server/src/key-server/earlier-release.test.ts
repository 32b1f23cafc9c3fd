/** A database on which the release before several credentials stored a secret and a token. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { code } from '../../testing/key-servers.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { tokenEndpoint } from '../../testing/token-endpoint.ts'
import { createAudit } from '../audit/audit.ts'
import { systemClock } from '../clock/clock.ts'
import { systemRandom as random } from '../clock/random.ts'
import { migrate } from '../db/migrate.ts'
import { migrationsDirectory } from '../db/migration-files.ts'
import { noSealing } from '../sealing/no-sealing.ts'
import { openKek } from '../sealing/open-kek.ts'
import { sealSingle } from '../sealing/single-value.ts'
import { createKeyServer } from './key-server.ts'
import { Secret } from './secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'aegis-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const { db, owner, ownerUrl } = await scratchDatabase()
const kek = await openKek({ db, random }, { directory: folder, purpose: 'credentials' })
const scope = 'athena/service/Athenanet.MDP.*'
const actor = { kind: 'operator', id: 'ann' } as const

/** Puts the tables back to where that release left them. */
async function goBack(): Promise<void> {
  await owner.rows(
    'drop table control.token_request, control.access_token, control.credential_holder, control.credential, control.app',
  )
  await owner.rows(readFileSync(join(migrationsDirectory, '0040_key_server_credentials.sql'), 'utf8'))
  await owner.rows(`delete from control.migration where number in (41, 97)`)
}

test('what an earlier release stored serves on, and once revoked it is not taken up again', async (t) => {
  const endpoint = await tokenEndpoint(manualClock())
  t.after(() => endpoint.close())
  await goBack()
  const { baseUrl } = endpoint
  const seal = (at: Parameters<typeof sealSingle>[1], text: string) =>
    sealSingle({ kek, random }, at, Buffer.from(text))
  const app = { environment: 'local', clientId: 'clinic' } as const
  const secret = await seal(
    { table: 'control.credential', column: 'sealed_secret', row: ['local', 'clinic', '3'] },
    'canary-old',
  )
  const tokenRow = ['local', 'clinic', baseUrl, scope, '7']
  const token = await seal({ table: 'control.access_token', column: 'sealed_token', row: tokenRow }, 'token-old')
  await owner.rows(
    `insert into control.credential (environment, client_id, version, sealed_secret, added_at)
     values ('local', 'clinic', 3, $1, now())`,
    [secret],
  )
  await owner.rows(
    `insert into control.credential (environment, client_id, version, sealed_secret, added_at, revoked_at)
     values ('local', 'former', 1, null, now(), now())`,
  )
  await owner.rows(
    `insert into control.access_token
       (environment, client_id, base_url, scope, generation, sealed_token, expires_at, refresh_at, usable_until)
     values ('local', 'clinic', $1, $2, 7, $3, now() + interval '1 h', now() + interval '50 min', now() + interval '59 min')`,
    [baseUrl, scope, token],
  )
  assert.deepEqual(await migrate({ ownerUrl, log: silentLog }), { applied: 2 })

  const audit = createAudit({ db, sealing: noSealing, clock: systemClock, random })
  const { fetch } = endpoint
  const server = createKeyServer({ db, kek, audit, clock: systemClock, random, log: silentLog, fetch })
  t.after(async () => {
    await server.stop()
    await audit.stop()
  })
  const tokens = server.tokenSource({ credential: app, environment: 'local', baseUrl })
  const desk = server.desk(app)
  assert.equal((await tokens.get()).value, 'token-old')
  const material = Secret.fromBytes(Buffer.from('canary-old'))
  assert.equal(await server.offerCredential(app, { material, origin: 'configuration' }), 'unchanged')
  const newer = await tokens.get({ newerThan: 7 })
  assert.deepEqual([newer.value, newer.generation, endpoint.requests[0]?.secret], ['canary-token-1', 8, 'canary-old'])
  const former = server.desk({ environment: 'local', clientId: 'former' })
  assert.deepEqual(
    (await former.list()).map(({ state }) => state),
    ['revoked'],
  )

  const { number } = (await desk.rotate({ from: { content: Buffer.from('new') }, actor })).credential
  assert.equal(number, 4)
  await owner.rows(`update control.access_token set credential = null`)
  assert.deepEqual(await desk.revoke({ number: 3, actor }), [3])
  assert.equal((await tokens.get()).value, 'canary-token-2')
  await assert.rejects(
    desk.add({ from: { content: Buffer.from('canary-old') }, actor }),
    code('key-server.credential-spent'),
  )
})
