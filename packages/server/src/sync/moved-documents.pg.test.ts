/** Documents that are another patient's now than when they were asked for. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { AthenaFetch } from '@aegis/client'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth } from '../../testing/practice-life.ts'
import { sql } from '../db/db.ts'
import { coreFeeds } from './feed-name.ts'

async function withPrescriptions(t: Parameters<typeof mirroredPractice>[0]): Promise<MirroredPractice> {
  const mirrored = await mirroredPractice(t, { patients: 9, settings: { feeds: [...coreFeeds, 'prescriptions'] } })
  await mirrored.bringUp()
  await mirrored.run(2)
  return mirrored
}

interface Document {
  readonly prescriptionid: unknown
  readonly patientid?: unknown
}

/** A document stands with another patient than in the simulator's truth. */
function moved(mirrored: MirroredPractice, id: string, way: { from: string; to: string }): AthenaFetch {
  return async (url, init, call) => {
    const { pathname } = new URL(url)
    const at = (patient: string) => pathname.includes(`/patients/${patient}/documents/prescription`)
    if (!call.route.includes('/documents/prescription') || !(at(way.from) || at(way.to)))
      return mirrored.toSimulator(url, init, call)
    if (pathname.endsWith(`/${id}`)) {
      if (at(way.from)) return Response.json({ error: 'Not found.' }, { status: 404 })
      const found = await mirrored.toSimulator(url.replace(`/${way.to}/`, `/${way.from}/`), init, call)
      const body = (await found.json()) as Document | Document[]
      return Response.json([body].flat().map((one) => ({ ...one, patientid: way.to })))
    }
    if (call.route !== '/patients/{patientid}/documents/prescription') return mirrored.toSimulator(url, init, call)
    const listOf = async (patient: string) => {
      const of = url.replace(/\/patients\/\d+\//, `/patients/${patient}/`)
      const { prescriptions } = (await (await mirrored.toSimulator(of, init, call)).json()) as {
        prescriptions: Document[]
      }
      return prescriptions
    }
    const ofFormer = await listOf(way.from)
    const isMoved = ({ prescriptionid }: Document) => String(prescriptionid) === id
    const prescriptions = at(way.to)
      ? [...(await listOf(way.to)), ...ofFormer.filter(isMoved)]
      : ofFormer.filter((one) => !isMoved(one))
    return Response.json({ prescriptions, totalcount: prescriptions.length })
  }
}

for (const where of ['before', 'behind'] as const) {
  test(`a document that was moved to a patient who is read ${where} its former one stays`, async (t) => {
    const mirrored = await withPrescriptions(t)
    const patients = (await mirrored.opened('patient')).map(({ body }) => String(body.patientid))
    const documents = await mirrored.opened('prescription')
    const order = patients.filter((id) => documents.some(({ body }) => String(body.patientid) === id))
    const [from, to] = where === 'behind' ? [order[0], order[1]] : [order[1], order[0]]
    assert.ok(from && to)
    const id = String(documents.find(({ body }) => String(body.patientid) === from)?.body.prescriptionid)
    mirrored.fetch = moved(mirrored, id, { from, to })
    await mirrored.wantSnapshot('prescriptions')
    await mirrored.run(10)
    const held = (await mirrored.opened('prescription')).find(({ body }) => String(body.prescriptionid) === id)
    assert.deepEqual([held?.state, String(held?.body.patientid)], ['present', to])
    assert.equal((await mirrored.trouble()).inDoubt, 0)
  })
}

test('what comes back to a patient with the end of a merge was never gone', async (t) => {
  const mirrored = await withPrescriptions(t)
  // The feed of prescriptions is silent: they are asked for as the survivor's, and read with the one who is back.
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming || !call.route.includes('prescription')) return response
    return Response.json({ prescriptions: [], totalcount: 0 })
  }
  const from = String((await mirrored.opened('prescription'))[0]?.body.patientid)
  const into = ['6', '7', '8', '9'].find((id) => id !== from)
  mirrored.change({ kind: 'mergepatients', from, into })
  await mirrored.run(5)
  mirrored.change({ kind: 'unmergepatient', patient: from })
  await mirrored.run(8)
  await assertEqualsTruth(mirrored)
  const gone = sql('test.gone', `select key from aegis.change where kind = 'prescription' and what = 'deleted'`)
  assert.deepEqual(await mirrored.deps.db.practice(practice, (tx) => tx.rows(gone)), [])
})
