/** The slots a provider's template opens on one day. */
import { weekdayOf } from './calendar-date.ts'
import { isHoliday } from './holidays.ts'
import { listed, type PracticeState } from './practice-state.ts'
import type { Provider } from './provider.ts'
import { SeededRandom } from './seeded-random.ts'
import type { SlotPlace } from './appointment-table.ts'

const noon = 12 * 60
const lunchMinutes = 60
const friday = 5
const saturday = 6

/** Id of the generic type whose slots have this length. */
const genericTypeIds: Readonly<Record<number, string>> = { 15: '82', 20: '83', 30: '84' }
/** Types a slot of this length may be reserved for. */
const reservedTypeIds: Readonly<Record<number, readonly string[]>> = {
  15: ['11', '62', '63'],
  20: ['101'],
  30: ['8', '61', '102'],
}
const reservedShare = 0.15
/** Share of quarter hours that templates hold back: patients cannot book them by themselves, staff fill them late. */
const heldShare = 0.04
const heldTypeId = '202'

/** Most slots a provider opens a day: fewer in a small practice, or patients would come every other day. */
export function slotsPerProviderDay(patients: number): number {
  return Math.max(2, Math.ceil(patients * 0.01))
}

/** The slots of one provider on one local day, in order of start; none on a day off or a holiday. */
export function providerDaySlots(state: PracticeState, provider: Provider, day: number): SlotPlace[] {
  const weekday = weekdayOf(day)
  const departmentIndex = provider.week[weekday]
  if (departmentIndex === undefined || provider.deleted || isHoliday(day)) return []
  const department = listed(state.departments, departmentIndex)
  const random = new SeededRandom(state.seed ^ 0x5eed_0005, provider.index * 100_003 + day)
  const closes = weekday === saturday ? noon : department.closes - (weekday === friday ? 60 : 0)
  const starts: number[] = []
  for (let start = department.opens; start + provider.slotMinutes <= closes; start += provider.slotMinutes) {
    const overLunch = start < noon + lunchMinutes && start + provider.slotMinutes > noon
    if (!overLunch) starts.push(start)
  }
  const kept = Math.min(starts.length, slotsPerProviderDay(state.patients.seeded))
  const first = random.below(starts.length - kept + 1)
  return starts.slice(first, first + kept).map((start) => ({
    day,
    start,
    minutes: provider.slotMinutes,
    department: departmentIndex,
    provider: provider.index,
    type: slotType(state, random, provider.slotMinutes),
  }))
}

function slotType(state: PracticeState, random: SeededRandom, minutes: number): number {
  const kind = random.fraction()
  const reserved = kind < reservedShare
  const held = minutes === 15 && kind >= 1 - heldShare
  const id = reserved ? random.pick(reservedTypeIds[minutes] ?? ['2']) : held ? heldTypeId : genericTypeIds[minutes]
  const type = state.types.find((candidate) => candidate.id === id)
  return type?.index ?? 0
}

/** Indexes of the types that can be booked into a slot of this type: any that fits a generic one, else the type itself. */
export function bookableTypes(state: PracticeState, slotType: number): number[] {
  const slot = listed(state.types, slotType)
  if (!slot.generic && !slot.templateOnly) return [slotType]
  return state.types
    .filter(
      (type) =>
        !type.generic && !type.templateOnly && type.patientFacing && type.durationMinutes <= slot.durationMinutes,
    )
    .map((type) => type.index)
}
