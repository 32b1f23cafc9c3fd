import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Priority } from './priorities.ts'
import { WaitingLine } from './waiting-line.ts'

interface Call {
  readonly priority: Priority
  readonly practice: number
  readonly name: string
}

function lineOf(...names: string[]): WaitingLine<Call> {
  const line = new WaitingLine<Call>()
  for (const name of names) line.add(call(name))
  return line
}

/** 'bulk/7/a': priority, practice, call. */
function call(name: string): Call {
  const [priority, practice] = name.split('/')
  return { priority: priority as Priority, practice: Number(practice), name } // the tests below write real priorities
}

function drained(line: WaitingLine<Call>): string[] {
  const names: string[] = []
  for (let next = line.take(); next; next = line.take()) names.push(next.name)
  return names
}

test('the more urgent priority goes first, whatever came first', () => {
  const line = lineOf('bulk/1/a', 'feeds/1/b', 'reconciliation/1/c', 'interactive/1/d', 'notifications/1/e')
  assert.deepEqual(drained(line), [
    'interactive/1/d',
    'notifications/1/e',
    'feeds/1/b',
    'reconciliation/1/c',
    'bulk/1/a',
  ])
})

test('a practice with one call waits for one call of each other practice, not for all of them', () => {
  const line = lineOf('bulk/1/a', 'bulk/1/b', 'bulk/1/c', 'bulk/2/d', 'bulk/2/e', 'bulk/3/f')
  assert.deepEqual(drained(line), ['bulk/1/a', 'bulk/2/d', 'bulk/3/f', 'bulk/1/b', 'bulk/2/e', 'bulk/1/c'])
})

test('a practice that comes back keeps its turn behind those that wait', () => {
  const line = lineOf('bulk/1/a', 'bulk/2/b')
  assert.equal(line.take()?.name, 'bulk/1/a')
  line.add(call('bulk/1/c'))
  assert.deepEqual(drained(line), ['bulk/2/b', 'bulk/1/c'])
})

test('a practice that comes after a while goes before one that was served a moment ago', () => {
  const line = lineOf('bulk/1/a', 'bulk/1/b', 'bulk/1/c')
  assert.equal(line.take()?.name, 'bulk/1/a')
  line.add(call('bulk/2/d'))
  assert.deepEqual(drained(line), ['bulk/2/d', 'bulk/1/b', 'bulk/1/c'])
})

test('nobody gets more by leaving the line and coming back', () => {
  const line = lineOf('bulk/1/a', 'bulk/2/x', 'bulk/2/y', 'bulk/2/z')
  const served: string[] = []
  for (let call1 = 0; call1 < 3; call1 += 1) {
    const next = line.take()
    served.push(next?.name ?? '')
    if (next?.practice === 1) line.add(call(`bulk/1/again-${call1}`))
  }
  assert.deepEqual(served, ['bulk/1/a', 'bulk/2/x', 'bulk/1/again-0'])
})

test('nor by giving up a call and asking again', () => {
  const line = lineOf('bulk/1/a', 'bulk/2/x', 'bulk/2/y')
  assert.equal(line.take()?.name, 'bulk/1/a')
  const given = call('bulk/1/given-up')
  line.add(given)
  line.remove(given)
  assert.equal(line.take()?.name, 'bulk/2/x')
  line.add(call('bulk/1/again'))
  assert.deepEqual(drained(line), ['bulk/2/y', 'bulk/1/again'])
})

test('nor a light practice by giving up all that is left to it after it was served', () => {
  const line = new WaitingLine<Call>({ practice: (practice) => (practice === 1 ? 0.1 : 1), caller: () => 1 })
  const given = call('bulk/1/given-up')
  for (const one of [call('bulk/1/a'), given, ...'vwxyz'.split('').map((letter) => call(`bulk/2/${letter}`))]) {
    line.add(one)
  }
  assert.equal(line.take()?.name, 'bulk/1/a')
  line.remove(given)
  line.add(call('bulk/1/again'))
  assert.deepEqual(drained(line).at(-1), 'bulk/1/again')
})

test('nor does a light practice whose only call is given up and asked for again', () => {
  const line = new WaitingLine<Call>({ practice: (practice) => (practice === 1 ? 0.1 : 1), caller: () => 1 })
  line.add(call('bulk/1/a'))
  assert.equal(line.take()?.name, 'bulk/1/a')
  const served: (number | undefined)[] = []
  for (const letter of 'rstuvwxyz') line.add(call(`bulk/2/${letter}`))
  for (let turn = 0; turn < 9; turn++) {
    const given = call(`bulk/1/given-up-${turn}`)
    line.add(given)
    line.remove(given)
    line.add(call(`bulk/1/again-${turn}`))
    served.push(line.take()?.practice)
  }
  assert.deepEqual(
    served,
    Array.from({ length: 9 }, () => 2),
  )
})

test('a practice of weight 3 gets three calls for each of another', () => {
  const line = new WaitingLine<Call>({ practice: (practice) => (practice === 7 ? 3 : 1), caller: () => 1 })
  for (const name of ['1/a', '1/b', '1/c', ...'stuvwxyz'.split('').map((letter) => `7/${letter}`)])
    line.add(call(`bulk/${name}`))
  const first = Array.from({ length: 8 }, () => line.take()?.practice)
  assert.equal(first.filter((practice) => practice === 7).length, 6)
})

test('who gives up leaves no trace', () => {
  const line = lineOf('feeds/1/a')
  const leaver = call('feeds/2/b')
  line.add(leaver)
  assert.equal(line.remove(leaver), true)
  assert.equal(line.remove(leaver), false)
  assert.equal(line.size, 1)
  assert.deepEqual(line.practices(), [{ practice: 1, priority: 'feeds' }])
})

test('a call put back goes first within its priority', () => {
  const line = lineOf('bulk/1/a', 'bulk/2/b')
  line.addFirst(call('bulk/3/c'))
  line.addFirst(call('bulk/2/d'))
  assert.equal(line.size, 4)
  assert.deepEqual(drained(line), ['bulk/2/d', 'bulk/3/c', 'bulk/1/a', 'bulk/2/b'])
})

test('it says which priority is the first that booked calls do not cover', () => {
  const line = lineOf('interactive/1/a', 'feeds/1/b', 'feeds/2/c', 'bulk/1/d')
  assert.deepEqual(line.unserved(0), { priority: 'interactive', count: 1 })
  assert.deepEqual(line.unserved(1), { priority: 'feeds', count: 2 })
  assert.deepEqual(line.unserved(2), { priority: 'feeds', count: 1 })
  assert.deepEqual(line.unserved(3), { priority: 'bulk', count: 1 })
  assert.equal(line.unserved(4), undefined)
})

test('a call of one practice can be taken, the most urgent of it', () => {
  const line = lineOf('bulk/1/a', 'interactive/2/b', 'feeds/1/c')
  assert.equal(line.take(1)?.name, 'feeds/1/c')
  assert.equal(line.take(9), undefined)
  assert.deepEqual(line.practices(), [
    { practice: 2, priority: 'interactive' },
    { practice: 1, priority: 'bulk' },
  ])
})

test('everybody of one priority can be sent away', () => {
  const line = lineOf('bulk/1/a', 'interactive/2/b', 'bulk/2/c', 'bulk/1/d')
  assert.deepEqual(
    line.takeAll('bulk').map((waiter) => waiter.name),
    ['bulk/1/a', 'bulk/1/d', 'bulk/2/c'],
  )
  assert.equal(line.count('bulk'), 0)
  assert.equal(line.size, 1)
  assert.deepEqual(drained(line), ['interactive/2/b'])
})

/** Practice 1 weighs little: each of its calls counts like four of another's. */
function weighedLine(...names: string[]): WaitingLine<Call> {
  const line = new WaitingLine<Call>({ practice: (practice) => (practice === 1 ? 0.25 : 1), caller: () => 1 })
  for (const name of names) line.add(call(name))
  return line
}

test('who comes back begins where it left, not ahead of those who waited meanwhile', () => {
  const line = weighedLine('bulk/1/a', 'bulk/2/b', 'bulk/2/c', 'bulk/2/d')
  assert.equal(line.take()?.name, 'bulk/1/a')
  assert.equal(line.size, 3)
  line.add(call('bulk/1/e'))
  assert.deepEqual(drained(line), ['bulk/2/b', 'bulk/2/c', 'bulk/2/d', 'bulk/1/e'])
})

test('who comes late has no claim to the turns it was not there for', () => {
  const line = lineOf('bulk/1/a', 'bulk/1/b', 'bulk/1/c', 'bulk/1/d')
  for (let served = 0; served < 3; served += 1) line.take()
  for (const name of ['bulk/3/x', 'bulk/3/y', 'bulk/3/z']) line.add(call(name))
  assert.deepEqual(drained(line), ['bulk/3/x', 'bulk/1/d', 'bulk/3/y', 'bulk/3/z'])
})

test('a call put back goes before those whose turn comes later, and practices are told in the order of their turns', () => {
  const line = weighedLine('bulk/1/a', 'bulk/1/b', 'bulk/2/c', 'bulk/2/d', 'bulk/3/e')
  for (const name of ['bulk/1/a', 'bulk/2/c', 'bulk/3/e']) assert.equal(line.take()?.name, name)
  assert.deepEqual(
    line.practices().map(({ practice }) => practice),
    [2, 1],
  )
  line.addFirst(call('bulk/3/e'))
  assert.deepEqual(drained(line), ['bulk/3/e', 'bulk/2/d', 'bulk/1/b'])
})

test('a practice is told once, with its most urgent call; who leaves takes no other call along', () => {
  const line = lineOf('bulk/1/a', 'feeds/1/b')
  const leaver = call('feeds/1/c')
  line.add(leaver)
  assert.deepEqual(line.practices(), [{ practice: 1, priority: 'feeds' }])
  assert.equal(line.remove(leaver), true)
  assert.deepEqual(drained(line), ['feeds/1/b', 'bulk/1/a'])
})

test('where a practice left is remembered, however many others leave, for as long as it makes a difference', () => {
  const line = weighedLine('bulk/1/a')
  line.take()
  for (let practice = 2; practice <= 1_100; practice += 1) {
    line.add(call(`bulk/${practice}/b`))
    line.take()
  }
  for (const name of ['bulk/1/c', 'bulk/2/d', 'bulk/2/e']) line.add(call(name))
  assert.deepEqual(drained(line), ['bulk/2/d', 'bulk/2/e', 'bulk/1/c'])
})
