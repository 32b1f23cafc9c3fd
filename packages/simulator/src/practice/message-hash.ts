/** The hash in a reminder's message by which the patient's answer finds the appointment. */
import { appointmentAt, appointmentId } from './appointment-table.ts'
import type { PracticeState } from './practice-state.ts'
import { mixSeed } from './seeded-random.ts'

/** Keeps the hashes of a practice apart from other numbers made of its seed. */
const salt = 0x5eed_0011

function checkOf(state: PracticeState, position: number): string {
  return mixSeed(state.seed ^ salt, position)
    .toString(16)
    .padStart(8, '0')
}

export function messageHash(state: PracticeState, position: number): string {
  return `${Number(appointmentId(position)).toString(16).padStart(8, '0')}${checkOf(state, position)}`
}

/** Position of the appointment a hash was sent for; undefined when none was. */
export function positionOfHash(state: PracticeState, hash: string): number | undefined {
  if (!/^[0-9a-f]{16}$/i.test(hash)) return undefined
  const position = appointmentAt(state.appointments, Number.parseInt(hash.slice(0, 8), 16))
  return position !== undefined && checkOf(state, position) === hash.slice(8).toLowerCase() ? position : undefined
}
