/** The nightly run of claims: those that are due go to their payers, come back paid, and are settled. */
import { advanceClaim, claimsDue } from '../practice/claim-changes.ts'
import { eastern, instantOf, wallTime } from '../practice/zone-time.ts'
import { schedule, type Day } from './day.ts'

/** 22:00 on the clock in New York, over four hours. */
const runSecond = 22 * 3600
const spanMs = 4 * 3_600_000
/** athenahealth itself moves claims on, not the practice's staff. */
const runUser = 'athena'

/** Runs this night and every next one. Throws no dice of the day's: the rest of the day stays as it is without claims. */
export function planClaimRuns(day: Day): void {
  const now = day.clock.now()
  const today = wallTime(eastern, now).day
  const tonight = instantOf(eastern, { day: today, seconds: runSecond })
  const at = tonight > now ? tonight : instantOf(eastern, { day: today + 1, seconds: runSecond })
  schedule(day, at, () => {
    runClaims(day)
    planClaimRuns(day)
  })
}

/** Claims that are due go one after the other, spread over the run. */
function runClaims(day: Day): void {
  const { state, clock } = day
  const due = [...claimsDue(state, clock.now())]
  for (const [place, { index }] of due.entries()) {
    const at = clock.now() + Math.floor((spanMs * place) / due.length)
    schedule(day, at, () => void advanceClaim(state, index, { at: clock.now(), by: runUser }))
  }
}
