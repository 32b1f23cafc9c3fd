/** How urgent it is to ask for a record by id: as reading the feed that named it, or as a check. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import type { MirrorRecord } from '../../testing/oracle.ts'
import { wishForHeld } from '../records/record-name.ts'
import type { CallContext } from '../upstream/call-context.ts'
import { coreFeeds } from './feed-name.ts'
import { noteWishes } from './note-wishes.ts'

const hour = 3_600_000

/** With what priorities records are asked for by id along a route. */
function prioritiesOf(mirrored: MirroredPractice, route: string): string[] {
  const asked: string[] = []
  mirrored.fetch = (url, init, call) => {
    // What sync gives.
    if (call.route === route) asked.push((call.context as CallContext).priority)
    return mirrored.toSimulator(url, init, call)
  }
  return asked
}

async function withProviders(t: Parameters<typeof mirroredPractice>[0]) {
  const mirrored = await mirroredPractice(t)
  await mirrored.bringUp()
  await mirrored.run(1)
  const [provider, other] = await mirrored.opened('provider')
  assert.ok(provider && other)
  const asked = prioritiesOf(mirrored, '/providers/{providerid}')
  const rename = () => mirrored.change({ kind: 'updateprovider', provider: provider.key, lastname: 'Quill' })
  const wishForOther = (why: { isOfFeed?: boolean } = {}) =>
    mirrored.deps.db.practice(practice, async (tx) => {
      const keys = await mirrored.deps.sealing.practice(tx, practice)
      const wishes = [wishForHeld('provider', keys, other.body) ?? assert.fail()]
      await noteWishes(tx, keys, { practice, wishes, ...why })
    })
  return { mirrored, asked, rename, wishForOther }
}

test('what a feed has only named is asked for with the priority of feeds', async (t) => {
  const { mirrored, asked, rename } = await withProviders(t)
  rename()
  await mirrored.run(1)
  assert.deepEqual(asked, ['feeds'])
})

test('so it is where the page was lost, and a replay has named it', async (t) => {
  const { mirrored, asked, rename } = await withProviders(t)
  const { fetch } = mirrored
  let isLost = false
  mirrored.fetch = async (url, init, call) => {
    const answer = await fetch(url, init, call)
    if (isLost || !call.consuming || call.route !== '/providers/changed') return answer
    isLost = true
    return new Response('', { status: 504 })
  }
  rename()
  await mirrored.run(2)
  assert.deepEqual([isLost, [...new Set(asked)]], [true, ['feeds']])
})

test('what nothing but a check or a list has told of is asked for with the priority of checks', async (t) => {
  const { mirrored, asked, rename, wishForOther } = await withProviders(t)
  await wishForOther()
  await mirrored.run(1)
  assert.deepEqual(asked, ['reconciliation'])
  // Until the night is near, in which all is asked for again that the feed has named since.
  await mirrored.advance(14 * hour)
  await mirrored.run(1)
  rename()
  await mirrored.run(1)
  assert.deepEqual(asked.splice(0), ['reconciliation', 'feeds'])
  // A look at what was processed has told no news either.
  await mirrored.run(20)
  assert.deepEqual(asked, ['reconciliation'])
  for (let hours = 0; hours < 3; hours += 1) {
    await mirrored.advance(hour)
    await mirrored.run(1)
  }
  assert.ok(asked.length > 1, `${asked.length} questions`)
  assert.deepEqual([...new Set(asked)], ['reconciliation'])
})

test('it is no less urgent where something else wants to know it besides', async (t) => {
  const { mirrored, asked, wishForOther } = await withProviders(t)
  await wishForOther({ isOfFeed: true })
  await wishForOther()
  await mirrored.run(1)
  assert.deepEqual(asked, ['feeds'])
})

test('what a feed has named goes before what has waited for longer, and is not kept waiting by it', async (t) => {
  const { mirrored, asked, rename, wishForOther } = await withProviders(t)
  await wishForOther()
  rename()
  await mirrored.advance(61_000)
  // One step reads the feed before another asks for the younger wish, and a third for the older one.
  await mirrored.stepFeed('providers')
  assert.deepEqual(asked, ['feeds', 'reconciliation'])
})

test('nor by a backlog of more than a step takes', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 40 })
  await mirrored.bringUp()
  await mirrored.run(1)
  const [named, ...others] = await mirrored.opened('patient')
  assert.ok(named && others.length > 25)
  const asked: [id: string, priority: string][] = []
  mirrored.fetch = (url, init, call) => {
    if (call.route === '/patients/{patientid}')
      asked.push([new URL(url).pathname.split('/').at(-1) ?? '', (call.context as CallContext).priority])
    return mirrored.toSimulator(url, init, call)
  }
  const wish = (bodies: readonly MirrorRecord['body'][], why: { isOfFeed?: boolean } = {}) =>
    mirrored.deps.db.practice(practice, async (tx) => {
      const keys = await mirrored.deps.sealing.practice(tx, practice)
      const wishes = bodies.map((body) => wishForHeld('patient', keys, body) ?? assert.fail())
      await noteWishes(tx, keys, { practice, wishes, ...why })
    })
  await wish(others.map(({ body }) => body))
  await mirrored.advance(1_000)
  await wish([named.body], { isOfFeed: true })
  await mirrored.run(3)
  assert.deepEqual(asked[0], [String(named.body.patientid), 'feeds'])
  assert.deepEqual([...new Set(asked.slice(1).map(([, priority]) => priority))], ['reconciliation'])
  assert.equal(asked.length, 1 + others.length)
})

test('a first load of results asks for their values behind the feeds', async (t) => {
  const mirrored = await mirroredPractice(t, { settings: { feeds: [...coreFeeds, 'labresults'] } })
  const asked = prioritiesOf(mirrored, '/patients/{patientid}/documents/labresult/{labresultid}')
  await mirrored.bringUp()
  await mirrored.run(3)
  assert.ok(asked.length > 0)
  assert.deepEqual([...new Set(asked)], ['reconciliation'])
})
