/*
 * Prints what the client makes of dates and times, so that a test can run it under different time zones of the host.
 * Not a test of its own.
 */
import { appointmentStart } from '../src/records/appointment.ts'
import { patientShape } from '../src/records/patient.ts'
import { encodeParams } from '../src/call/params.ts'
import { replayWindow } from '../src/feeds/replay-window.ts'
import { decodeRecord } from '../src/wire/decode-record.ts'
import { addDays, readPlainDate, readPlainTime } from '../src/wire/plain-date.ts'
import { easternZone, instantToEasternWall } from '../src/wire/time-zone.ts'
import { wireInstant } from '../src/wire/wire-date-time.ts'

const printed: unknown[] = []
for (const text of ['01/01/1990', '05/01/1990', '03/10/2024', '11/03/2024', '12/31/2026', '02/29/2000']) {
  const date = readPlainDate(text)
  const starttime = readPlainTime('09:00')
  if (!date || !starttime) throw new Error(`${text} is a date`)
  const noon = Date.parse(`${date}T17:00:00Z`)
  printed.push([
    decodeRecord(patientShape, { patientid: 1, dob: text }).record?.dob,
    encodeParams({ dob: date }),
    addDays(date, 1),
    appointmentStart({ date, starttime }, { timezonename: 'US/Eastern' }),
    appointmentStart({ date, starttime }, { timezonename: 'US/Mountain', doesnotobservedst: true }),
    wireInstant(`${text} 01:30:00`, easternZone),
    wireInstant(`${text} 02:30:00`, easternZone),
    wireInstant(date, easternZone),
    instantToEasternWall(noon),
    replayWindow({ from: noon - 11 * 3_600_000, to: noon }),
  ])
}
process.stdout.write(`${JSON.stringify(printed)}\n`)
