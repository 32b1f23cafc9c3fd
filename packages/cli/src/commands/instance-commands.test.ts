import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { lockHome, prepareHome } from '@aegis/server'
import { samplePractice, sampleReport } from '../../testing/sample-report.ts'
import { type StubInstance, stubInstance } from '../../testing/stub-instance.ts'
import { testTerminal } from '../../testing/test-terminal.ts'
import { runCli } from '../cli.ts'
import { connectToInstance } from '../instance-client.ts'
import type { Programs } from '../programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'commands-'))
const report = sampleReport({ practices: [samplePractice(), samplePractice({ practice: 7 })] })
const result = { columns: ['status', 'sealed'], rows: [['x', { sealed: true }]], truncated: false }

const programs: Programs = {
  startAegis: () => assert.fail('nothing is to be started'),
  openKeys: () => assert.fail('nothing is to be opened'),
  startSimulator: () => assert.fail('nothing is to be started'),
}

let instance: StubInstance
before(async () => {
  instance = await stubInstance(join(folder, '.aegis'), {
    'GET /aegis/v1/status': [200, report],
    'POST /aegis/v1/sync': [202, { accepted: true }],
    'POST /aegis/v1/sql': [200, result],
  })
})
beforeEach(() => {
  instance.asked.length = 0
})
after(async () => {
  await instance.close()
  rmSync(folder, { recursive: true, force: true })
})

async function run(...args: string[]) {
  const terminal = testTerminal({ cwd: folder })
  const code = await runCli(args, terminal, programs)
  return { code, out: terminal.out.text, err: terminal.err.text }
}

describe('aegis status', () => {
  test('prints the report, all practices and feeds of it', async () => {
    const { code, out } = await run('status')
    assert.equal(code, 0)
    assert.match(out, /^ Aegis 0\.1\.0 {2}local /)
    assert.match(out, /^ Practice 195900[\s\S]*^ Practice 7/m)
    assert.match(out, / No alarms\.\n$/)
    assert.ok(!out.includes('\u001b'), 'no colours into a pipe')
  })

  test('--json prints it for programs, as it came', async () => {
    const { out } = await run('status', '--json')
    assert.deepEqual(JSON.parse(out), report)
  })

  test('asks for one practice where one is named', async () => {
    instance.answers.set('GET /aegis/v1/status?practice=7', [
      200,
      sampleReport({ practices: [samplePractice({ practice: 7 })] }),
    ])
    const { out } = await run('status', '--practice', '7')
    assert.deepEqual(instance.asked, ['GET /aegis/v1/status?practice=7'])
    assert.match(out, /^ Practice 7 /m)
  })

  for (const [level, expected] of [
    ['warning', 0],
    ['error', 1],
  ] as const) {
    test(`ends with ${expected} for an alarm of level ${level}`, async () => {
      const alarm = { level, code: 'sync.gap', message: 'Changes may be missing.', remedy: 'Wait.' }
      instance.answers.set('GET /aegis/v1/status', [200, { ...report, alarms: [alarm] }])
      const { code, out } = await run('status')
      instance.answers.set('GET /aegis/v1/status', [200, report])
      assert.equal(code, expected)
      assert.match(out, /Changes may be missing\. \(sync\.gap\)\n {3}→ Wait\.\n$/)
    })
  }
})

describe('aegis sync', () => {
  test('asks for one feed of one practice', async () => {
    const { code, out } = await run('sync', 'now', '--practice', '7', '--feed', 'patients')
    assert.equal(code, 0)
    assert.equal(out, '[local] practice 7: patients is due now\n')
    assert.deepEqual(instance.asked.slice(1), ['POST /aegis/v1/sync {"action":"now","practice":7,"feed":"patients"}'])
  })

  test('asks for every practice unless one is named', async () => {
    const { out } = await run('sync', 'resnapshot')
    assert.equal(
      out,
      '[local] practice 195900: every feed will be read again as a whole\n[local] practice 7: every feed will be read again as a whole\n',
    )
    assert.equal(instance.asked.length, 3)
  })

  test('names since when changes may be missing', async () => {
    await run('sync', 'resnapshot', '--practice', '7', '--since', '2026-02-28T23:00:00-05:00')
    assert.deepEqual(instance.asked.slice(1), [
      'POST /aegis/v1/sync {"action":"resnapshot","practice":7,"since":"2026-03-01T04:00:00.000Z"}',
    ])
  })
})

describe('aegis sql', () => {
  test('prints a table', async () => {
    const { code, out } = await run('sql', '--practice', '7', 'select 1')
    assert.equal(code, 0)
    assert.equal(out, 'status  sealed\n------  --------\nx       [sealed]\n(1 row)\n')
    assert.deepEqual(instance.asked, ['POST /aegis/v1/sql {"practice":7,"text":"select 1"}'])
  })

  test('opens sealed values for a reason, in the name of who asks', async () => {
    await run('sql', '--practice', '7', '--unseal', '--reason', 'a call', 'select 1')
    assert.deepEqual(instance.asked, [
      'POST /aegis/v1/sql {"practice":7,"text":"select 1","unseal":{"reason":"a call","actor":"tester"}}',
    ])
  })

  test('prints JSON and CSV, and says beside them when there is more', async () => {
    instance.answers.set('POST /aegis/v1/sql', [200, { ...result, truncated: true }])
    const json = await run('sql', '--practice', '7', '--json', 'select 1')
    const csv = await run('sql', '--practice', '7', '--csv', 'select 1')
    instance.answers.set('POST /aegis/v1/sql', [200, result])
    assert.deepEqual(JSON.parse(json.out), { ...result, truncated: true })
    assert.equal(csv.out, 'status,sealed\r\nx,[sealed]\r\n')
    assert.deepEqual([json.err, csv.err], Array(2).fill('There are more rows: narrow the query.\n'))
  })
})

const refusals: [title: string, status: number, body: unknown, said: RegExp][] = [
  [
    'with its reason and remedy',
    404,
    { title: 'There is no such feed', detail: 'practice: 7', remedy: 'See "aegis status".' },
    /^aegis: There is no such feed \(practice: 7\)\nRemedy: See "aegis status"\.\n$/,
  ],
  ['without a remedy', 500, { title: 'Something', requestId: 'r-1' }, /^aegis: Something\nRemedy: .*request r-1/],
  ['without any sense', 502, [], /^aegis: The instance answered 502\nRemedy: /],
]

describe('what the instance refuses is told', () => {
  for (const [title, status, body, said] of refusals) {
    test(title, async () => {
      instance.answers.set('POST /aegis/v1/sql', [status, body])
      const { code, err } = await run('sql', '--practice', '7', 'select 1')
      instance.answers.set('POST /aegis/v1/sql', [200, result])
      assert.equal(code, 1)
      assert.match(err, said)
    })
  }
})

test('an instance that was killed is said not to run', async () => {
  const gone = await stubInstance(join(folder, 'gone'), {})
  await gone.close()
  const { code, err } = await run('status', '--home', 'gone')
  assert.equal(code, 1)
  assert.match(err, /^aegis: No Aegis runs on this home/)
})

test('of one that is starting is not said that none runs', async () => {
  const lock = lockHome(prepareHome(join(folder, 'starting')))
  const { code, err } = await run('status', '--home', 'starting')
  const keys = await run('keys', 'list', '--home', 'starting')
  lock.release()
  for (const said of [{ code, err }, keys]) {
    assert.equal(said.code, 1)
    assert.match(
      said.err,
      /^aegis: The process that holds this home does not listen \(.*pid: \d+\)\nRemedy: If it is starting/,
    )
  }
})

test('one that is killed between two questions is not asked the second', async () => {
  const killed = await stubInstance(join(folder, 'killed'), { 'GET /aegis/v1/status': [200, report] })
  const connected = connectToInstance(testTerminal({ cwd: folder }), { home: 'killed' })
  await connected.ask('GET /aegis/v1/status', {})
  killed.loseHome()
  await assert.rejects(connected.ask('GET /aegis/v1/status', {}), { code: 'ops.not-running' })
  await killed.close()
  assert.equal(killed.asked.length, 1)
})
