/** Every night the practice's templates open the slots of one more day. */
import { aheadDays, templateUser } from '../practice/populate-schedule.ts'
import { providerDaySlots } from '../practice/provider-day.ts'
import { addSlot } from '../practice/slot-changes.ts'
import { eastern, instantOf, wallTime } from '../practice/zone-time.ts'
import { schedule, type Day } from './day.ts'

/** Eastern 03:10, when nobody works; a second from provider to provider. */
const openingSecond = 3 * 3600 + 600
const spacingMs = 1000

/** Opens what is missing up to the horizon, tonight and every night. */
export function openDays(day: Day): void {
  const { state, clock } = day
  const today = wallTime(eastern, clock.now()).day
  const tonight = instantOf(eastern, { day: today, seconds: openingSecond })
  const next = tonight > clock.now() ? tonight : instantOf(eastern, { day: today + 1, seconds: openingSecond })
  if (state.openedUntil < today - 1 + aheadDays) openUpTo(day, today - 1 + aheadDays)
  schedule(day, next, () => {
    openUpTo(day, wallTime(eastern, clock.now()).day + aheadDays)
    openDays(day)
  })
}

function openUpTo(day: Day, lastDay: number): void {
  const { state, clock } = day
  let at = clock.now()
  for (let date = state.openedUntil + 1; date <= lastDay; date += 1) {
    for (const provider of state.providers) {
      at += spacingMs
      schedule(day, at, () => {
        const stamp = { at: clock.now(), by: templateUser }
        for (const place of providerDaySlots(state, provider, date)) addSlot(state, place, stamp)
      })
    }
    state.openedUntil = date
  }
}
