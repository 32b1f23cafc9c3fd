/** Records that a list shows between a wish and the looks that do not find them: since when they count as missing. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { wishForHeld } from '../records/record-name.ts'
import { confirmRecords, nextFetchSeq } from '../records/records.sql.ts'
import { troubleOf } from './gap.sql.ts'
import { noteWishes } from './note-wishes.ts'
import { postponeRefetch } from './refetch.sql.ts'

const minute = 60_000

/** A provider whom athenahealth does not find by id, and what lists and checks make of it. */
async function withoutProvider(t: Parameters<typeof mirroredPractice>[0]) {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  const [provider] = await mirrored.opened('provider')
  assert.ok(provider)
  const { key, body } = provider
  const asked = { times: 0 }
  mirrored.fetch = (url, init, call) => {
    if (call.route !== '/providers/{providerid}' || !new URL(url).pathname.endsWith(`/${key}`))
      return mirrored.toSimulator(url, init, call)
    asked.times += 1
    return Promise.resolve(Response.json([]))
  }
  const wish = (isUnseen: boolean) =>
    mirrored.deps.db.practice(practice, async (tx) => {
      const keys = await mirrored.deps.sealing.practice(tx, practice)
      const wishes = [wishForHeld('provider', keys, body) ?? assert.fail()]
      await noteWishes(tx, keys, { practice, wishes, isUnseen })
    })
  const show = () =>
    mirrored.deps.db.practice(practice, async (tx) => {
      await confirmRecords(tx, { practice, kind: 'provider' }, { keys: [key], fetchSeq: await nextFetchSeq(tx) })
    })
  const look = async () => {
    await mirrored.advance(61_000)
    await mirrored.stepFeed('providers')
  }
  const putOff = (afterMs: number, why: { missing?: boolean; isPatientUnclear?: boolean }) =>
    mirrored.deps.db.practice(practice, (tx) =>
      postponeRefetch(tx, { practice, feed: 'providers' }, { recordKey: key, afterMs, ...why }),
    )
  const told = async () => {
    const rows = await mirrored.deps.db.practice(0, (tx) => troubleOf(tx, [practice]))
    return rows.find(({ feed }) => feed === 'providers')
  }
  const state = async () => (await mirrored.opened('provider')).find((one) => one.key === key)?.state
  return { mirrored, asked, wish, show, look, state, putOff, told }
}

test('what was shown after it was missed is not deleted by one look more, though a check did not see it', async (t) => {
  const { asked, wish, show, look, state } = await withoutProvider(t)
  await wish(false)
  await look()
  await show()
  await wish(true)
  await look()
  assert.deepEqual([asked.times, await state()], [2, 'present'])
})

test('what was shown before it was missed is deleted when it is missed again', async (t) => {
  const { asked, wish, show, look, state } = await withoutProvider(t)
  await wish(true)
  await show()
  await look()
  await look()
  assert.deepEqual([asked.times, await state()], [2, 'deleted'])
})

test('that its patient is unclear is told also when a check that does not see the record has it asked for again', async (t) => {
  const { wish, putOff, told } = await withoutProvider(t)
  await wish(false)
  await putOff(10 * minute, { missing: true, isPatientUnclear: true })
  await wish(true)
  assert.equal((await told())?.unclear, '1')
  await wish(false)
  assert.equal((await told())?.unclear, '0')
})

test('what is not settled for days is told also when a check that does not see the record has it asked for again', async (t) => {
  const { mirrored, wish, putOff, told } = await withoutProvider(t)
  await wish(false)
  await putOff(26 * 60 * minute, {})
  await mirrored.advance(25 * 60 * minute)
  assert.equal((await told())?.unsettled, '1')
  await wish(true)
  assert.equal((await told())?.unsettled, '1')
  await wish(false)
  assert.equal((await told())?.unsettled, '0')
})
