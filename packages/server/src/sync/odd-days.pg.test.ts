/** Appointments on days that no list of a snapshot reaches, or on none: they are asked for by id. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import { assertEqualsTruth, endSubscription } from '../../testing/practice-life.ts'

const minute = 60_000
const odd = { far: '9999-12-31', early: '0001-01-03' }

/** What stands for the appointment's day in athenahealth's answers, wherever it is shown. */
function showOn(mirrored: MirroredPractice, appointment: string, date: string): void {
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    const text = await response.text()
    const isList = call.route === '/appointments/booked'
    const other = response.ok && text.includes(appointment) ? withDate(text, { appointment, date, isList }) : text
    return new Response(other, { status: response.status, headers: response.headers })
  }
}

type Body = { appointments?: Record<string, unknown>[] } & Record<string, unknown>

/** In no list of days, in the feed and by id with that day. */
function withDate(text: string, to: { appointment: string; date: string; isList: boolean }): string {
  const body = JSON.parse(text) as Body | Body[] // of the simulator
  const isIt = (record: Record<string, unknown>) => String(record['appointmentid']) === to.appointment
  const dated = (record: Record<string, unknown>) => (isIt(record) ? { ...record, date: to.date } : record)
  if (Array.isArray(body)) return JSON.stringify(body.map(dated))
  const { appointments } = body
  if (!appointments) return JSON.stringify(dated(body))
  const shown = to.isList ? appointments.filter((record) => !isIt(record)) : appointments.map(dated)
  return JSON.stringify({ ...body, appointments: shown, totalcount: shown.length })
}

async function cancelled(mirrored: MirroredPractice, appointment: string): Promise<boolean> {
  const all = await mirrored.opened('appointment')
  return all.some(({ key, body }) => key === appointment && body['appointmentstatus'] === 'x')
}

for (const [title, date] of [
  ['at the end of all calendars', '12/31/9999'],
  ['in the year 1', '01/03/0001'],
  ['on no day', ''],
] as const) {
  test(`an appointment ${title} that changes within a gap is asked for, and nothing else of other days is`, async (t) => {
    const mirrored = await mirroredPractice(t, { patients: 8 })
    await mirrored.bringUp()
    const booked = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
      (record) => record.appointmentstatus === 'f' && Date.parse(String(record.date)) > mirrored.simulator.clock.now(),
    )
    const appointment = String(booked?.appointmentid)
    showOn(mirrored, appointment, date)
    mirrored.change({ kind: 'addnote', appointment, text: 'bring the card' })
    await mirrored.run(2)
    const held = (await mirrored.opened('appointment')).find(({ key }) => key === appointment)
    assert.ok(
      [undefined, ...Object.values(odd)].includes(held?.body['date'] as string | undefined),
      'the odd day is held',
    )
    await endSubscription(mirrored, 'appointments')
    await mirrored.advance(2 * minute)
    mirrored.change({ kind: 'cancel', appointment, reason: '4' })
    const { next: since } = mirrored.simulator.truth.requests()
    await mirrored.run(8)
    assert.deepEqual(await mirrored.gaps(), [])
    assert.ok(await cancelled(mirrored, appointment))
    const { requests } = mirrored.simulator.truth.requests({ since })
    const lists = requests.filter(({ route }) => route?.endsWith('/appointments/booked'))
    assert.ok(lists.length < 300, `${lists.length} lists`)
    mirrored.fetch = mirrored.toSimulator
    mirrored.change({ kind: 'addnote', appointment, text: 'never mind' })
    await mirrored.run(2)
    await assertEqualsTruth(mirrored)
  })
}
