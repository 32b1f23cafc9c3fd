import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MirroredPractice, mirroredPractice, practice } from '../../testing/mirrored-practice.ts'
import {
  type DayCalls,
  dayCalls,
  type LoadCalls,
  loadCalls,
  type PracticeShape,
  pagesOf,
  usualPractice,
} from './estimate-calls.ts'
import { defaultSyncSettings, type SyncSettings } from './sync-settings.ts'

const minute = 60_000
const day = 24 * 60 * minute
/** Sunday evening in New York. */
const startAt = Date.UTC(2026, 2, 1, 23)

/** Polls half an hour apart: a day in some seconds, and the arithmetic is the same. */
const settings: SyncSettings = {
  ...defaultSyncSettings,
  pollIntervalMs: 30 * minute,
  subscriptionCheckMs: 120 * minute,
}

/** Calls as the simulator counted them. */
interface Counted {
  readonly all: number
  readonly feeds: number
  readonly subscriptions: number
  readonly patients: number
  readonly byId: number
}

function countsOf({ simulator }: MirroredPractice): Counted {
  const { totals } = simulator.truth.requests({ limit: 1 })
  const of = (pattern: RegExp) =>
    Object.entries(totals.byRoute)
      .filter(([route]) => pattern.test(route))
      .reduce((sum, [, calls]) => sum + calls, 0)
  return {
    all: totals.requests - of(/oauth2/),
    feeds: of(/\/changed$/),
    subscriptions: of(/^GET .*\/subscription$/),
    patients: of(/^GET .*\/patients\/\{patientid\}$/),
    byId: of(/^GET .*\/\{[a-z]+id\}$/),
  }
}

/** Counts what drains bring, which is for a practice to know and not for arithmetic. */
function changesTold(mirrored: MirroredPractice): Map<string, number> {
  const told = new Map<string, number>()
  mirrored.fetch = async (url, init, call) => {
    const response = await mirrored.toSimulator(url, init, call)
    if (!call.consuming) return response
    const text = await response.text()
    const body: unknown = JSON.parse(text)
    const records = Object.values(Object(body)).find((value) => Array.isArray(value)) ?? []
    told.set(call.route, (told.get(call.route) ?? 0) + records.length)
    return new Response(text, response)
  }
  return told
}

/** As the schedule of an installation does it. */
async function live(mirrored: MirroredPractice, until: number): Promise<void> {
  const due = new Map<string, number>()
  const { clock } = mirrored.simulator
  while (clock.now() < until) {
    for (const feed of mirrored.feeds) {
      if ((due.get(feed) ?? 0) <= clock.now()) due.set(feed, await mirrored.stepFeed(feed))
    }
    await mirrored.advance(Math.max(1_000, Math.min(until, ...due.values()) - clock.now()))
  }
}

/** The practice as the simulator made it. */
function shapeOf({ simulator }: MirroredPractice): PracticeShape {
  const records = (kind: string) => [...simulator.truth.records(practice, kind as 'patients')]
  const appointments = records('appointments')
  const isOpen = (record: Record<string, unknown>) => record.appointmentstatus === 'o'
  const days = new Set(appointments.map(({ date }) => date)).size
  return {
    ...usualPractice,
    patients: records('patients').length,
    departments: records('departments').length,
    providers: records('providers').length,
    appointmentsADay: appointments.filter((record) => !isOpen(record)).length / days,
    slotsADay: appointments.filter(isOpen).length / days,
  }
}

const sum = (calls: DayCalls | LoadCalls): number =>
  Object.values(calls).reduce((all: number, one: number) => all + one, 0)

test('the calls of a first load and of a day are those that the simulator counts, to a tenth', async (context) => {
  const mirrored = await mirroredPractice(context, {
    patients: 20,
    startAt,
    settings,
    simulator: { seed: 11, startAt, day: true, requestLogSize: 1_000, activationLagMs: 15 * minute },
  })
  await live(mirrored, startAt + 45 * minute)
  const loaded = countsOf(mirrored)
  // Readings of the feeds have begun meanwhile; of each, one was part of the load.
  within(loaded.all - loaded.feeds + 3, sum(loadCalls(settings, shapeOf(mirrored))), 'first load')
  const told = changesTold(mirrored)
  await live(mirrored, startAt + 45 * minute + day)
  const after = countsOf(mirrored)
  const calls = dayCalls(settings, { ...shapeOf(mirrored), patientChangesADay: told.get('/patients/changed') ?? 0 })
  within(after.subscriptions - loaded.subscriptions, calls.looks / 2, 'looks at subscriptions')
  within(after.feeds - loaded.feeds, calls.polls + calls.looks / 2 + 3, 'readings of feeds')
  // One that changed several times before it was asked for is asked for once.
  const asked = after.patients - loaded.patients
  assert.ok(asked > 0 && asked <= calls.named - 3 * usualPractice.providerChangesADay, String(asked))
  // How often patients and providers change, only the practice knows: what is asked for by id is left out here.
  within(after.all - after.byId - loaded.all + loaded.byId, sum({ ...calls, named: 0 }), 'a day')
})

function within(counted: number, estimated: number, what: string): void {
  const off = Math.abs(counted - estimated)
  assert.ok(off <= counted * 0.1, `${what}: ${counted} counted, ${estimated} estimated`)
}

const lists: readonly [records: number, size: number, calls: number][] = [
  [0, 1_000, 1],
  [999, 1_000, 1],
  // A full page may not be the last one.
  [1_000, 1_000, 2],
  [1_979, 1_000, 2],
  [1_980, 1_000, 3],
  [100_000, 1_000, 103],
]
for (const [records, size, calls] of lists) {
  test(`a list of ${records} takes ${calls} calls by ${size}, overlaps counted`, () => {
    assert.equal(pagesOf(records, size), calls)
  })
}

test('what has no feed is read as often as the settings say, and claims by their windows', () => {
  const feeds = ['departments', 'appointmenttypes'] as const
  const of = (more: Partial<SyncSettings>) => ({ ...settings, feeds, ...more })
  const refresh = (refreshMs: number) => dayCalls(of({ refreshMs }), usualPractice).refresh
  assert.deepEqual([refresh(day), refresh(day / 4), refresh(2 * day)], [2, 8, 1])
  const claims = { feeds: ['claims'], claimsMonthsBack: 7, claimsWindowMonths: 3, snapshotPageSize: 1_000 } as const
  const calls = (claimsADay: number) =>
    dayCalls(of({ ...claims, rereadDays: 10 }), { ...usualPractice, claimsADay }).checks
  // Three windows of 90 days: of a page each, or, with 1,800 claims, of two.
  assert.deepEqual([calls(1), calls(20)], [1 + 3 / 10, 1 + 6 / 10])
})
