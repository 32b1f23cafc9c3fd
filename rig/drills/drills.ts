import type { Verdict } from '../verdict.ts'
import { calendarDrill } from './calendar.ts'
import { floodsDrill } from './floods.ts'
import { outagesDrill } from './outages.ts'
import { quotaYearDrill } from './quota-year.ts'
import { rushesDrill } from './rushes.ts'
import { throttledDrill } from './throttled.ts'
import { tokensDrill } from './token-trouble.ts'

/** Each drill by the name after `--drills`: what a seed makes of it, judged. */
export const drills = {
  throttled: throttledDrill,
  outages: outagesDrill,
  tokens: tokensDrill,
  rushes: rushesDrill,
  floods: floodsDrill,
  'quota-year': quotaYearDrill,
  calendar: calendarDrill,
} as const satisfies Record<string, (seed: number) => Promise<Verdict>>

export type DrillName = keyof typeof drills

// The names are the keys.
export const drillNames = Object.keys(drills) as DrillName[]

export function isDrill(name: string): name is DrillName {
  return Object.hasOwn(drills, name)
}
