import type { Feeds } from '../feeds/feeds.ts'
import type { JournalEntry } from '../journal/journal-entry.ts'
import type { Backend } from '../server/backend.ts'
import type { PageMemory } from './page-memory.ts'

/** What faults act on. */
export interface FaultWorld {
  readonly feeds: Pick<Feeds, 'subscribed' | 'lose' | 'forget'>
  readonly backend: Backend
  readonly pages: PageMemory
  /** Ids of a practice's patients. */
  readonly patientsOf: (practice: number) => readonly string[]
  /** Keeps what a fault has done to the world, so that it happens again when the world is led through its journal. */
  readonly note: (entry: JournalEntry) => void
}
