import assert from 'node:assert/strict'
import { type Priority, priorities } from '../src/quota/priorities.ts'
import { dayResumesAt, quotaDay } from '../src/quota/quota-day.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** Two processes that share the calls of a day, in a time that only the year moves. */
export interface YearPlace {
  /** Calls a day. */
  readonly perDay: number
  /** The time by the clocks of the processes, epoch ms. */
  now(): number
  sleep(ms: number): Promise<void>
  /** In [0, 1). */
  fraction(): number
  /** Process `index` asks for one call and makes it; or until when there is none (epoch ms), or its process ended. */
  ask(priority: Priority, index: number): Promise<'sent' | number | 'gone'>
  /** Somebody else makes calls of the same app. */
  spendElsewhere(calls: number): Promise<void>
}

/** Both ask for so many at once. */
export function flood(place: YearPlace, priority: Priority, count: number): Promise<('sent' | number | 'gone')[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => place.ask(priority, index % 2)))
}

/** Whoever may call takes what is left of the day, the least urgent first, until nobody may. */
export async function useUp(place: YearPlace): Promise<void> {
  const until = dayResumesAt(quotaDay(place.now()))
  for (const priority of priorities.toReversed()) {
    const answers = await flood(place, priority, Math.ceil(0.35 * place.perDay))
    for (const answer of answers) if (typeof answer === 'number') assert.equal(answer, until)
  }
}

/** What happens on a day, with a restart of somebody in it. On those of the first two kinds the day is used up. */
export const kindsOfDay: readonly ((place: YearPlace, restart: () => Promise<void>) => Promise<void>)[] = [
  // The day is used up, and then somebody is restarted who should remember it.
  async (place, restart) => {
    await useUp(place)
    await restart()
    await useUp(place)
  },
  // Somebody is restarted while the day is being used up.
  async (place, restart) => {
    const using = useUp(place)
    await place.sleep(1 + 120 * place.fraction())
    await restart()
    await using
    await useUp(place)
  },
  // Few calls, and then some on both sides of midnight.
  async (place, restart) => {
    await flood(place, 'feeds', 2)
    await restart()
    const midnight = Math.ceil(place.now() / day) * day
    await place.sleep(Math.max(0, midnight - 3 * minute - place.now()))
    for (let calls = 0; calls < 10; calls += 1) {
      await place.ask(calls % 3 ? 'feeds' : 'interactive', calls % 2)
      await place.sleep(35_000)
    }
  },
  // Somebody else spends on the same app, and the headers tell.
  async (place, restart) => {
    await place.spendElsewhere(Math.ceil(0.4 * place.perDay))
    await restart()
    for (const priority of priorities.toReversed()) {
      for (let calls = 0; calls < 0.3 * place.perDay; calls += 1) {
        await place.ask(priority, calls % 2)
        await place.sleep(250)
      }
    }
  },
]
