import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lockstep, lockstep } from '../../testing/lockstep.ts'
import { silentLog } from '../../testing/memory-log.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import { isAegisError } from '../errors/aegis-error.ts'
import { PullTurns, type Turn, type TurnRequest } from './pull-turns.ts'

const database = await scratchDatabase()
const spacingMs = 500
const pageMs = 2_000
let practices = 0

interface Pull {
  readonly practice: number
  readonly holder: string
  readonly from: number
  readonly to: number
}

/** Processes that pull pages, each as fast as it gets its turn; `pulls` notes when each page was under way. */
async function setUp(apartMs = spacingMs) {
  const time = await lockstep(database)
  const pulls: Pull[] = []
  const processes = new Map<string, PullTurns>()
  const turnsOf = (holder: string) => {
    const turns =
      processes.get(holder) ?? new PullTurns({ db: time.db, clock: time.clock, log: silentLog, holder }, apartMs)
    processes.set(holder, turns)
    return turns
  }
  const take = (holder: string, practice: number, more: Partial<TurnRequest> = {}) =>
    turnsOf(holder).take({ practice, patienceMs: 600_000, signal: new AbortController().signal, ...more })
  const pull = async (holder: string, practice: number, pages: number) => {
    for (let page = 0; page < pages; page += 1) {
      const turn = await take(holder, practice)
      const from = time.clock.now()
      await time.clock.sleep(pageMs)
      pulls.push({ practice, holder, from, to: time.clock.now() })
      await turn.end()
    }
  }
  return { time, pulls, take, pull }
}

async function ended(time: Lockstep, taken: Promise<Turn>): Promise<unknown> {
  return time.run(
    taken.then(
      () => 'taken',
      (error: unknown) => (isAegisError(error) ? error.code : error),
    ),
  )
}

test('large pulls of one practice go one after another and apart, whatever processes pull', async () => {
  const { time, pulls, pull } = await setUp()
  const practice = practices++
  await time.run(Promise.all(['one', 'one', 'two'].map((holder) => pull(holder, practice, 3))))
  const inOrder = pulls.toSorted((a, b) => a.from - b.from)
  assert.equal(inOrder.length, 9)
  const gaps = inOrder.slice(1).map(({ from }, index) => from - (inOrder[index]?.to ?? 0))
  assert.ok(Math.min(...gaps) >= spacingMs, gaps.join())
  assert.ok(Math.max(...gaps) <= 2_500, gaps.join())
})

test('calls of one process follow one another without asking the database, in the order in which they came', async () => {
  const { time, pulls, pull } = await setUp()
  const practice = practices++
  await time.run(Promise.all([pull('one', practice, 3), pull('one', practice, 3)]))
  const starts = pulls.map(({ from }) => from - (pulls[0]?.from ?? 0))
  assert.deepEqual(starts, [0, 2_500, 5_000, 7_500, 10_000, 12_500])
})

for (const apartMs of [spacingMs, 0])
  test(`a process that always has the next call waiting does not keep another one from its turn: ${apartMs} ms apart`, async () => {
    const { time, pulls, pull, take } = await setUp(apartMs)
    const practice = practices++
    const flood = Promise.all(['one', 'one', 'one'].map((holder) => pull(holder, practice, 10)))
    await time.run(time.clock.sleep(9_000))
    const from = time.clock.now()
    const turn = await time.run(take('two', practice))
    assert.ok(time.clock.now() - from < 2 * pageMs + spacingMs + 1_000, `${time.clock.now() - from} ms`)
    const before = pulls.length
    await time.run(turn.end())
    await time.run(flood)
    assert.ok(before < 8 && pulls.length === 30)
  })

test('the turn does not outlive the last call that waits for it', async () => {
  const { time, take } = await setUp()
  const practice = practices++
  const turn = await time.run(take('one', practice))
  const cancel = new AbortController()
  const restMs = take('one', practice, { signal: cancel.signal }).catch(async () => {
    const [lease] = await database.owner.rows<{ restMs: number }>(
      `select (extract(epoch from expires_at - aegis.now()) * 1000)::integer as "restMs" from control.lease where name = $1`,
      [`large-pull/${practice}`],
    )
    return lease?.restMs
  })
  await time.run(turn.end())
  cancel.abort('stopped')
  assert.equal(await restMs, spacingMs)
})

test('one practice does not hold up another', async () => {
  const { time, pulls, pull } = await setUp()
  const [one, other] = [practices++, practices++]
  await time.run(Promise.all([pull('one', one, 1), pull('two', other, 1)]))
  assert.equal(pulls[0]?.from, pulls[1]?.from)
})

test('who died holds up the next one for 30 seconds, and no longer', async () => {
  const { time, take } = await setUp()
  const practice = practices++
  await database.owner.rows(
    `insert into control.lease (name, fence, holder, expires_at)
     values ($1, 1, 'dead', aegis.now() + interval '30 seconds')`,
    [`large-pull/${practice}`],
  )
  const from = time.clock.now()
  await (await time.run(take('one', practice))).end()
  const waitedMs = time.clock.now() - from
  assert.ok(waitedMs >= 30_000 && waitedMs < 31_500, `${waitedMs} ms`)
})

test('who waits in vain or gives up is told so', async () => {
  const { time, take } = await setUp()
  const practice = practices++
  const turn = await time.run(take('one', practice))
  assert.equal(await ended(time, take('two', practice, { patienceMs: 5_000 })), 'quota.timeout')
  const cancel = new AbortController()
  time.clock.timer(1_000, () => cancel.abort('given up'))
  assert.equal(await ended(time, take('two', practice, { signal: cancel.signal })), 'given up')
  await time.advance(60_000)
  assert.equal(await ended(time, take('two', practice, { patienceMs: 5_000 })), 'quota.timeout')
  await time.run(turn.end())
  assert.equal(await ended(time, take('two', practice, { patienceMs: 5_000 })), 'taken')
})

test('a turn that is lost between two calls fails nobody who waits: they wait for the next one', async () => {
  const apartMs = 60_000
  const { time, take } = await setUp(apartMs)
  const practice = practices++
  const turn = await time.run(take('one', practice))
  const next = take('one', practice)
  await time.run(turn.end())
  await time.advance(1_000)
  await database.owner.rows(
    `update control.lease set fence = fence + 1, holder = 'other', expires_at = aegis.now() + interval '40 seconds'
     where name = $1`,
    [`large-pull/${practice}`],
  )
  const granted = await time.run(next)
  assert.equal(granted.lost.aborted, false)
  await time.run(granted.end())
})

test('who loses it is told what concerns the call, not the work that it is made for', async () => {
  const { time, take } = await setUp()
  const practice = practices++
  const turn = await time.run(take('one', practice))
  await database.owner.rows('update control.lease set fence = fence + 1 where name = $1', [`large-pull/${practice}`])
  await time.advance(30_000)
  assert.ok(isAegisError(turn.lost.reason, 'quota.timeout'), String(turn.lost.reason))
})
