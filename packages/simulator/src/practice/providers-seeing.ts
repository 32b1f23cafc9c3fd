/** Which providers belong to a department. */
import { statusOf } from './appointment-table.ts'
import type { Department } from './department.ts'
import { listed, type PracticeState } from './practice-state.ts'
import type { Provider } from './provider.ts'

/** Providers whose week brings them to the department. */
export function providersWorking(state: PracticeState, { index }: Department): Provider[] {
  return state.providers.filter((provider) => !provider.deleted && provider.week.includes(index))
}

/** Providers who have or had booked appointments in the department. */
export function providersSeeing(state: PracticeState, { index }: Department): Provider[] {
  const { appointments: table } = state
  const seen = new Set<number>()
  for (const rows of table.liveByDay.values()) {
    for (const position of rows) {
      const provider = table.provider.get(position)
      if (seen.has(provider) || table.department.get(position) !== index) continue
      if (statusOf(table, position) !== 'o') seen.add(provider)
    }
  }
  return [...seen]
    .toSorted((a, b) => a - b)
    .map((provider) => listed(state.providers, provider))
    .filter(({ deleted }) => !deleted)
}
