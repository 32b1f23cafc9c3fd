import type { FeedKey } from './feed-state.sql.ts'
import type { FetchedPage } from './fetched-page.ts'
import type { SnapshotRun } from './snapshot.sql.ts'

/** Where a page stands: in which reading, and where in it. */
type Place = Pick<SnapshotRun, 'run_id' | 'segment' | 'row_offset'>

/** A page that was asked for already. */
export interface PageAhead {
  /** Taken before it was asked for. */
  readonly fetchSeq: bigint
  /** Fails as the request did. */
  readonly page: Promise<FetchedPage>
}

/** Pages of some megabytes each, held in memory by one process. Where more feeds are read at a time, they fill each other's pauses. */
const pagesMax = 4

/**
 * The next page of a list, asked for while the one before it is applied: one feed alone otherwise waits for athenahealth
 * and PostgreSQL in turn. Held in memory only: after a crash, or with another holder, the page is asked for again. Only for
 * what takes no harm from being read twice.
 */
export class ReadAhead {
  readonly #pages = new Map<string, PageAhead & { readonly place: Place; readonly end: AbortController }>()

  /** Whether another page may be asked for. */
  get hasRoom(): boolean {
    return this.#pages.size < pagesMax
  }

  /** Asks for the page that follows, once what was asked for before was taken. */
  begin(
    key: FeedKey,
    at: { readonly place: Place; readonly fetchSeq: bigint },
    read: (signal: AbortSignal) => Promise<FetchedPage>,
  ): void {
    if (!this.hasRoom || this.#pages.has(nameOf(key))) return
    const end = new AbortController()
    const page = read(end.signal)
    page.catch(() => undefined) // told to whoever takes it
    this.#pages.set(nameOf(key), { ...at, page, end })
  }

  /** The page of this place, if it was asked for. One of another place is let go. */
  take(key: FeedKey, { run_id, segment, row_offset }: Place): PageAhead | undefined {
    const found = this.#pages.get(nameOf(key))
    if (!found) return undefined
    this.#pages.delete(nameOf(key))
    const { place } = found
    if (place.run_id === run_id && place.segment === segment && place.row_offset === row_offset) return found
    found.end.abort()
    return undefined
  }

  /** Lets go what was asked for and not taken; resolves when nothing of it is under way. */
  async drop(key: FeedKey): Promise<void> {
    const found = this.#pages.get(nameOf(key))
    this.#pages.delete(nameOf(key))
    found?.end.abort()
    await found?.page.catch(() => undefined)
  }
}

function nameOf({ practice, feed }: FeedKey): string {
  return `${practice}/${feed}`
}
