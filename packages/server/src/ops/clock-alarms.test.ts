import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeClocks } from './clock-alarms.ts'

const now = Date.UTC(2026, 2, 2, 15)
const hour = 3_600_000
const watch = { seen_at: now, set_back_at: null, set_back_ms: null, now_at: now }

const cases: readonly [
  title: string,
  facts: { theirs?: number; machine?: number; backAt?: number },
  codes: string[],
][] = [
  ['clocks that agree within two seconds', { theirs: 2_000, machine: 2_000 }, []],
  ["a database's clock that athenahealth's contradicts", { theirs: 2_001 }, ['upstream.clock-skew']],
  ["a machine's clock that the database's contradicts", { machine: 2_001 }, ['clock.database-skew']],
  ['a clock that was set back within the day', { backAt: now - 23 * hour }, ['clock.set-back']],
  ['a clock that was set back before that', { backAt: now - 25 * hour }, []],
]
for (const [title, { theirs = 0, machine = 0, backAt }, codes] of cases) {
  test(`what is told of ${title}`, () => {
    const row = backAt === undefined ? watch : { ...watch, set_back_at: backAt, set_back_ms: hour }
    const told = (clock: 'system' | 'simulator') =>
      judgeClocks({ fixed: { clock }, certainSkewMs: () => theirs, machineOffMs: () => machine }, row)
    assert.deepEqual(
      told('system').map(({ code }) => code),
      codes,
    )
    for (const { remedy } of told('system')) assert.match(remedy, /NTP or chrony/)
    assert.deepEqual(told('simulator'), [], "a simulator's clock may do as it likes")
  })
}
