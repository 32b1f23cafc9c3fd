/** What is known of a visit whose change a read by id saw before the feed told of it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, breakDrain } from '../../testing/practice-life.ts'
import { found, passUntilJudged, unexplained } from '../../testing/reconciled-practice.ts'
import { sql } from '../db/db.ts'
import { wishForHeld } from '../records/record-name.ts'
import { noteWishes } from './note-wishes.ts'

const changesSql = sql(
  'test.changes_of_visit',
  `select what, fields from aegis.change where kind = 'appointment' and key = $1 order by change_id desc`,
)

/** What the history of a visit says, latest first. */
async function history({ deps }: MirroredPractice, id: string): Promise<string[]> {
  type Row = { readonly what: string; readonly fields: readonly string[] }
  const rows = await deps.db.practice(practice, (tx) => tx.rows<Row>(changesSql, [id]))
  return rows.map(({ what, fields }) => [what, ...fields].join(' '))
}

async function heldBody(mirrored: MirroredPractice, id: string): Promise<Readonly<Record<string, unknown>>> {
  const held = (await mirrored.opened('appointment')).find(({ key }) => key === id)
  assert.ok(held)
  return held.body
}

async function askById(mirrored: MirroredPractice, id: string): Promise<void> {
  const body = await heldBody(mirrored, id)
  await mirrored.deps.db.practice(practice, async (tx) => {
    const keys = await mirrored.deps.sealing.practice(tx, practice)
    const wish = wishForHeld('appointment', keys, body)
    assert.ok(wish)
    await noteWishes(tx, keys, { practice, wishes: [wish] })
  })
}

/** A visit with a note is cancelled, and read by its id while the feed does not tell of it yet; its id. */
async function cancelledUntold(mirrored: MirroredPractice): Promise<string> {
  await mirrored.bringUp()
  const [visit] = (await mirrored.opened('appointment')).filter(
    ({ body }) =>
      body.appointmentstatus === 'f' && Date.parse(String(body.date)) > mirrored.simulator.clock.now() + 3 * 86_400_000,
  )
  const id = String(visit?.key)
  mirrored.change({ kind: 'addnote', appointment: id, text: 'bring the card' })
  await mirrored.run(3)
  assert.ok('appointmentnotes' in (await heldBody(mirrored, id)))
  mirrored.fetch = async (url, init, call) =>
    call.consuming ? Response.json({ totalcount: 0, [kindOf(call.route)]: [] }) : mirrored.toSimulator(url, init, call)
  mirrored.change({ kind: 'cancel', appointment: id })
  await askById(mirrored, id)
  await mirrored.run(2)
  mirrored.fetch = mirrored.toSimulator
  const shown = await heldBody(mirrored, id)
  assert.deepEqual([shown.appointmentstatus, shown.appointmentnotes, shown.lastmodified], ['x', undefined, undefined])
  assert.deepEqual((await history(mirrored, id))[0], 'updated appointmentstatus')
  return id
}

/** Member that holds the records of a feed's page. */
function kindOf(route: string): string {
  return String(/^\/([a-z]+)\/changed$/.exec(route)?.[1])
}

const completed =
  'updated appointmentnotes cancelledby cancelleddatetime cancelreasonid cancelreasonname cancelreasonnoshow ' +
  'cancelreasonslotavailable coordinatorenterprise hl7providerid lastmodified lastmodifiedby scheduledby ' +
  'scheduleddatetime templateappointmentid templateappointmenttypeid'

test('the feed tells the rest of what a read by id has shown, and the history says so', async (t) => {
  const mirrored = await mirroredPractice(t)
  const id = await cancelledUntold(mirrored)
  await mirrored.run(3)
  assert.ok('cancelledby' in (await heldBody(mirrored, id)))
  assert.equal((await history(mirrored, id))[0], completed)
  await assertEqualsTruth(mirrored)
})

test('where the feed told it in a lost page alone the check of the list does, and calls it no loss', async (t) => {
  const mirrored = await mirroredPractice(t)
  const id = await cancelledUntold(mirrored)
  breakDrain(mirrored, () => new Response('', { status: 504 }))
  await mirrored.run(6)
  mirrored.fetch = mirrored.toSimulator
  assert.equal('cancelledby' in (await heldBody(mirrored, id)), false)
  await passUntilJudged(mirrored, { task: 'weekly', daysMax: 9 })
  assert.ok('cancelledby' in (await heldBody(mirrored, id)))
  assert.equal((await history(mirrored, id))[0], completed)
  assert.deepEqual(await unexplained(mirrored), [])
  const [told] = (await found(mirrored)).filter(({ key }) => key === id)
  assert.equal(told?.explanation, 'unannounced')
  await assertEqualsTruth(mirrored)
})
