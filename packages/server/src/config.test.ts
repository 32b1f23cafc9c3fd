import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ConfigError } from './config/config-error.ts'
import { describeConfig } from './config/describe-config.ts'
import { type ConfigSources, loadConfig } from './config.ts'
import { defaultSyncSettings } from './sync/sync-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const hush = 'hunter-two-hunter-two'
write('secret', `${hush}\n`)

const preview = `
environment: preview
athena: { clientId: app-1, secretFile: secret }
practices: [195900]
`

function write(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

let files = 0
function load(yaml: string, sources: Omit<ConfigSources, 'cwd'> = {}) {
  const configFile = write(`aegis-${files++}.yaml`, yaml)
  const argvOverrides = { configFile, ...sources.argvOverrides }
  return loadConfig({ env: {}, nodeFlags: [], ...sources, cwd: folder, argvOverrides })
}

/** What a refused configuration says, as one text without the folder and the number of the file. */
function refusal(yaml: string, sources: Omit<ConfigSources, 'cwd'> = {}): string {
  try {
    load(yaml, sources)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message.replaceAll(`${folder}/`, '').replaceAll(/aegis-\d+\.yaml/g, 'aegis.yaml')
  }
  return assert.fail('it was accepted')
}

test('the least that has to be given is enough, and everything else has its default', () => {
  const { config, warnings } = load(preview)
  assert.deepEqual(warnings, [])
  assert.equal(config.athena.baseUrl, 'https://api.preview.platform.athenahealth.com')
  assert.equal(config.athena.secret?.reveal(), hush)
  assert.deepEqual(config.limits, { perSecond: 5, perDay: 50_000, tokensPerMinute: 5 })
  assert.deepEqual(config.sync, defaultSyncSettings)
  assert.deepEqual(config.policy.offHours, { timeZone: 'America/New_York', from: '22:00', to: '06:00' })
  assert.deepEqual(config.http, { host: '127.0.0.1', port: 7420 })
  assert.equal(config.home, join(folder, '.aegis'))
  assert.equal(config.database, undefined)
  assert.equal(config.demo, false)
})

test('production has the limits of production', () => {
  const { config } = load(preview.replace('preview', 'production'))
  assert.deepEqual(config.limits, { perSecond: 100, perDay: 500_000, tokensPerMinute: 50 })
})

test('flags win over variables, variables over the file, and each path starts where it was written', () => {
  const yaml = `${preview}home: from-file\nhttp: { port: 1111 }\nlog: { level: warn }\n`
  mkdirSync(join(folder, 'below'), { recursive: true })
  const configFile = write('below/aegis.yaml', yaml.replace('secretFile: secret', 'secretFile: ../secret'))
  const at = (env: Record<string, string>, flags = {}) =>
    loadConfig({ env, nodeFlags: [], cwd: folder, argvOverrides: { configFile, ...flags } }).config
  assert.equal(at({}).home, join(folder, 'below', 'from-file'))
  const variables = { AEGIS_HOME: 'from-variable', AEGIS_PORT: '2222', AEGIS_PRACTICES: '1, 2' }
  assert.equal(at(variables).home, join(folder, 'from-variable'))
  assert.equal(at(variables).http.port, 2222)
  assert.deepEqual(at(variables).practices, [1, 2])
  assert.equal(at(variables, { home: 'from-flag', port: 0 }).home, join(folder, 'from-flag'))
  assert.equal(at(variables, { home: 'from-flag', port: 0 }).http.port, 0)
  assert.equal(at(variables).log.level, 'warn')
})

test("a worker without the owner's URL, and keys in a place that several share", () => {
  const env = { DATABASE_URL_FILE: write('runtime', 'postgres://u:p@127.0.0.1/d\n'), AEGIS_KEYS: 'shared-keys' }
  const { config } = load(preview, { env, argvOverrides: { role: 'worker' } })
  assert.deepEqual([config.role, load(preview).config.role], ['worker', 'all'])
  assert.deepEqual(Object.keys(config.database ?? {}), ['url'])
  assert.equal(config.keys, join(folder, 'shared-keys'))
})

test('without a file the environment alone is enough', () => {
  const env = {
    AEGIS_ENVIRONMENT: 'local',
    AEGIS_ATHENA_CLIENT_ID: 'app-1',
    AEGIS_ATHENA_SECRET_FILE: 'secret',
    AEGIS_ATHENA_BASE_URL: 'http://127.0.0.1:9100/',
    AEGIS_PRACTICES: '195900',
  }
  const { config, file } = loadConfig({ env, nodeFlags: [], cwd: folder })
  assert.deepEqual([file, config.athena.baseUrl], [undefined, 'http://127.0.0.1:9100'])
})

test('departments are read in one order', () => {
  const { config } = load(`${preview}sync: { departments: { 195900: [21, 1, 101] } }\n`)
  assert.deepEqual(config.sync.departments, { 195900: ['1', '21', '101'] })
})

test('durations are read in words and in milliseconds', () => {
  const { config } = load(`${preview}sync: { settle: 1m30s, pollInterval: 60000, retention: 2h }\n`)
  assert.equal(config.sync.settleMs, 90_000)
  assert.equal(config.sync.pollIntervalMs, 60_000)
  assert.equal(config.sync.retentionMs, 7_200_000)
})

test('every mistake is told at once, with its place, what is wrong and the remedy', () => {
  const yaml = `environment: prod
athena:
  clientID: x
  secretFile: missing.txt
practices: [0]
http: { port: 70000 }
sync:
  settel: 5m
  pollInterval: soon
port: 1
`
  assert.equal(
    refusal(yaml),
    `The configuration has 9 mistakes:
  environment (aegis.yaml:1) does not fit ("prod").
    Remedy: Give one of preview, production, local.
  athena.clientId is missing.
    Remedy: Give the app's client id (or the variable AEGIS_ATHENA_CLIENT_ID). Client id of the app, from the developer portal. It belongs to one environment.
  athena.clientID (aegis.yaml:3) is not a setting.
    Remedy: Did you mean athena.clientId?
  practices (aegis.yaml:5) does not fit ([0]).
    Remedy: Give a list of practice ids, whole numbers, each once.
  http.port (aegis.yaml:6) does not fit (70000).
    Remedy: Give a whole number from 0 to 65,535.
  sync.pollInterval (aegis.yaml:9) does not fit ("soon").
    Remedy: Give a duration from 1s to 1d, such as 90s, 15m or 1h30m (a plain number is in milliseconds).
  sync.settel (aegis.yaml:8) is not a setting.
    Remedy: Did you mean sync.settle?
  port (aegis.yaml:10) is not a setting.
    Remedy: Did you mean http.port?
  athena.secretFile (aegis.yaml:4) names a file that cannot be read (ENOENT): missing.txt
    Remedy: Put the secret alone, on one line, into this file, readable for the user that runs Aegis (chmod 600).`,
  )
})

const refused: [title: string, yaml: string, message: RegExp, env?: Record<string, string>][] = [
  ['a file that is not YAML', 'environment: [', /aegis.yaml:1 is not valid YAML/],
  ['a setting given twice', `${preview}environment: local\n`, /aegis.yaml:5 is not valid YAML \(duplicate key\)/],
  ['a "*" without quotes', `environment: local\npractices: *all\n`, /aegis.yaml:2 has a "\*".*in quotes/s],
  ['an alias of what is around it', 'sync: &all { departments: *all }\n', /aegis.yaml:1 has a "\*"/],
  ['more aliases than fit', `a: &a [1]\nb: [${Array(25).fill('*a').join()}]\n`, /aegis.yaml uses what it names/],
  ['a file without settings', '- a\n- b\n', /holds no settings/],
  [
    'a value where a section belongs',
    preview.replace(/athena:.*/, 'athena: x'),
    /athena \(aegis.yaml:3\) is a section/,
  ],
  ['a practice named twice', preview.replace('[195900]', '[1, 1]'), /practices .* does not fit/],
  ['a text as practice id', preview.replace('[195900]', '["195900"]'), /practices .*Give a list of practice ids/s],
  [
    'a time that is none',
    `${preview}policy: { offHours: { from: '25:00', to: '06:00' } }\n`,
    /policy.offHours .*HH:MM/s,
  ],
  ['no zone', `${preview}policy: { offHours: { from: '22:00', to: '06:00', zone: Mars } }\n`, /policy.offHours/],
  ['no departments', `${preview}sync: { departments: { 195900: [] } }\n`, /sync.departments .*at least one/s],
  ['a department twice', `${preview}sync: { departments: { 195900: [1, 1] } }\n`, /sync.departments .*each once/s],
  ['feeds read too often', `${preview}sync: { pollInterval: 59s }\n`, /sync.pollInterval .*too short for preview/],
  ['claims in windows of two months', `${preview}sync: { claimsWindowMonths: 2 }\n`, /Give a whole number from 3 to 6/],
  ['feeds read too rarely', `${preview}sync: { unreadRetention: 1h }\n`, /sync.unreadRetention .*two readings/],
  [
    'departments and ranges of practices that are not mirrored',
    `${preview}sync: { departments: { 195901: [1] } }\npolicy: { bookedDaysMaxOf: { 195902: 31 } }\n`,
    /sync.departments .*names 195901, which is not mirrored.*policy.bookedDaysMaxOf .*names 195902/s,
  ],
  ['a misspelt word', preview.replace('preview', 'previw'), /Did you mean preview\?/],
  ['a key that could change every object', `${preview}__proto__: { polluted: 1 }\n`, /__proto__ .*is not a setting/],
  ['a listener on the network', `${preview}http: { host: 0.0.0.0 }\n`, /http.host .*would need TLS/],
  [
    "production's address for preview",
    preview.replace('app-1', 'app-1, baseUrl: "https://api.platform.athenahealth.com"'),
    /athena.baseUrl .*athenahealth's production host and the environment is preview/,
  ],
  ['local without an address', preview.replace('preview', 'local'), /athena.baseUrl is refused: .*needs a baseUrl/],
  [
    'a foreign host in local',
    preview.replace('preview', 'local').replace('app-1', 'app-1, baseUrl: "http://athena.example.com"'),
    /name it in allowedHosts/,
  ],
  ["the simulator's clock in preview", `${preview}clock: simulator\n`, /clock .*cannot be the simulator's in preview/],
  [
    "the demo's app in production",
    preview.replace('preview', 'production').replace('app-1', 'demo-client'),
    /is the demo's/,
  ],
  ['an owner without the runtime', preview, /database.urlFile is missing/, { DATABASE_OWNER_URL_FILE: 'secret' }],
  ['an owner in the open', preview, /DATABASE_OWNER_URL would hold a password/, { DATABASE_OWNER_URL: 'postgres://o' }],
  [
    'a role on the embedded database',
    `${preview}role: worker\n`,
    /role .*is worker, which needs a database that several/,
  ],
  ['a role there is not', preview, /role .*does not fit[\s\S]*Give one of all, worker/, { AEGIS_ROLE: 'wroker' }],
  ['a plain URL beside files', preview, /DATABASE_URL is set beside/, { DATABASE_URL: 'x', DATABASE_URL_FILE: 'url' }],
  ['a URL that is none', preview, /DATABASE_URL holds no URL/, { DATABASE_URL: 'mysql://u:p@127.0.0.1/x' }],
  [
    'a database across the network in the clear',
    preview,
    /DATABASE_URL would send data .* unencrypted/,
    { DATABASE_URL: 'postgres://u:p@db.example.com/x' },
  ],
  [
    'certificates not checked',
    preview,
    /NODE_TLS_REJECT_UNAUTHORIZED switches off/,
    { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ],
  ['requests printed', preview, /NODE_DEBUG prints requests/, { NODE_DEBUG: 'timer,http' }],
  ['requests printed by undici', preview, /NODE_DEBUG/, { NODE_DEBUG: 'undici' }],
  ['requests printed by names cut short', preview, /NODE_DEBUG/, { NODE_DEBUG: 'timer,ht*' }],
  ['requests printed by a pattern of names', preview, /NODE_DEBUG/, { NODE_DEBUG: '*D*CI' }],
  ['what goes over web sockets printed', preview, /NODE_DEBUG/, { NODE_DEBUG: 'WebSocket' }],
  ['TLS 1.0, written otherwise', preview, /NODE_OPTIONS allows/, { NODE_OPTIONS: '--tls_min_v1.0' }],
  [
    'memory written down, written otherwise',
    preview,
    /NODE_OPTIONS would write/,
    { NODE_OPTIONS: '--max-old-space-size=64 --report_on_fatalerror' },
  ],
  ['memory dumped', preview, /NODE_OPTIONS would write/, { NODE_OPTIONS: '--abort-on-uncaught-exception' }],
  ['TLS 1.0', preview, /NODE_OPTIONS allows connections below TLS 1.2/, { NODE_OPTIONS: '--tls-min-v1.0' }],
  ['keys of connections written down', preview, /NODE_OPTIONS writes down/, { NODE_OPTIONS: '--tls-keylog=/tmp/k' }],
  ['a debugger', preview, /NODE_OPTIONS lets every program/, { NODE_OPTIONS: '--inspect=127.0.0.1:0' }],
  [
    'a debugger waited for',
    preview,
    /NODE_OPTIONS lets every program/,
    { NODE_OPTIONS: '--max-http-header-size=9000 --inspect_brk' },
  ],
  ['memory written down', preview, /NODE_OPTIONS would write reports/, { NODE_OPTIONS: '--report-on-fatalerror' }],
]

describe('refused:', () => {
  write('url', 'postgres://runtime@127.0.0.1/aegis\n')
  for (const [title, yaml, message, env] of refused) {
    test(title, () => assert.match(refusal(yaml, { env: env ?? {} }), message))
  }

  test('not what prints nothing of anybody', () => {
    for (const NODE_DEBUG of ['timer', 'module,esm', ' ', 'fs*', 'timers', 'a(b|http', 'https.'])
      assert.doesNotThrow(() => load(preview, { env: { NODE_DEBUG } }), NODE_DEBUG)
  })

  test('a flag of Node that undoes TLS', () => {
    assert.match(refusal(preview, { nodeFlags: ['--tls-min-v1.1'] }), /NODE_OPTIONS/)
  })

  test('a configuration file that is named and not there', () => {
    assert.throws(
      () => loadConfig({ env: { AEGIS_CONFIG: 'nowhere.yaml' }, nodeFlags: [], cwd: folder }),
      /nowhere.yaml cannot be read \(ENOENT\)/,
    )
  })
})

const inTheOpen: [title: string, yaml: string, message: RegExp, env?: Record<string, string>][] = [
  ['a client secret', preview.replace('app-1', `app-1, clientSecret: ${hush}`), /athena.clientSecret .*in the open/],
  ['a secret one section too high', `${preview}secret: ${hush}\n`, /secret \(aegis.yaml:5\) holds a secret/],
  ['a password', `${preview}database: { password: ${hush} }\n`, /database.password .*in the open/],
  [
    'a database URL with its password',
    `${preview}database: { url: "postgres://a:${hush}@h/d" }\n`,
    /DATABASE_URL_FILE/,
  ],
  [
    'an address with a password',
    preview.replace('app-1', `a, baseUrl: "https://u:${hush}@h"`),
    /athena.baseUrl .*in the open/,
  ],
  [
    'the secret where its file belongs',
    preview.replace('secretFile: secret', `secretFile: ${hush}`),
    /looks like the secret itself/,
  ],
  ['a variable with the secret', preview, /AEGIS_ATHENA_SECRET would hold a secret/, { AEGIS_ATHENA_SECRET: hush }],
]

describe('a secret in the open is refused and not repeated:', () => {
  for (const [title, yaml, message, env] of inTheOpen) {
    test(title, () => {
      const said = refusal(yaml, { env: env ?? {} })
      assert.match(said, message)
      assert.ok(!said.includes(hush), said)
    })
  }
})

const badSecretFiles: [title: string, text: string, mode: number, message: RegExp][] = [
  ['empty', '', 0o600, /empty or holds more than one line/],
  ['only a line break', '\n', 0o600, /empty/],
  ['two lines', 'a\nb\n', 0o600, /more than one line/],
  ['writable for others', 'abc\n', 0o622, /others may write to/],
  ['as large as another file', 'x'.repeat(20_000), 0o600, /EFBIG/],
]

describe('a secret file is refused when it is', () => {
  for (const [title, text, mode, message] of badSecretFiles) {
    test(title, () => {
      write('bad', text, mode)
      assert.match(refusal(preview.replace('secretFile: secret', 'secretFile: bad')), message)
    })
  }

  test('readable for everybody, in production; elsewhere, and for its group alone, it is a warning', () => {
    write('open', `${hush}\n`, 0o644)
    const yaml = preview.replace('secretFile: secret', 'secretFile: open')
    const strict = yaml.replace('preview', 'production')
    assert.match(refusal(strict), /every user of this machine can read/)
    assert.match(load(yaml).warnings.join(), /chmod 600/)
    write('open', `${hush}\n`, 0o640)
    for (const each of [yaml, strict])
      assert.match(load(each).warnings.join(), /its group can read .*open\. Run: chmod/)
  })
})

const warned: [title: string, yaml: string, message: RegExp, env?: Record<string, string>][] = [
  ['more than athenahealth grants', `${preview}limits: { perSecond: 50 }\n`, /limits.perSecond is above the 5/],
  ['a variable that means nothing', preview, /AEGIS_HOEM .* Did you mean AEGIS_HOME\?/, { AEGIS_HOEM: 'x' }],
  [
    'a plain database URL',
    preview,
    /DATABASE_URL stands in the environment/,
    { DATABASE_URL: 'postgres://u:p@127.0.0.1/d' },
  ],
]

describe('accepted with a warning:', () => {
  for (const [title, yaml, message, env] of warned) {
    test(title, () => assert.match(load(yaml, { env: env ?? {} }).warnings.join(), message))
  }
})

describe('the demo', () => {
  const demo = {
    settings: {
      environment: 'local',
      athena: { clientId: 'demo-client', secretFile: 'built-in', baseUrl: 'http://127.0.0.1:1' },
      practices: [195900],
    },
    secret: 'known to all',
  }
  const start = (env: Record<string, string>, yaml = '') => load(yaml || 'log: { level: info }', { env, demo })

  test('needs no file and no secret', () => {
    const { config } = loadConfig({ env: {}, nodeFlags: [], cwd: folder, demo })
    assert.equal(config.demo, true)
    assert.equal(config.athena.secret?.reveal(), 'known to all')
  })

  for (const environment of ['production', 'preview']) {
    test(`refuses ${environment}`, () => {
      assert.throws(() => start({ AEGIS_ENVIRONMENT: environment }), /the demo runs against its own simulator only/)
    })
  }

  test('uses no app and no database of somebody else', () => {
    const { config, warnings } = start({ DATABASE_URL: 'postgres://u:p@127.0.0.1/d', AEGIS_ATHENA_CLIENT_ID: 'mine' })
    assert.equal(config.athena.clientId, 'demo-client')
    assert.equal(config.database, undefined)
    assert.match(
      warnings.join('\n'),
      /AEGIS_ATHENA_CLIENT_ID: the demo has an app of its own[\s\S]*DATABASE_URL is not used/,
    )
  })

  test('can be told other practices and another pace', () => {
    const { config } = start({ AEGIS_PRACTICES: '1,2' }, 'sync: { settle: 1s }')
    assert.deepEqual(config.practices, [1, 2])
    assert.equal(config.sync.settleMs, 1_000)
  })
})

test('what is in force is described as a file that says the same, with origins and without secrets', () => {
  const { effective, config } = load(`${preview}sync: { settle: 90s }\n`, { env: { AEGIS_PORT: '0' } })
  const described = describeConfig(effective)
  assert.match(described, /^environment: preview +# .*aegis-\d+.yaml:2$/m)
  assert.match(described, /^ {2}secretFile: secret +# \[set\]/m)
  assert.match(described, /^ {2}port: 0 +# AEGIS_PORT$/m)
  assert.match(described, /^ {2}settle: 1m30s +# /m)
  assert.match(described, /^ {2}perSecond: 5 +# default$/m)
  assert.ok(!described.includes(hush))
  assert.deepEqual(load(described).config, config)
})
