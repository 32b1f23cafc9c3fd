/** A mirrored practice whose subscription to appointments is watched: what is asked of it, and what is told. */
import assert from 'node:assert/strict'
import { sql } from '../src/db/db.ts'
import { feedAlarms, type FeedView } from '../src/ops/explain-feed.ts'
import { readPracticePictures } from '../src/sync/read-practice-status.ts'
import { type MirroredPractice, practice } from './mirrored-practice.ts'

export const minute = 60_000
export const hour = 60 * minute
export const settings = { feeds: ['departments', 'appointments'], settleMs: 15 * minute } as const
export const subscription = '/appointments/changed/subscription'
export const feed = 'appointments'

export type Wire = Record<string, unknown>

/** Lets time pass, from one thing that is due to the next. */
export async function pass(mirrored: MirroredPractice, ms: number): Promise<void> {
  const until = mirrored.simulator.clock.now() + ms
  for (let now = mirrored.simulator.clock.now(); now < until; now = mirrored.simulator.clock.now()) {
    const due: number[] = []
    for (const each of mirrored.feeds) due.push(await mirrored.stepFeed(each))
    await mirrored.advance(Math.min(until - now, Math.max(1_000, Math.min(...due) - now)))
  }
}

/** What is asked of the subscription from now on, where athenahealth says of it what `body` makes of what is so. */
export function answered(mirrored: MirroredPractice, body: (is: Wire) => Wire): string[] {
  const asked: string[] = []
  mirrored.fetch = async (url, init, call) => {
    if (call.route === '/appointments/changed' && call.consuming) asked.push('read')
    if (call.route === subscription) asked.push(call.method)
    const response = await mirrored.toSimulator(url, init, call)
    if (call.route !== subscription || call.method !== 'GET') return response
    return new Response(JSON.stringify(body((await response.json()) as Wire)), { headers: response.headers })
  }
  return asked
}

export const count = (asked: readonly string[], what: string) => asked.filter((one) => one === what).length

export async function viewOf({ deps }: MirroredPractice): Promise<FeedView> {
  const now = deps.clock.now()
  const pictures = await deps.db.practice(0, (tx) => readPracticePictures(tx, [practice], now))
  const summary = pictures.get(practice)?.feeds.find((one) => one.feed === feed)
  assert.ok(summary)
  return { practice, feed: summary, now, settings: deps.settings, paces: { everyMs: minute, of: () => undefined } }
}

const gapsSql = sql('test.gaps_ever', 'select 1 as one from aegis.gap where practice_id = $1')

export async function gapsEver({ deps }: MirroredPractice): Promise<number> {
  return (await deps.db.practice(practice, (tx) => tx.rows(gapsSql, [practice]))).length
}

export const told = async (mirrored: MirroredPractice) => feedAlarms(await viewOf(mirrored)).map(({ code }) => code)

/** A booked visit is cancelled. */
export function cancel(mirrored: MirroredPractice): void {
  const now = mirrored.simulator.clock.now()
  const visit = [...mirrored.simulator.truth.records(practice, 'appointments')].find(
    (record) => record.appointmentstatus === 'f' && Date.parse(String(record.date)) > now,
  )
  mirrored.change({ kind: 'cancel', appointment: visit?.appointmentid })
}
