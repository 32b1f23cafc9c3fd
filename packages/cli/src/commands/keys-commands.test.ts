import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { AegisError, type CredentialReport, type KeysReport } from '@aegis/server'
import { type StubInstance, stubInstance } from '../../testing/stub-instance.ts'
import { testTerminal } from '../../testing/test-terminal.ts'
import { runCli } from '../cli.ts'
import type { Programs } from '../programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
writeFileSync(join(folder, 'secret'), 'canary-secret\n', { mode: 0o600 })
writeFileSync(join(folder, 'open'), 'canary-secret\n', { mode: 0o644 })

const programs: Programs = {
  startAegis: () => assert.fail('nothing is to be started'),
  openKeys: () => assert.fail('nothing is to be opened'),
  startSimulator: () => assert.fail('nothing is to be started'),
}

function credential(changes: Partial<CredentialReport> = {}): CredentialReport {
  const none = {
    kid: null,
    alg: null,
    audience: null,
    usedFrom: null,
    expiresAt: null,
    revokedAt: null,
    refusedAt: null,
    endsAfter: null,
  }
  const addedAt = '2026-11-26T18:00:00.000Z'
  return {
    number: 1,
    kind: 'secret',
    origin: 'operator',
    state: 'live',
    next: true,
    addedAt,
    usedAt: null,
    ...none,
    ...changes,
  }
}

const app = { environment: 'preview', clientId: '0oa1' } as const
const report: KeysReport = {
  ...app,
  credentials: [
    credential({ expiresAt: '2027-03-01T00:00:00.000Z', usedAt: '2026-11-26T18:30:15.000Z' }),
    credential({
      number: 2,
      kind: 'private-key',
      kid: 'k-1',
      alg: 'RS384',
      state: 'waiting',
      next: false,
      usedFrom: '2026-11-26T19:00:00.000Z',
    }),
    credential({ number: 3, next: false, endsAfter: 1 }),
  ],
  holders: [{ holder: 'ann', addedAt: '2026-11-26T18:00:00.000Z', addedBy: 'ann' }],
}

let instance: StubInstance
before(async () => {
  instance = await stubInstance(join(folder, '.aegis'), {
    'GET /aegis/v1/keys': [200, report],
    'POST /aegis/v1/keys': [201, { ...app, result: 'added', credential: credential() }],
    'POST /aegis/v1/keys/revoke': [200, { ...app, revoked: [1] }],
    'POST /aegis/v1/keys/holders': [200, { ...app, changed: true, holders: report.holders }],
    'GET /aegis/v1/jwks.json': [200, { keys: [] }],
  })
})
beforeEach(() => {
  instance.asked.length = 0
})
after(async () => {
  await instance.close()
  rmSync(folder, { recursive: true, force: true })
})

async function run(args: string, input?: string) {
  const terminal = testTerminal({ cwd: folder, ...(input !== undefined && { input }) })
  const code = await runCli(args.split(' '), terminal, programs)
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const asked = () => instance.asked.map((line) => line.replace(/^(\S+ \S+) ?/, ''))
const bodies = () => asked().map((text): unknown => JSON.parse(text))
const give = { content: 'canary-secret\n', actor: 'tester' }

const requests: readonly (readonly [args: string, input: string | undefined, body: object])[] = [
  ['add', 'canary-secret\n', { action: 'add', ...give }],
  [`add --file ${join(folder, 'secret')}`, undefined, { action: 'add', ...give }],
  [
    'add --first --after 90s --expires 2027-03-01',
    'canary-secret\n',
    { action: 'add', ...give, first: true, usedAfterMs: 90_000, expiresAt: Date.UTC(2027, 2, 1) },
  ],
  [
    'add --kid k --alg PS256 --audience https://a.example',
    'canary-secret\n',
    { action: 'add', ...give, kid: 'k', alg: 'PS256', audience: 'https://a.example' },
  ],
  ['rotate --keep 2d', 'canary-secret\n', { action: 'rotate', ...give, keepMs: 172_800_000 }],
  ['add --generate', undefined, { action: 'add', generate: 'RS384', actor: 'tester' }],
  ['rotate --generate ES384', undefined, { action: 'rotate', generate: 'ES384', actor: 'tester' }],
  ['revoke 1', undefined, { number: 1, actor: 'tester' }],
  ['revoke --all', undefined, { all: true, actor: 'tester' }],
  ['holders add ann', undefined, { action: 'add', holder: 'ann', actor: 'tester' }],
]
describe('aegis keys asks for', () => {
  for (const [args, input, body] of requests) {
    test(args.replace(folder, ''), async () => {
      const { code, out, err } = await run(`keys ${args}`, input)
      assert.equal(code, 0, err)
      assert.deepEqual(bodies(), [body])
      assert.match(out, /^\[preview\] app 0oa1/, 'the environment stands on the line that acts')
      assert.doesNotMatch(out + err, /canary/)
    })
  }
})

const mistakes: readonly (readonly [args: string, input: string | undefined, code: number, said: RegExp])[] = [
  ['add', undefined, 2, /A secret is not typed[\s\S]*--file/],
  ['add', ' \n', 1, /What standard input holds is empty/],
  ['add', 'x'.repeat(20_000), 1, /longer than any secret/],
  ['add --file /nowhere', undefined, 1, /\/nowhere cannot be read/],
  ['add --generate HS256', undefined, 2, /RS384, ES384/],
  ['add --generate --kid k', undefined, 2, /conflict|cannot be used/],
  ['add --expires tomorrow', 'x', 2, /2027-03-01/],
  ['add --expires 2027-02-30', 'x', 2, /2027-03-01/],
  ['add --expires 2027-02-30T00:00:00Z', 'x', 2, /2027-03-01/],
  ['add canary-secret', 'x', 2, /too many arguments/],
  ['revoke', undefined, 2, /It is not said what to revoke/],
  ['revoke 1 --all', undefined, 2, /It is not said what to revoke/],
  ['revoke one', undefined, 2, /whole number/],
  ['holders add', undefined, 2, /yours is tester/],
  ['holders make ann', undefined, 2, /add or remove/],
]
describe('aegis keys refuses with what to do', () => {
  for (const [args, input, expected, said] of mistakes) {
    test(args, async () => {
      const { code, err } = await run(`keys ${args}`, input)
      assert.equal(code, expected)
      assert.match(err, said)
      assert.deepEqual(instance.asked, [])
    })
  }
})

test('whoever listens at the port of an instance that was killed is sent nothing', async () => {
  const stranger = await stubInstance(join(folder, 'killed'), {})
  stranger.loseHome()
  writeFileSync(join(folder, 'aegis.yaml'), 'environment: preview\npractices: [7]\nathena:\n  clientId: x\n')
  const terminal = testTerminal({ cwd: folder, input: 'canary-secret\n' })
  const opened: string[] = []
  const openKeys: Programs['openKeys'] = async ({ home }) => {
    opened.push(home)
    throw new AegisError('db.unavailable')
  }
  await runCli(['keys', 'add', '--home', 'killed'], terminal, { ...programs, openKeys })
  await stranger.close()
  assert.deepEqual(stranger.asked, [])
  assert.deepEqual(opened, [join(folder, 'killed')], terminal.err.text)
})

test('a file that others can read is told of', async () => {
  const { err, out } = await run(`keys add --file ${join(folder, 'open')}`)
  assert.match(err, /^Warning: others on this machine can read .*open\./)
  assert.match(out, /\nRemove .*open now/)
})

test('the list shows the order, what is used next, and until when', async () => {
  const { out } = await run('keys list')
  assert.equal(
    out,
    `[preview] app 0oa1
   number  kind         state                             from      added       expires          used                  key
→  1       secret       live                              operator  2026-11-26  2027-03-01       2026-11-26 18:30 UTC
   2       private-key  waits until 2026-11-26 19:00 UTC  operator  2026-11-26  -                -                     RS384 k-1
   3       secret       live                              operator  2026-11-26  after 1 is used  -
Holders: ann (since 2026-11-26)
`,
  )
})

test('an app without a credential is told how to give one', async () => {
  instance.answers.set('GET /aegis/v1/keys', [200, { ...report, credentials: [], holders: [] }])
  const list = await run('keys list')
  const holders = await run('keys holders')
  instance.answers.set('GET /aegis/v1/keys', [200, report])
  assert.match(list.out, /no credential is stored\nGive one: aegis keys add/)
  assert.match(holders.out, /none listed; whoever can reach/)
})

test('public keys are printed as a set, and everything as JSON where asked', async () => {
  assert.deepEqual(JSON.parse((await run('keys jwks')).out), { keys: [] })
  assert.deepEqual(JSON.parse((await run('keys list --json')).out), report)
  const given: unknown = JSON.parse((await run('keys add --json', 'canary-secret')).out)
  assert.deepEqual(given, { ...app, result: 'added', credential: credential() })
})
