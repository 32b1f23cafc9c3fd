/** What is known of a record that a read by id shows in part: a visit whose change it saw before the feed told of it, a provider. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
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

const ofList = {
  homedepartment: 'Main Street',
  scheduleresourcetype: 'Cardiology',
  createencounterprovideridlist: ['71'],
}

/** Providers show `ofList`, or something else, in the list, and none of it by id, as recorded. */
function providersAnswer(mirrored: MirroredPractice, shown: object): AthenaFetch {
  return async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route === '/providers/{providerid}') {
      const [provider] = (await response.json()) as object[]
      const rest = Object.entries(provider ?? {}).filter(([name]) => !Object.hasOwn(ofList, name))
      return Response.json([Object.fromEntries(rest)])
    }
    if (call.route !== '/providers') return response
    const { providers, ...page } = (await response.json()) as { readonly providers: readonly object[] }
    return Response.json({ ...page, providers: providers.map((provider) => ({ ...provider, ...shown })) })
  }
}

test('what the list of providers alone shows is no difference each night, and a change of it no loss', async (t) => {
  const mirrored = await mirroredPractice(t)
  mirrored.fetch = providersAnswer(mirrored, ofList)
  await mirrored.bringUp()
  const provider = (await mirrored.opened('provider'))[0]?.key
  mirrored.change({ kind: 'updateprovider', provider, lastname: 'Quill' })
  await mirrored.run(3)
  const body = async () => (await mirrored.opened('provider')).find(({ key }) => key === provider)?.body
  assert.deepEqual([(await body())?.lastname, (await body())?.homedepartment], ['Quill', undefined])
  for (let nights = 0; nights < 2; nights += 1) await passUntilJudged(mirrored, { task: 'nightly', daysMax: 3 })
  assert.deepEqual(await unexplained(mirrored), [])
  assert.equal((await body())?.homedepartment, ofList.homedepartment)
  mirrored.fetch = providersAnswer(mirrored, { ...ofList, homedepartment: 'High Street' })
  await passUntilJudged(mirrored, { task: 'nightly', daysMax: 3 })
  assert.deepEqual(await unexplained(mirrored), [])
  const moved = (await found(mirrored)).find(({ key, fields }) => key === provider && fields.includes('homedepartment'))
  assert.equal(moved?.explanation, 'unannounced')
})
