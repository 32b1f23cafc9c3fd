import { coreFeeds, type FeedName, furtherFeeds } from '../packages/server/src/sync/feed-name.ts'
import { liveThroughFurther } from '../packages/server/testing/further-life.ts'
import type { MirroredPractice } from '../packages/server/testing/mirrored-practice.ts'
import { breakDrain, endSubscription, liveThrough } from '../packages/server/testing/practice-life.ts'
import type { GuardedRules } from './guarded-way.ts'
import { loseOneBooking, makeChecksDue } from './check-mirror.ts'

/** A life that is always the same, to be disturbed at its failpoints. */
export interface FailpointLife {
  readonly feeds: readonly FeedName[]
  /** The failpoints that it passes when nothing disturbs it: all of these, and no other. */
  readonly points: readonly string[]
  /** For the life that goes the whole way that the program has: what is allowed on it. */
  readonly rules?: GuardedRules
  /** What happens beside the passing of a minute, by the number of the minute. */
  happenings(): ReadonlyMap<number, (mirrored: MirroredPractice) => unknown>
}

/** When the one subscription is lost, which is the only reason for a gap, and of which feed. */
export const lost = { at: 10, feed: 'patients' } as const

/** Something is lost that nobody notices, and every check is due: it has to be found, once. */
export const lostUnseen = 1

/** Patients to whom something happens; the first two are those of `liveThrough`. */
const named = { first: 1, second: 2, merged: 3, survivor: 4, deleted: 5 } as const

/** Who is merged into another one and is again. */
export const everMerged: ReadonlySet<string> = new Set([String(named.merged)])

/** Few, because some kinds are read patient by patient; more than those that happenings name. */
export const patients = 9

/**
 * One kind of each way of asking beside the core: claims are listed for the practice and asked for by id, laboratory results
 * are listed by patient and asked for by patient and id, problems only by patient.
 */
const eachWay = ['claims', 'labresults', 'problems'] as const

function happenings(): ReturnType<FailpointLife['happenings']> {
  const late = new LatePage()
  return new Map([
    [5, (mirrored) => late.keep(mirrored)],
    [6, liveThrough],
    [7, loseDrain],
    [8, liveThroughAll],
    [9, mergeAndDelete],
    [lost.at, (mirrored) => endSubscription(mirrored, lost.feed)],
    [11, liveThrough],
    [13, (mirrored) => late.repeat(mirrored)],
    [14, wantSnapshots],
    [15, liveThroughAll],
    [16, undoMerge],
    [18, loseAndCheck],
    [19, liveThrough],
  ])
}

/** Every one of sync. */
const points = [
  'sync.after-apply',
  'sync.after-consume',
  'sync.after-refetch',
  'sync.after-replay',
  'sync.after-snapshot-store',
  'sync.after-store',
  'sync.before-applied',
  'sync.before-check-finished',
  'sync.before-intent-closed',
  'sync.before-judged',
  'sync.before-replay-closed',
  'sync.before-snapshot-finished',
  'sync.before-step',
  'sync.intent-open',
  'sync.snapshot-page',
] as const

/** Those of the way to athenahealth. */
const pointsOfWay = [
  'audit.after-attempt',
  'audit.before-outcome',
  'key-server.after-request',
  'key-server.before-request',
  'upstream.after-headers',
  'upstream.before-send',
  'upstream.permitted',
] as const

/** By the word before their failpoints: `further/kill:17`. */
export const failpointLives = {
  main: { feeds: [...coreFeeds, ...eachWay], points, happenings },
  /** The kinds that the main life leaves out. */
  further: {
    feeds: [...coreFeeds, ...furtherFeeds.filter((feed) => !eachWay.some((one) => one === feed))],
    points,
    happenings,
  },
  /** The core over the whole way: policy, audit log, quota, and a token that is renewed. */
  guarded: {
    feeds: coreFeeds,
    points: [...points, ...pointsOfWay],
    rules: {
      perSecond: 20,
      perDay: 5_000,
      tokensPerMinute: 5,
      offHours: 'always',
      onboardingCalls: 500,
      gapCalls: 500,
    },
    happenings: guardedHappenings,
  },
} as const satisfies Record<string, FailpointLife>

export type FailpointLifeName = keyof typeof failpointLives

/** What has just changed is handed out, and does not arrive. */
function loseDrain(mirrored: MirroredPractice): void {
  liveThrough(mirrored)
  breakDrain(mirrored, () => new Response('', { status: 504 }))
}

/** A page of appointments that is handed out once more when what is in it has changed since. */
class LatePage {
  #body: string | undefined

  /** Keeps the next one. */
  keep(mirrored: MirroredPractice): void {
    mirrored.fetch = async (url, init, call) => {
      const response = await mirrored.toSimulator(url, init, call)
      if (this.#body === undefined && isDrain(call)) this.#body = await keptOf(response)
      return response
    }
  }

  /** Lets it come in place of the next one, which nobody takes. */
  repeat(mirrored: MirroredPractice): void {
    let wasRepeated = false
    mirrored.fetch = async (url, init, call) => {
      if (wasRepeated || this.#body === undefined || !isDrain(call)) return mirrored.toSimulator(url, init, call)
      wasRepeated = true
      return new Response(this.#body, { headers: { 'content-type': 'application/json' } })
    }
  }
}

/** Undefined when nothing is in it. */
async function keptOf(response: Response): Promise<string | undefined> {
  const body = await response.clone().text()
  return body.includes('appointmentid') ? body : undefined
}

function isDrain({ consuming, route }: { consuming: boolean; route: string }): boolean {
  return consuming && route === '/appointments/changed'
}

function liveThroughAll(mirrored: MirroredPractice): void {
  liveThrough(mirrored)
  liveThroughFurther(mirrored)
}

/** What is wrong with an answer is the simulator's to bring about: there is no other client in between. */
function guardedHappenings(): ReturnType<FailpointLife['happenings']> {
  return new Map([
    [6, liveThrough],
    [7, loseDrainOnTheWay],
    [8, liveThrough],
    [9, mergeAndDelete],
    [12, revokeToken],
    [14, wantSnapshots],
    [15, liveThrough],
    [18, loseAndCheck],
    [19, liveThrough],
  ])
}

function loseDrainOnTheWay(mirrored: MirroredPractice): void {
  liveThrough(mirrored)
  // Behind a look at what was processed, and a first page that arrives.
  mirrored.simulator.faults.add([{ kind: 'reset-after', when: { path: '/appointments/changed', nth: 3 } }])
}

function revokeToken({ simulator }: MirroredPractice): void {
  simulator.faults.add([{ kind: 'unauthorized', when: { times: 1 } }])
}

/** Of every feed, while it is live. */
async function wantSnapshots(mirrored: MirroredPractice): Promise<void> {
  for (const feed of mirrored.feeds) await mirrored.wantSnapshot(feed)
}

async function loseAndCheck(mirrored: MirroredPractice): Promise<void> {
  await loseOneBooking(mirrored, { notOf: Object.values(named) })
  await makeChecksDue(mirrored)
}

function mergeAndDelete(mirrored: MirroredPractice): void {
  mirrored.change({ kind: 'mergepatients', from: named.merged, into: named.survivor })
  mirrored.change({ kind: 'deletepatient', patient: named.deleted })
}

function undoMerge(mirrored: MirroredPractice): void {
  mirrored.change({ kind: 'unmergepatient', patient: named.merged })
}
