import assert from 'node:assert/strict'
import test from 'node:test'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'

test('a list that a snapshot reads, and that lags behind the feed, takes nothing back that the feed has just brought', async (t) => {
  const mirrored = await mirroredPractice(t, { patients: 9 })
  await mirrored.bringUp()
  await mirrored.run(1)
  const lists = new Map<string, string>()
  let isBehind = false
  mirrored.fetch = async (url, init, call) => {
    const answer = await mirrored.toSimulator(url, init, call)
    if (call.route !== '/patients') return answer
    const list = new URL(url).search
    const text = await answer.text()
    if (!isBehind) lists.set(list, text)
    return new Response(lists.get(list) ?? text, { headers: { 'content-type': 'application/json' } })
  }
  await mirrored.wantSnapshot('patients')
  await mirrored.run(1)
  assert.notEqual(lists.size, 0)
  mirrored.change({ kind: 'updatepatient', patient: '6', fields: { lastname: 'Larch' } })
  await mirrored.run(2)
  isBehind = true
  await mirrored.wantSnapshot('patients')
  await mirrored.run(6)
  await assertEqualsTruth(mirrored)
})
