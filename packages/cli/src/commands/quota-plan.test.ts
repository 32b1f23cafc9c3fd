import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { QuotaPlan } from '@aegis/server'
import { testTerminal } from '../../testing/test-terminal.ts'
import { runCli } from '../cli.ts'
import { renderPlan } from '../plan-view.ts'
import type { Programs } from '../programs.ts'
import { textWidth } from '../text-width.ts'

const folder = mkdtempSync(join(tmpdir(), 'plan-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'clinic.yaml'),
  'environment: preview\npractices: [1, 2]\nsync:\n  feeds: [claims]\nathena:\n  clientId: x\n  secretFile: not-there\n',
)
writeFileSync(join(folder, 'wrong.yaml'), 'environment: preview\npractices: [1]\nsync:\n  pollInterval: soon\n')

const programs: Programs = {
  startAegis: () => assert.fail('nothing is to be started'),
  startSimulator: () => assert.fail('nothing is to be started'),
  openKeys: () => assert.fail('nothing is to be opened'),
}

async function run(...args: string[]) {
  const terminal = testTerminal({ cwd: folder })
  const code = await runCli(['quota', 'plan', ...args], terminal, programs)
  return { code, out: terminal.out.text, err: terminal.err.text }
}

async function planOf(...args: string[]): Promise<QuotaPlan> {
  return JSON.parse((await run(...args, '--json')).out) as QuotaPlan
}

describe('aegis quota plan', () => {
  test('judges a file whose secret is not there yet, without calling anybody', async () => {
    const { code, out } = await run('--config', 'clinic.yaml')
    assert.equal(code, 0)
    assert.match(out, /^ Aegis quota plan {2}preview {2}2 practices · 50,000 calls a day, 5 a second\n\n It fits: /)
    assert.match(out, /^ {3}4 feeds, read every 1m +5,760 +11,520$/m)
  })

  test('needs no file, and takes production’s limits then', async () => {
    const { code, out } = await run('--practices', '300')
    assert.equal(code, 0)
    assert.match(
      out,
      / It fits: [^.]+\. They do not do for reading every feed\s+each 1m: a change waits \d+ s on average/,
    )
    assert.match(out, /500,000 calls a day are 347 feeds of practices read every 1m \(1,440/)
    assert.match(out, /^ {3}appointments +4\d\d +\d+ +\d+ s +\d+ min *$/m)
    assert.match(out, /^ What would shorten the waits/m)
    assert.ok(out.split('\n').every((line) => textWidth(line) <= 80))
  })

  test('says what would make it fit, which can be tried', async () => {
    const { code, out } = await run('--practices', '900')
    assert.equal(code, 1)
    assert.match(out, / It does not fit: a day wants [\d,]+ calls \(\d+ %\) even with each feed/)
    assert.match(out, /^ What would make it fit[^]*sync\.latest: \dh instead of 1h/m)
    assert.equal((await run('--practices', '900', '--latest', '6h')).code, 0)
  })

  test('takes each flag as a change of the file', async () => {
    const plan = await planOf('--config', 'clinic.yaml', '--practices', '7', '--interval', '2m', '--feeds', 'none')
    assert.deepEqual([plan.practices, plan.polls.intervalMs, plan.polls.feeds], [7, 120_000, 21])
    const other = await planOf('--practices', '1', '--per-day', '1000', '--per-second', '2', '--environment', 'preview')
    assert.deepEqual(other.limits, { perDay: 1_000, perSecond: 2, tokensPerMinute: 5 })
    const { shape } = await planOf('--practices', '1', '--patients', '9', '--departments', '2', '--appointments', '30')
    assert.deepEqual(
      [shape.patients, shape.departments, shape.appointmentsADay, shape.patientChangesADay],
      [9, 2, 30, 60],
    )
  })

  test('says what is not enough by itself, and no wait where nothing is read', async () => {
    const { code, out } = await run('--practices', '50', '--per-day', '10', '--environment', 'preview')
    assert.equal(code, 1)
    assert.match(out, /^ {3}patients +300 +0 +— +—$/m)
    assert.match(out, /3 of 3 feeds of a practice are not read at all\s+that day\./)
    assert.match(out, /The day's calls do not even do for one reading of each feed a day\./)
    assert.match(out, /They do not do for a single practice like these\./)
    assert.match(
      out,
      /^ What would make it fit, each by itself,[^]*limits\.perDay: \d\d,\d00, if athenahealth grants that/m,
    )
    assert.match(out, /^ What would help, but not by itself,[^]*sync\.latest: 1d instead of 1h/m)
    assert.doesNotMatch(out, / 0 s|\d{3} d/)
  })

  test('sums up in its table what it says in a sentence', async () => {
    const figures = (line = '') => (line.match(/[\d,]+$/)?.[0] ?? '').replaceAll(',', '')
    for (const practices of ['1', '300', '900', '5000']) {
      const { out } = await run('--practices', practices)
      const [, table = ''] = /( {3}Calls of a day[^]*? {3}together.*)/.exec(out) ?? []
      const rows = table
        .split('\n')
        .slice(1)
        .map((line) => Number(figures(line)))
      assert.equal(
        rows.slice(0, -1).reduce((sum, calls) => sum + calls, 0),
        rows.at(-1),
        table,
      )
    }
  })

  test('says what is not made of a day that does not fit for that alone', async () => {
    const plan = await planOf('--practices', '1')
    const text = (isAllMade: boolean) => {
      // Little beside all calls, much beside those of its kind.
      const day = { ...plan.day, total: 450_000, unmade: 15_000, isAllMade }
      return renderPlan({ ...plan, fits: false, day }, { columns: 200, color: false, unicode: true }).join('\n')
    }
    assert.match(text(false), /15,000 calls for what feeds name and for checks are put off/)
    assert.doesNotMatch(text(true), /are put off/)
  })

  test('has room in a narrow terminal', async () => {
    const limits = ['--environment', 'preview', '--per-day', '5000']
    for (const args of [
      ['--practices', '1'],
      ['--practices', '300'],
      ['--practices', '5000', '--feeds', 'all', ...limits],
    ]) {
      const plan = await planOf(...args)
      for (const columns of [60, 80]) {
        const lines = renderPlan(plan, { columns, color: false, unicode: true })
        assert.ok(lines.every((line) => textWidth(line) <= columns))
        assert.ok(
          lines.every((line) => !line.endsWith('…')),
          lines.join('\n'),
        )
      }
    }
  })

  const refusals: readonly [args: readonly string[], code: number, said: RegExp][] = [
    [[], 2, /No practice is configured\nRemedy: name practices in aegis\.yaml, or say how many with --practices\./],
    [['--config', 'wrong.yaml'], 2, /sync\.pollInterval \(wrong\.yaml:4\) does not fit/],
    [['--practices', '1', '--feeds', 'labs'], 2, /Give none, all, or some of referringproviders,claims/],
    [['--practices', '1', '--interval', '1s'], 2, /sync\.pollInterval is too short for production/],
    [['--config', 'clinic.yaml', '--latest', '2d'], 2, /sync\.latest does not fit/],
    [['--practices', '0'], 2, /Give a whole number from 1/],
    [['--practices', '1', '--per-second', '0'], 2, /Give a number from 0\.1 to 10000/],
    [['--practices', '1', '--appointments', '1e300'], 2, /Give a number from 0 to 100000/],
    [['--practices', '1', '--changes', '-1'], 2, /Give a number from 0 to 100000/],
  ]
  for (const [args, code, said] of refusals) {
    test(`is refused with ${args.join(' ') || 'nothing'}`, async () => {
      const told = await run(...args)
      assert.equal(told.code, code)
      assert.match(told.err, said)
    })
  }
})
