import type { Feeds } from '../feeds/feeds.ts'
import type { Journal } from '../journal/journal.ts'
import type { Practice } from '../practice/practice.ts'
import type { Route } from '../route.ts'
import type { Backend } from '../server/backend.ts'
import type { SimulatorSettings } from '../server/options.ts'
import { oauthPaths } from '../tokens/oauth.ts'
import { FaultBook } from './fault-book.ts'
import { PageMemory } from './page-memory.ts'
import { readFaults } from './read-faults.ts'

export interface FaultSurroundings {
  readonly routes: readonly Route[]
  readonly feeds: Feeds
  readonly backend: Backend
  readonly practices: ReadonlyMap<number, Practice>
  readonly journal: Journal | undefined
}

/**
 * The faults of a simulator, with the rules that its options give. Rejects with the system's error when a file of rules
 * cannot be read, with TypeError when rules make no sense.
 */
export async function createFaults(settings: SimulatorSettings, around: FaultSurroundings): Promise<FaultBook> {
  const { seed, recording, faults } = settings
  const { routes, feeds, backend, practices, journal } = around
  const book = new FaultBook({
    seed,
    // What a recording serves is not known by routes.
    routes: recording === undefined ? [...routes.map(({ path }) => path), ...oauthPaths] : undefined,
    world: {
      feeds,
      backend,
      pages: new PageMemory(),
      patientsOf: (practice) => [...(practices.get(practice)?.ids('patients') ?? [])],
      note: (entry) => journal?.note(entry),
    },
  })
  book.add(typeof faults === 'string' ? await readFaults(faults) : faults)
  return book
}
