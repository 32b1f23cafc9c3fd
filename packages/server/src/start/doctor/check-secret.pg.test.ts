/** The secret that the configuration names beside those that are stored. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../../testing/memory-log.ts'
import { scratchDatabase } from '../../../testing/scratch-database.ts'
import { testAuthority } from '../../../testing/test-certificates.ts'
import { createAudit } from '../../audit/audit.ts'
import { systemClock as clock } from '../../clock/clock.ts'
import { systemRandom as random } from '../../clock/random.ts'
import type { AegisConfig } from '../../config/aegis-config.ts'
import { Secret } from '../../config/secret.ts'
import type { KeyDesk } from '../../key-server/key-desk.ts'
import { createKeyServer } from '../../key-server/key-server.ts'
import { noSealing } from '../../sealing/no-sealing.ts'
import { openKek } from '../../sealing/open-kek.ts'
import { checkSecret } from './check-secret.ts'

const app = { environment: 'local', clientId: 'clinic' } as const
const actor = { kind: 'operator', id: 'test' } as const

async function stored(t: TestContext) {
  const { db } = await scratchDatabase(t)
  const directory = mkdtempSync(join(tmpdir(), 'doctor-secret-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const kek = await openKek({ db, random }, { directory, purpose: 'credentials' })
  t.after(() => kek.close())
  const audit = createAudit({ db, sealing: noSealing, clock, random })
  t.after(() => audit.stop())
  const fetch = () => assert.fail('nothing is sent')
  const server = createKeyServer({ db, kek, audit, clock, random, log: silentLog, fetch })
  t.after(() => server.stop())
  const look = async (config: Pick<AegisConfig, 'vault'> & { secret?: Secret }) => {
    const { secret, vault } = config
    const athena = { clientId: app.clientId, ...(secret && { secret }) }
    // Nothing else of it is read here.
    const given = {
      environment: app.environment,
      athena,
      ...(vault && { vault }),
      demo: false,
    } as unknown as AegisConfig
    const findings = await checkSecret({ db, kek, log: silentLog }, given)
    assert.doesNotMatch(JSON.stringify(findings), /canary/)
    return findings.map(({ level, message, remedy }) => `${level}: ${message}${remedy ? ` → ${remedy}` : ''}`)
  }
  return { desk: server.desk(app), look }
}

const give = (desk: KeyDesk, secret: string, first = false) =>
  desk.add({ from: { content: Buffer.from(secret) }, actor, first })

const cases: readonly [what: string, before: (desk: KeyDesk) => Promise<unknown>, says: RegExp][] = [
  ['nothing is stored yet', async () => undefined, /^ok: .* is not stored yet; the next start does that$/],
  ['it is the one that is used', (desk) => give(desk, 'canary-file'), /^ok: .* is credential 1, which is used$/],
  [
    'another one is stored',
    (desk) => give(desk, 'canary-other'),
    /^warning: .* is none of the credentials that are stored: credential 1 is used\. → Start the key server/,
  ],
  [
    'another one was put before it',
    async (desk) => {
      await give(desk, 'canary-file')
      await give(desk, 'canary-other', true)
    },
    /^warning: .* is credential 1, which is stored behind another; credential 2 is used\. → Put the one that is used/,
  ],
  [
    'it has expired',
    async (desk) => {
      await desk.add({ from: { content: Buffer.from('canary-file') }, actor, expiresAt: clock.now() + 1_500 })
      await clock.sleep(1_600)
      await give(desk, 'canary-other')
    },
    /^warning: .* is credential 1, which has expired; credential 2 is used\. → Put the one that is used/,
  ],
  [
    'it was revoked',
    async (desk) => {
      await give(desk, 'canary-file')
      await desk.revoke({ number: 1, actor })
    },
    /^failure: .* is credential 1, which was revoked and is not taken up again; no credential is used\. → Put the one/,
  ],
]
for (const [what, before, says] of cases) {
  test(`the secret of the configuration, where ${what}`, async (t) => {
    const { desk, look } = await stored(t)
    await before(desk)
    const [finding, ...more] = await look({ secret: new Secret('canary-file') })
    assert.deepEqual(more, [])
    assert.match(finding ?? '', says)
  })
}

test('without a secret in the configuration there is nothing to compare', async (t) => {
  const { look } = await stored(t)
  assert.deepEqual(await look({}), [])
})

/** A vault that answers so, and of its token with `life`. */
async function aVault(t: TestContext, answer: { status: number; body?: object }, life?: object) {
  const server = createServer((request, response) => {
    const isLife = request.url?.endsWith('/lookup-self')
    const { status, body = {} } = isLife ? { status: life ? 200 : 403, body: { data: life } } : answer
    response.writeHead(status).end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => once(server.close(), 'close'))
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  const url = `http://127.0.0.1:${address.port}`
  const place = { url, mount: 'secret', path: 'athena', field: 'client_secret', login: { token: () => 's.canary' } }
  return { place, refreshMs: 300_000 }
}

const endless = 'ok: What this host logs in to the vault with, and its authority, serve without an end'

for (const [what, answer, says] of [
  [
    'holds the one that is used',
    { status: 200, body: { data: { data: { client_secret: 'canary-file' } } } },
    /^ok: What the vault holds is credential 1, which is used$/,
  ],
  [
    'holds another one',
    { status: 200, body: { data: { data: { client_secret: 'canary-new' } } } },
    /^warning: What the vault holds is none of the .* → A running instance takes it up within vault.refresh/,
  ],
  [
    'holds what is no secret',
    { status: 200, body: { data: { data: { client_secret: 'a\u0000b' } } } },
    /^failure: .*key-server\.secret-invalid/,
  ],
  [
    'refuses',
    { status: 403 },
    /^failure: The vault gives no secret .*key-server\.vault-refused\) → Check that the entry/,
  ],
  ['is sealed', { status: 503 }, /^failure: The vault does not answer .*vault-unreachable\) → Start or unseal it/],
] as const) {
  test(`a vault that ${what} is told`, async (t) => {
    const { desk, look } = await stored(t)
    await give(desk, 'canary-file')
    const [finding, ...more] = await look({ vault: await aVault(t, answer, { ttl: 0 }) })
    assert.deepEqual(more, answer.status === 200 ? [endless] : [])
    assert.match(finding ?? '', says)
  })
}

const day = 86_400
for (const [what, life, says] of [
  ['for long', { ttl: 90.5 * day, creation_ttl: 365 * day }, /^ok: What this host logs in .* serve for 90 days$/],
  [
    'for some days',
    { ttl: 9.5 * day, creation_ttl: 365 * day },
    /^warning: The token .* expires in 9 days; .* → Put a/,
  ],
  [
    'for a day',
    { ttl: day, creation_ttl: 365 * day },
    /^failure: The token .*vault-login-expiring\) → Put a new token/,
  ],
  ['for who knows how long', undefined, /^skipped: How long .* is not known: its policy does not let it look/],
] as const) {
  test(`a vault whose token serves ${what} is told`, async (t) => {
    const { desk, look } = await stored(t)
    await give(desk, 'canary-file')
    const holding = { status: 200, body: { data: { data: { client_secret: 'canary-file' } } } }
    const [, finding, ...more] = await look({ vault: await aVault(t, holding, life) })
    assert.deepEqual(more, [])
    assert.match(finding ?? '', says)
  })
}

test('of a vault that is not believed since its authority has ended, that is told beside it', async (t) => {
  const { look } = await stored(t)
  const { place, refreshMs } = await aVault(t, { status: 503 })
  const { ca } = testAuthority('ended', '260101')
  const findings = await look({ vault: { place: { ...place, ca: () => ca }, refreshMs } })
  assert.equal(findings.length, 2)
  assert.match(findings[1] ?? '', /^failure: The authority's certificate of vault\.caFile has expired.* → Put the/)
})
