import { nextTurn } from '../clock/next-turn.ts'
import type { VirtualClock } from '../clock/virtual-clock.ts'
import { parseEntry, type JournalEntry } from './journal-entry.ts'
import { JournalError } from './journal-error.ts'
import type { JournalFile, Moment } from './journal-file.ts'
import type { WorldDigest } from './world-digest.ts'

export interface LiveAgainDeps {
  readonly file: JournalFile
  /** Stands still at the world's start. */
  readonly clock: VirtualClock
  readonly digest: WorldDigest
  /** What the world is made from. */
  readonly options: object
  /** Lets an entry happen once more at the time the clock shows; throws when this world cannot have come to it. */
  readonly repeat: (entry: JournalEntry) => void
}

/** How far time moves at once. The event loop turns in between, so that signals are heard on the way. */
const strideMs = 3_600_000

/**
 * Begins a new world, or leads one from its start through everything in its journal to the last time that the file knows
 * of. Throws JournalError when it does not become the world that it was: then another version of the simulator made it.
 */
export async function liveAgain(deps: LiveAgainDeps): Promise<void> {
  const { file, clock, options } = deps
  if (file.origin() === undefined) file.begin({ options: JSON.stringify(options), startAt: clock.exactNow() })
  const moment = file.moment()
  let unchecked = moment
  for (const { number, at, text } of file.entries()) {
    if (unchecked !== undefined && number > unchecked.entries) {
      await check(deps, unchecked)
      unchecked = undefined
    }
    await moveTo(clock, at)
    clock.still(() => repeat(deps, text))
  }
  if (unchecked !== undefined) await check(deps, unchecked)
  if (moment !== undefined) await moveTo(clock, moment.until)
}

/** Moves time forward; stays where it is when that time has passed. */
async function moveTo(clock: VirtualClock, at: number): Promise<void> {
  while (at - clock.exactNow() > strideMs) {
    clock.advance(strideMs)
    await nextTurn()
  }
  if (at > clock.exactNow()) clock.jumpTo(at)
}

function repeat({ file, repeat: again }: LiveAgainDeps, text: string): void {
  try {
    again(parseEntry(text))
  } catch (error) {
    throw new JournalError('other-world', file.path, {
      is: 'holds what this version of the simulator cannot repeat',
      cause: error,
    })
  }
}

async function check({ file, clock, digest }: LiveAgainDeps, moment: Moment): Promise<void> {
  await moveTo(clock, moment.at)
  if (digest.value === moment.digest) return
  throw new JournalError('other-world', file.path, {
    is: 'was written by another version of the simulator, whose world was another one',
  })
}
