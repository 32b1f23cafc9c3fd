/** The simulated athenahealth in a process of its own. It is given SimulatorOptions. */
import { type SimulatorOptions, startSimulator } from '@aegis/simulator'
import { answerQuestions, inputOf } from './child.ts'

const simulator = await startSimulator(await inputOf<SimulatorOptions>())

const phoneDigits = 100

answerQuestions(
  {
    url: () => simulator.url,
    /** Each of so many patients gets another telephone number, and so many booked appointments are cancelled. */
    change: ({ practice, patients, appointments }: { practice: number; patients: number; appointments: number }) => {
      let changed = 0
      for (const { patientid } of simulator.truth.records(practice, 'patients')) {
        if (changed === patients) break
        const mobilephone = `555-555-01${String(changed % phoneDigits).padStart(2, '0')}`
        simulator.truth.change(practice, { kind: 'updatepatient', patient: patientid, fields: { mobilephone } })
        changed += 1
      }
      return changed + cancelSome(practice, appointments)
    },
    totals: () => simulator.truth.requests({ limit: 1 }).totals,
    windows: () => simulator.truth.windows().apps,
    defects: () => simulator.truth.defects(),
  },
  () => simulator.stop(),
)

function cancelSome(practice: number, most: number): number {
  let cancelled = 0
  const soon = simulator.clock.now() + 2 * 86_400_000
  const all = [...simulator.truth.records(practice, 'appointments')]
  for (const record of all) {
    if (cancelled === most) break
    if (record.appointmentstatus !== 'f' || Date.parse(String(record.date)) < soon) continue
    simulator.truth.change(practice, { kind: 'cancel', appointment: record.appointmentid })
    cancelled += 1
  }
  return cancelled
}
