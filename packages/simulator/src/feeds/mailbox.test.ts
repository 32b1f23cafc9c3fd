import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mailbox } from './mailbox.ts'

const at = (id: string, time: number) => ({ id, at: time, departmentId: '1' })

test('a record keeps the place of its first change, in what waits and in what is replayed', () => {
  const mailbox = new Mailbox(1000)
  for (const message of [at('a', 1), at('b', 2), at('a', 3)]) mailbox.add(message)
  assert.deepEqual(
    [...mailbox.waiting()].map(({ id }) => id),
    ['a', 'b'],
  )
  // A filtered read takes them in another order than they changed in.
  mailbox.process([at('b', 2)], 10)
  mailbox.process([...mailbox.waiting()], 11)
  assert.deepEqual(
    mailbox.replay({ from: 0, until: 20, now: 20 }).map(({ id }) => id),
    ['a', 'b'],
  )
})

test('a window holds both of its ends', () => {
  const mailbox = new Mailbox(1000)
  for (const time of [10, 20, 30]) mailbox.process([at(String(time), time)], time)
  const replayed = (from: number, until: number) => mailbox.replay({ from, until, now: 40 }).map(({ id }) => id)
  assert.deepEqual(replayed(10, 30), ['10', '20', '30'])
  assert.deepEqual(replayed(11, 29), ['20'])
  assert.deepEqual(replayed(20, 20), ['20'])
})

test('a long, busy feed forgets what is past the retention and nothing else', () => {
  const mailbox = new Mailbox(2500)
  for (let time = 1; time <= 10_000; time += 1) {
    mailbox.add(at(String(time), time))
    mailbox.process([at(String(time), time)], time)
  }
  const kept = mailbox.replay({ from: 0, until: 10_000, now: 10_000 })
  assert.equal(kept.length, 2501)
  assert.equal(kept[0]?.id, '7500')
  assert.equal(mailbox.size, 0)
})

test('what nobody reads waits for ever, or as long as its retention says', () => {
  for (const [retentionMs, left] of [
    [undefined, ['a', 'b', 'c']],
    [100, ['b', 'c']],
  ] as const) {
    const mailbox = new Mailbox(1000, retentionMs)
    for (const message of [at('a', 1), at('b', 50), at('c', 60)]) mailbox.add(message)
    mailbox.letGo(150)
    assert.deepEqual(
      [...mailbox.waiting()].map(({ id }) => id),
      left,
    )
  }
})
