import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { AegisError } from '@aegis/server'
import { startSimulator } from '@aegis/simulator'
import { testTerminal } from '../testing/test-terminal.ts'
import { runCli } from './cli.ts'
import type { Programs } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'cli-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const nothing: Programs = {
  startAegis: () => assert.fail('nothing is to be started'),
  openKeys: () => assert.fail('nothing is to be opened'),
  startSimulator: () => assert.fail('nothing is to be started'),
}

async function run(args: readonly string[], env: Record<string, string> = {}, programs = nothing) {
  const terminal = testTerminal({ cwd: folder, env })
  const code = await runCli(args, terminal, programs)
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const wrong: [title: string, args: string[], said: RegExp][] = [
  ['no command', [], /Usage: aegis/],
  ['a command there is not', ['statsu'], /unknown command 'statsu'\n\(Did you mean status\?\)/],
  ['a flag there is not', ['up', '--dmeo'], /unknown option '--dmeo'\n\(Did you mean --demo\?\)/],
  ['a port that is none', ['up', '--port', '70000'], /Give a whole number from 0 to 65535/],
  ['an argument too many', ['status', 'now'], /too many arguments/],
  ['half of a command', ['sync'], /Usage: aegis sync/],
  ['SQL without a practice', ['sql', 'select 1'], /required option '--practice <id>' not specified/],
  ['SQL without a statement', ['sql', '--practice', '1'], /missing required argument 'statement'/],
  ['two formats', ['sql', '--practice', '1', '--json', '--csv', 'x'], /cannot be used with/],
  ['unsealing without a reason', ['sql', '--practice', '1', '--unseal', 'x'], /Remedy: add --reason/],
  ['a reason for nothing', ['sql', '--practice', '1', '--reason', 'r', 'x'], /Remedy: add --unseal/],
  ['a practice that is none', ['sync', 'now', '--practice', 'all'], /Give a whole number from 1 to/],
  ['a time without a zone', ['sync', 'resnapshot', '--since', '2026-11-23T14:00:00'], /Give an instant with its zone/],
  ['a day there is not', ['sync', 'resnapshot', '--since', '2026-02-30T14:00:00Z'], /Give an instant with its zone/],
  ['what is no time', ['sync', 'resnapshot', '--since', 'yesterday'], /Give an instant with its zone/],
  ['a time of a mere reading', ['sync', 'now', '--since', '2026-11-23T14:00:00Z'], /unknown option '--since'/],
  ['limits that are none', ['simulate', '--limits', 'perSecond=many'], /Give preview, production, off, or/],
  ['an unknown limit', ['simulate', '--limits', 'perHour=5'], /Give preview, production, off, or/],
  ['a start without a zone', ['simulate', '--start-at', '2026-11-23T14:00:00'], /Give an instant with its zone/],
  ['a speed that is none', ['simulate', '--speed', 'fast'], /Give 0 or a positive number/],
  ['a switch that is none', ['simulate', '--admin', 'maybe'], /Give on or off/],
  ['a lag that is none', ['simulate', '--activation-lag', '15 minutes'], /Give a duration such as/],
]

describe('called wrongly, with exit code 2:', () => {
  for (const [title, args, said] of wrong) {
    test(title, async () => {
      const { code, out, err } = await run(args)
      assert.equal(code, 2, err)
      assert.match(err, said)
      assert.equal(out, '')
    })
  }
})

const helped: [args: string[], said: RegExp][] = [
  [['--help'], /aegis up --demo[\s\S]*Exit codes/],
  [['--version'], /^\d+\.\d+\.\d+\n$/],
  [['up', '--help'], /Examples:\n {2}aegis up --demo/],
  [['status', '--help'], /Exit code 1 when there is an alarm/],
  [['sync', '--help'], /aegis sync resnapshot --practice/],
  [['sync', '--help'], /aegis sync resnapshot --since .* after a restored backup/],
  [['sync', 'resnapshot', '--help'], /--since <time> +opens a gap/],
  [['sql', '--help'], /recorded in the audit log/],
  [['simulate', '--help'], /--app-file apps\.json/],
  [['simulate', '--help'], /Kinds of faults: unauthorized, [\s\S]* clock-jump\./],
  [['config', '--help'], /A first aegis\.yaml:/],
]

describe('help teaches by example:', () => {
  for (const [args, said] of helped) {
    test(args.join(' '), async () => {
      const { code, out, err } = await run(args)
      assert.equal(code, 0)
      assert.match(out, said)
      assert.equal(err, '')
    })
  }
})

test('aegis sql --help names every view there is', async () => {
  const { out } = await run(['sql', '--help'])
  const migrations = join(import.meta.dirname, '../../server/migrations')
  const text = readdirSync(migrations)
    .map((file) => readFileSync(join(migrations, file), 'utf8'))
    .join('\n')
  const views = new Set([...text.matchAll(/view mirror\.(\w+) with/g)].map(([, name]) => name))
  assert.ok(views.size > 15)
  for (const view of views) assert.match(out, new RegExp(`\\b${view}\\b`), view)
})

describe('config', () => {
  writeFileSync(join(folder, 'secret'), 'known to nobody\n', { mode: 0o600 })
  const good = `environment: preview\nathena: { clientId: app, secretFile: secret }\npractices: [195900]\n`
  writeFileSync(join(folder, 'good.yaml'), good)
  writeFileSync(join(folder, 'bad.yaml'), 'environment: prod\npractice: [1]\n')

  test('check says what is configured', async () => {
    assert.deepEqual(await run(['config', 'check', '--config', 'good.yaml']), {
      code: 0,
      out: '[preview] The configuration (good.yaml) is fine: practice 195900 from https://api.preview.platform.athenahealth.com\n',
      err: '',
    })
  })

  test('check tells every mistake with its remedy, and exit code 1', async () => {
    const { code, err } = await run(['config', 'check', '--config', 'bad.yaml'])
    assert.equal(code, 1)
    assert.match(err, /^aegis: The configuration has 4 mistakes:/)
    assert.match(err, /practice \(bad\.yaml:2\) is not a setting\.\n {4}Remedy: Did you mean practices\?/)
    assert.doesNotMatch(err, /\n\s+at /)
  })

  test('print shows origins and hides secrets', async () => {
    const { code, out, err } = await run(['config', 'print', '--config', 'good.yaml'], { AEGIS_PORT: '1234' })
    assert.equal(code, 0, err)
    assert.match(out, /^environment: preview +# good\.yaml:1$/m)
    assert.match(out, /^ {2}port: 1234 +# AEGIS_PORT$/m)
    assert.match(out, /\[set\]/)
    assert.doesNotMatch(out, /known to nobody/)
  })

  test('print --json is a list for programs', async () => {
    const { out } = await run(['config', 'print', '--json', '--config', 'good.yaml'])
    const list: unknown = JSON.parse(out)
    assert.ok(Array.isArray(list) && list.length > 30)
    assert.deepEqual(list[0], { setting: 'environment', value: 'preview', origin: 'good.yaml:1' })
  })

  test('warnings go to standard error', async () => {
    const { code, err } = await run(['config', 'check', '--config', 'good.yaml'], { AEGIS_HOEM: 'x' })
    assert.equal(code, 0)
    assert.match(err, /^Warning: AEGIS_HOEM .* Did you mean AEGIS_HOME\?\n$/)
  })
})

const impossible: [title: string, args: string[], code: number, said: RegExp][] = [
  ['a practice given twice', ['--practice', '1', '--practice', '1'], 2, /an id is given twice\nRemedy: /],
  ['a file of apps that is not there', ['--app-file', 'nowhere.json'], 1, /nowhere\.json cannot be read\nRemedy: /],
  ['a file of apps that is broken', ['--app-file', 'broken.json'], 1, /broken\.json: not JSON/],
  ['a file with two tokens', ['--admin-token-file', 'broken.json'], 1, /does not hold one line/],
  ['a recording that is not there', ['--recording', 'nowhere'], 1, /nowhere cannot be opened\nRemedy: /],
  ['a file of faults that is not there', ['--faults', 'nowhere.json'], 1, /nowhere\.json cannot be opened\nRemedy: /],
  ['a file of faults that is none', ['--faults', 'broken.json'], 2, /broken\.json: not JSON; write \[\{"kind"/],
  ['a fault there is not', ['--faults', 'gremlin.json'], 2, /faults\[1\]\.kind: no fault "gremlin"; there are unauth/],
  ['a journal that is none', ['--journal', 'broken.json'], 1, /broken\.json is damaged, or no .*\nRemedy: delete it/],
  ['a journal in no folder', ['--journal', 'nowhere/j'], 1, /nowhere\/j cannot be opened\nRemedy: /],
]

describe('a simulator cannot be started with', () => {
  writeFileSync(join(folder, 'broken.json'), '{"clientId": "x",\n"secret": "not for others"')
  writeFileSync(join(folder, 'gremlin.json'), '{"faults": [{"kind": "html"}, {"kind": "gremlin"}]}')
  for (const [title, args, expected, said] of impossible) {
    test(title, async () => {
      const { code, err } = await run(['simulate', ...args], {}, { ...nothing, startSimulator })
      assert.equal(code, expected, err)
      assert.match(err, said)
      assert.ok(!err.includes('not for others'))
    })
  }
})

test('without a running instance, commands say how to get one', async () => {
  for (const args of [['status'], ['sync', 'now'], ['sql', '--practice', '1', 'select 1']]) {
    const { code, err } = await run(args, { AEGIS_HOME: 'nobody-there' })
    assert.equal(code, 1)
    assert.match(err, /^aegis: No Aegis runs on this home \(home: .*nobody-there\)\nRemedy: Start it with "aegis up"/)
  }
})

const failures: [title: string, error: unknown, said: RegExp][] = [
  [
    'ours with its remedy',
    new AegisError('http.port-taken', { port: 7 }),
    /^aegis: Another program .*port: 7\)\nRemedy: .*--port/,
  ],
  [
    'another one without its text',
    new SyntaxError('Ada Lovelace'),
    /inside Aegis \(SyntaxError\)\.\nRemedy: run it again with --debug/,
  ],
  ['what is no error', 'Ada Lovelace', /inside Aegis \(string\)/],
]

describe('a failure is told as', () => {
  const failing = (error: unknown): Programs => ({ ...nothing, startSimulator: () => Promise.reject(error) })
  for (const [title, error, said] of failures) {
    test(title, async () => {
      const { code, err } = await run(['simulate'], {}, failing(error))
      assert.equal(code, 1)
      assert.match(err, said)
      assert.doesNotMatch(err, /Ada|\n\s+at /)
    })
  }

  test('its whole story with --debug', async () => {
    const error = new Error('outer', { cause: new Error('inner') })
    const { err } = await run(['--debug', 'simulate'], {}, failing(error))
    assert.match(err, /Error: outer\n\s+at [\s\S]*Caused by: Error: inner\n\s+at /)
  })
})
