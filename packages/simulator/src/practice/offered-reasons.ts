/** Which provider sees patients for what, and where: what a practice sets up before it lets patients book by themselves. */
import type { AppointmentReason } from './appointment-type.ts'
import type { PracticeState } from './practice-state.ts'
import type { Provider } from './provider.ts'

/** Reasons that providers of a specialty do not see patients for; all others are offered. */
const notOffered: Readonly<Record<string, readonly string[]>> = {
  // Cardiology: no yearly check-ups and no vaccinations.
  '006': ['901', '902'],
  // Obstetrics: nothing by video.
  '016': ['951'],
  // Physician assistants: no yearly check-ups.
  '097': ['901'],
}

/** A department that is there for tests only. */
const testsOnly: Readonly<Record<string, readonly string[]>> = { '121': ['565', '761'] }

/** True when patients may book this provider in this department for the reason. */
export function offersReason(
  state: PracticeState,
  reason: AppointmentReason,
  { provider, department }: { provider: Provider; department: number },
): boolean {
  if (provider.deleted || notOffered[provider.specialtyId]?.includes(reason.id) === true) return false
  const only = testsOnly[state.departments[department]?.id ?? '']
  return only === undefined || only.includes(reason.id)
}
