/** The calls of a day as `aegis quota` tells them, by the real program, beside what the simulator has counted. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Simulator, startSimulator } from '@aegis/simulator'
import type { QuotaPlan, QuotaReport } from '@aegis/server'
import { runAegis } from '../testing/run-aegis.ts'

const cwd = mkdtempSync(join(tmpdir(), 'quota-'))
after(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }))

const [first, second] = [195900, 195901]
const ofSecond = ['--practice', String(second)]
/** A Tuesday, 10:00 Eastern. */
const startAt = Date.UTC(2026, 2, 3, 15)

const run = (...args: string[]) => runAegis(args, { cwd }).ended

async function printed(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args)
  assert.deepEqual([code, err], [0, ''])
  return out
}

function configure(simulator: Simulator): void {
  writeFileSync(join(cwd, 'secret'), 'canary-secret-one\n', { mode: 0o600 })
  const config = {
    environment: 'local',
    athena: { clientId: 'clinic', secretFile: 'secret', baseUrl: simulator.url },
    practices: [first, second],
    policy: { offHours: 'always' },
    // Once the first load is done, nothing is asked for a while.
    sync: { settle: '10s', activationCheck: '10s', pollInterval: '1h', latest: '2h' },
    limits: { perDay: 100_000, perSecond: 50 },
    clock: 'simulator',
    http: { port: 0 },
  }
  writeFileSync(join(cwd, 'aegis.yaml'), JSON.stringify(config))
}

/** The calls that came to the simulator, by practice. */
function counted({ truth }: Simulator): readonly [number, number] {
  const calls = truth.requests().requests.map(({ practice }) => practice)
  return [calls.filter((of) => of === first).length, calls.filter((of) => of === second).length]
}

const sum = (works: QuotaReport['spent']['works']) => works.reduce((calls, { today }) => calls + today, 0)

/** What is told in each form, once the second practice has spent more and as many calls are told of as have come. */
async function told(simulator: Simulator) {
  for (let looks = 0; looks < 60; looks++) {
    const calls = counted(simulator)
    // They spend the same by themselves.
    if (calls[0] === calls[1]) await printed('sync', 'resnapshot', ...ofSecond, '--feed', 'providers')
    const report: QuotaReport = JSON.parse(await printed('quota', '--json'))
    if (calls[0] < calls[1] && report.spent.practicesCount === 2 && sum(report.spent.works) === calls[0] + calls[1]) {
      const forms = [printed('quota'), printed('quota', ...ofSecond), printed('quota', ...ofSecond, '--json')] as const
      const [text, textOfSecond, alone] = await Promise.all(forms)
      // Nothing was asked meanwhile: all are of the same calls.
      if (isDeepStrictEqual(calls, counted(simulator)))
        return { calls, report, text, textOfSecond, alone: JSON.parse(alone) as QuotaReport }
    }
    await delay(250)
  }
  assert.fail(`what is told is not what came: ${await printed('quota')}${counted(simulator).join()}`)
}

test('it is planned before the start, told while Aegis runs, and said why it cannot be', async (t) => {
  const app = { clientId: 'clinic', secret: 'canary-secret-one', practices: [first, second] }
  const practices = [first, second].map((id) => ({ id, patients: 5 }))
  const simulator = await startSimulator({
    practices,
    apps: [app],
    limits: 'production',
    speed: 30,
    startAt,
    activationLagMs: 0,
  })
  const running: ReturnType<typeof runAegis>[] = []
  t.after(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGTERM')
      await ended
    }
    await simulator.stop()
  })
  configure(simulator)
  const [plan, planOfTen, without, wrong] = await Promise.all([
    printed('quota', 'plan', '--json'),
    run('quota', 'plan', '--per-day', '10'),
    run('quota'),
    run('quota', '--practice', 'all'),
  ])
  const { fits, practices: planned, limits }: QuotaPlan = JSON.parse(plan)
  assert.deepEqual([fits, planned, limits.perDay, limits.perSecond], [true, 2, 100_000, 50])
  assert.equal(planOfTen.code, 1)
  assert.match(planOfTen.out, /^ Aegis quota plan {2}local {2}2 practices · 10 calls a day[^]* It does not fit: /)
  assert.deepEqual([without.code, without.out], [1, ''])
  assert.match(without.err, /^aegis: No Aegis runs on this home .*\nRemedy: Start it with "aegis up"/)
  assert.deepEqual([wrong.code, wrong.out], [2, ''])
  assert.match(wrong.err, /'--practice <id>' argument 'all' is invalid\. Give a whole number from 1/)
  assert.equal(simulator.truth.requests().totals.requests, 0)

  const up = runAegis(['up', '--plain'], { cwd })
  running.push(up)
  for (const practice of [first, second]) await up.said(new RegExp(`practice ${practice} appointments: live`))
  const { calls, report, text, alone, textOfSecond } = await told(simulator)
  const { day, forecast, spent, compared } = report
  const [callsOfFirst, callsOfSecond] = calls
  assert.deepEqual(Object.keys(report), ['environment', 'now', 'day', 'forecast', 'spent', 'compared', 'advice'])
  assert.deepEqual(
    [day.date, day.limit, day.perSecondLimit, day.foreign, day.resetsAt],
    ['2026-03-03', 100_000, 50, 0, '2026-03-04T00:02:00.000Z'],
  )
  assert.ok(day.used >= callsOfFirst + callsOfSecond && day.used + day.left === 100_000, JSON.stringify(day))
  assert.deepEqual(spent.practices, [
    { practice: second, today: callsOfSecond, yesterday: 0 },
    { practice: first, today: callsOfFirst, yesterday: 0 },
  ])
  assert.equal(sum(spent.works), callsOfFirst + callsOfSecond)
  assert.equal(compared.today, callsOfFirst + callsOfSecond)
  const works = spent.works.map(({ priority, work }) => `${priority} ${work}`)
  for (const work of ['interactive start.preflight', 'bulk sync.snapshot', 'feeds sync.drain'])
    assert.ok(works.includes(work), works.join())
  assert.deepEqual([forecast.outlook, forecast.endsAt], ['lasts', '2026-03-04T00:00:00.000Z'])
  assert.ok(forecast.leftAtMidnight.low > 0 && forecast.leftAtMidnight.high <= day.left, JSON.stringify(forecast))

  assert.match(
    text,
    /^ Aegis quota {2}local +2026-03-03 \d\d:\d\d:\d\d UTC\n\n Today +\S+ [\d,]+ of 100,000, [\d,]+ left/,
  )
  assert.match(text, /^ Forecast Today's calls do: \d+ % are left at midnight GMT/m)
  assert.match(text, /^ {3}reading feeds +feeds +\d/m)
  assert.match(text, new RegExp(`^ {3}${second} +${callsOfSecond} .*\n {3}${first} +${callsOfFirst} `, 'm'))
  assert.deepEqual(alone.spent.practices, [{ practice: second, today: callsOfSecond, yesterday: 0 }])
  assert.deepEqual([alone.spent.practicesCount, sum(alone.spent.works), alone.day.limit], [1, callsOfSecond, 100_000])
  assert.match(textOfSecond, new RegExp(`^ Practice ${second} {2}${callsOfSecond} calls today, 0 yesterday$`, 'm'))

  const unknown = await run('quota', '--practice', '42')
  assert.deepEqual([unknown.code, unknown.out], [1, ''])
  assert.match(unknown.err, /^aegis: This instance does not mirror that practice \(practice: 42\)\nRemedy: See "aegis/)

  // Without its directory the database is not started again.
  const [data, away] = ['postgres', 'away'].map((name) => join(cwd, '.aegis', 'data', name)) as [string, string]
  const pid = Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'))
  renameSync(data, away)
  process.kill(pid, 'SIGQUIT')
  let gone = await run('quota')
  for (let looks = 0; looks < 60 && gone.code === 0; looks++) gone = await run('quota')
  assert.deepEqual([gone.code, gone.out], [1, ''])
  assert.match(gone.err, /^aegis: The database is not reachable.*\nRemedy: Start the database server/)
  renameSync(away, data)
  let back = await run('quota', '--json')
  for (let looks = 0; looks < 60 && back.code !== 0; looks++) back = await run('quota', '--json')
  assert.equal((JSON.parse(back.out) as QuotaReport).day.limit, 100_000)
  up.child.kill('SIGTERM')
  assert.equal((await up.ended).code, 0)
})
