import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../testing/seeded-random.ts'
import { FairLane, type LaneCall, type Weights } from './fair-lane.ts'

const alike: Weights = { practice: () => 1, caller: () => 1 }

interface Serving {
  readonly serve: number
  readonly weights?: Weights
  /** Each slot is for the practice whose turn it is, as where practices have limits of their own. */
  readonly bySlots?: boolean
}

/** Serves so many calls while everybody of `flows` always has some waiting; how many each caller and practice got. */
function shares(flows: readonly LaneCall[], { serve, weights = alike, bySlots = false }: Serving) {
  const lane = new FairLane<LaneCall>(weights)
  for (const flow of flows) for (const call of [flow, { ...flow }]) lane.add(call)
  const callers = new Map<string, number>()
  const practices = new Map<number, number>()
  for (let served = 0; served < serve; served += 1) {
    const call = lane.take(bySlots ? lane.practices()[0] : undefined)
    assert.ok(call)
    lane.add({ ...call })
    const caller = call.caller ?? 'none'
    callers.set(caller, (callers.get(caller) ?? 0) + 1)
    practices.set(call.practice, (practices.get(call.practice) ?? 0) + 1)
  }
  return {
    caller: (name: string) => (callers.get(name) ?? 0) / serve,
    practice: (id: number) => (practices.get(id) ?? 0) / serve,
  }
}

const many = (count: number, of: (index: number) => LaneCall) => Array.from({ length: count }, (_, index) => of(index))

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.15, `${actual} is not about ${expected}`)
}

test('the programs that call for one practice share alike', () => {
  const of = shares(
    many(4, (index) => ({ practice: 1, caller: `program-${index}` })),
    { serve: 400 },
  )
  for (let index = 0; index < 4; index += 1) near(of.caller(`program-${index}`), 1 / 4)
})

test('a program that calls for 300 practices leaves half to one that calls for one', () => {
  const wide = many(300, (index) => ({ practice: index, caller: 'wide' }))
  const of = shares([...wide, { practice: 1_000, caller: 'narrow' }], { serve: 3_000 })
  near(of.caller('narrow'), 1 / 2)
})

test('and also where both call for the same practice', () => {
  const wide = many(300, (index) => ({ practice: index, caller: 'wide' }))
  const of = shares([...wide, { practice: 7, caller: 'narrow' }], { serve: 3_000 })
  near(of.caller('narrow'), 1 / 2)
})

test('a practice that 100 programs call for leaves half to another', () => {
  const crowd = many(100, (index) => ({ practice: 1, caller: `program-${index}` }))
  const of = shares([...crowd, { practice: 2, caller: 'alone' }], { serve: 2_000 })
  near(of.practice(2), 1 / 2)
})

test('where nobody says who calls, practices share alike', () => {
  const of = shares(
    many(5, (practice) => ({ practice })),
    { serve: 500 },
  )
  for (let practice = 0; practice < 5; practice += 1) near(of.practice(practice), 1 / 5)
})

test('a program of weight 3 gets three calls for each of another, a practice of weight 2 two', () => {
  const weights: Weights = { practice: (id) => (id === 2 ? 2 : 1), caller: (name) => (name === 'heavy' ? 3 : 1) }
  const heavy = shares(
    ['heavy', 'light'].map((caller) => ({ practice: 1, caller })),
    { serve: 400, weights },
  )
  near(heavy.caller('heavy'), 3 / 4)
  const wide = shares(
    [1, 2].map((practice) => ({ practice, caller: 'light' })),
    { serve: 300, weights },
  )
  near(wide.practice(2), 2 / 3)
})

for (const [title, busy] of [
  ['a program that calls for 300 practices', many(300, (practice) => ({ practice, caller: 'wide' }))],
  ['300 programs that call for one practice', many(300, (index) => ({ practice: 1, caller: `program-${index}` }))],
] as const) {
  test(`who comes with a single call beside ${title} waits for two of theirs at most`, () => {
    const lane = new FairLane<LaneCall>(alike)
    for (const call of busy) lane.add(call)
    for (let round = 1; round < 2_000; round += 1) {
      const call = lane.take()
      assert.ok(call)
      lane.add(call)
      if (round % 97 > 0) continue
      const comer = { practice: 1_000 + round, caller: `new-${round}` }
      lane.add(comer)
      const served = [lane.take(), lane.take(), lane.take()]
      assert.ok(served.includes(comer), `round ${round}`)
      for (const other of served) if (other && other !== comer) lane.add(other)
    }
  })
}

test('whatever comes, is served and is given up, every call is served once and none is forgotten', () => {
  const random = seededRandom(7)
  const pick = (count: number) => Math.floor(random.fraction() * count)
  for (let round = 0; round < 50; round += 1) {
    const lane = new FairLane<LaneCall>(alike)
    const waiting = new Set<LaneCall>()
    for (let step = 0; step < 200; step += 1) {
      const call = { practice: pick(5), caller: `program-${pick(3)}` }
      const what = pick(10)
      const known = [...waiting][pick(Math.max(1, waiting.size))]
      if (what < 5) lane.add(call)
      else if (what === 5) lane.addFirst(call)
      if (what <= 5) waiting.add(call)
      else if (what === 6 && known) assert.equal(lane.remove(known), waiting.delete(known))
      else {
        const taken = what === 7 ? lane.takeNewest() : lane.take(what === 8 ? pick(5) : undefined)
        if (taken) assert.ok(waiting.delete(taken))
        else assert.ok(what !== 9 || waiting.size === 0, 'somebody waits')
      }
      assert.equal(lane.count, waiting.size)
    }
    assert.deepEqual(new Set(lane.takeAll()), waiting)
    assert.equal(lane.count, 0)
  }
})

for (const [title, narrow] of [
  ['one that calls for another one', 1_000],
  ['one that calls for one of them', 7],
] as const) {
  test(`where slots are booked for practices, a program that calls for 300 leaves half to ${title}`, () => {
    const wide = many(300, (index) => ({ practice: index, caller: 'wide' }))
    const of = shares([...wide, { practice: narrow, caller: 'narrow' }], { serve: 1_000, bySlots: true })
    near(of.caller('narrow'), 1 / 2)
  })
}

test('where slots are booked for practices, one that 100 programs call for leaves half to another', () => {
  const crowd = many(100, (index) => ({ practice: 1, caller: `program-${index}` }))
  const of = shares([...crowd, { practice: 2, caller: 'alone' }], { serve: 2_000, bySlots: true })
  near(of.practice(2), 1 / 2)
})
