/** The next page of a list is asked for while the one before it is applied; nothing else about a reading changes. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { mirroredPractice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { setFailpointHook } from '../failpoints/failpoint.ts'

const pageSize = 16
/** Pages overlap by half when they are this small. */
const step = pageSize / 2

/** A practice whose first load is about to begin, and the pages of patients that are asked for: department and offset. */
async function setUp(t: TestContext) {
  const mirrored = await mirroredPractice(t, { patients: 80, settings: { snapshotPageSize: pageSize } })
  const asked: { department: string | null; offset: number }[] = []
  const failing = new Set<number>()
  mirrored.fetch = async (url, init, call) => {
    if (call.route !== '/patients') return mirrored.toSimulator(url, init, call)
    const query = new URL(String(url)).searchParams
    const offset = Number(query.get('offset') ?? 0)
    asked.push({ department: query.get('departmentid'), offset })
    return failing.delete(offset) ? new Response('', { status: 503 }) : mirrored.toSimulator(url, init, call)
  }
  return { mirrored, asked, failing }
}

test('a page is asked for before the one before it is applied, and once', async (t) => {
  const { mirrored, asked } = await setUp(t)
  await mirrored.step('departments')
  const askedAtApply: number[] = []
  t.after(setFailpointHook((name) => void (name === 'sync.before-applied' && askedAtApply.push(asked.length))))
  await mirrored.step('patients')
  const [first] = asked
  const list = asked.filter(({ department }) => department === first?.department).map(({ offset }) => offset)
  assert.deepEqual(list.slice(0, 2), [0, step])
  assert.equal(askedAtApply[0], 2)
  assert.deepEqual(list, [...new Set(list)], 'none is asked for twice')
})

test('a page that fails ahead of its time is a failure of its turn, and is read again', async (t) => {
  const { mirrored, asked, failing } = await setUp(t)
  failing.add(step)
  await mirrored.bringUp()
  assert.equal(failing.size, 0)
  assert.ok(asked.filter(({ offset }) => offset === step).length >= 2)
  await assertEqualsTruth(mirrored)
})

test('a crash while a page is asked for ahead loses nothing', async (t) => {
  const { mirrored, asked } = await setUp(t)
  const unset = setFailpointHook((name) => {
    if (name === 'sync.before-applied' && asked.some(({ offset }) => offset === step)) throw new Error('killed')
  })
  t.after(unset)
  await mirrored.step().catch(() => undefined)
  unset()
  await mirrored.bringUp()
  await assertEqualsTruth(mirrored)
})
