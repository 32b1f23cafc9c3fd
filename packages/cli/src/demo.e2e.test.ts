import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { SqlResult, StatusReport } from '@aegis/server'
import { runAegis } from '../testing/run-aegis.ts'

const cwd = mkdtempSync(join(tmpdir(), 'demo-'))
after(() => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }))

const start = () => runAegis(['up', '--demo', '--port', '0'], { cwd })
const run = (...args: string[]) => runAegis(args, { cwd }).ended

async function status(): Promise<StatusReport> {
  const { out, err } = await run('status', '--json')
  assert.equal(err, '')
  return JSON.parse(out)
}

/** What the simulator has of a kind, after its staff has gone home. */
async function truth(simulator: string, kind: string): Promise<number> {
  await fetch(`${simulator}/__sim/day`, { method: 'POST', body: '{"action":"pause"}' })
  const answer: { totalcount: number } = await (await fetch(`${simulator}/__sim/state/195900/${kind}?limit=1`)).json()
  return answer.totalcount
}

/** Waits until the mirror has as many patients as the practice; it follows within a virtual minute or two. */
async function caughtUp(): Promise<StatusReport> {
  for (let looks = 0; looks < 60; looks++) {
    const report = await status()
    const simulator = report.urls.simulator ?? assert.fail('a demo has a simulator')
    const patients = await truth(simulator, 'patients')
    if (report.practices[0]?.records.patient === patients) return report
    await delay(500)
  }
  assert.fail(`the mirror does not catch up: ${JSON.stringify(await status())}`)
}

test('the story of the demo: watched, asked, killed, started again, stopped', { timeout: 240_000 }, async () => {
  const first = start()
  await first.said(/appointments: live/)
  const before = await caughtUp()
  assert.equal(before.environment, 'local')
  assert.deepEqual(before.alarms, [])

  const second = await start().ended
  assert.equal(second.code, 1)
  assert.match(
    second.err,
    new RegExp(`Another Aegis runs on this home .*pid: ${first.child.pid}\\)\\nRemedy: .*--home`),
  )

  const query = 'select patient, sealed from mirror.patient order by 1 limit 3'
  const sealed = await run('sql', '--practice', '195900', query)
  assert.match(sealed.out, /\n[0-9a-zA-Z_-]+ +\[sealed\]\n[\s\S]*\(3 rows\)\n$/)
  const opened = await run('sql', '--practice', '195900', '--json', '--unseal', '--reason', 'a test', query)
  const { rows }: SqlResult = JSON.parse(opened.out)
  assert.equal(rows.length, 3)
  assert.doesNotMatch(opened.out, /"sealed":true/)
  const refused = await run('sql', '--practice', '1', 'select 1')
  assert.match(refused.err, /^aegis: This instance does not mirror that practice \(practice: 1\)\nRemedy: /)

  first.child.kill('SIGKILL')
  assert.equal((await first.ended).signal, 'SIGKILL')
  assert.match((await run('status')).err, /No Aegis runs on this home/)

  const again = start()
  await again.said(/appointments: live/)
  const resnapshot = await run('sync', 'now', '--practice', '195900')
  assert.match(resnapshot.out, /^\[local\] practice 195900: every feed is due now\n$/)
  const later = await caughtUp()
  assert.deepEqual(later.alarms, [], 'nothing was lost')
  assert.deepEqual(Object.keys(later.practices[0]?.records ?? {}), Object.keys(before.practices[0]?.records ?? {}))
  again.child.kill('SIGTERM')
  const { code, err, out } = await again.ended
  assert.equal(code, 0, err)
  assert.match(out, /stopped; the next start goes on from here\n$/)
})
