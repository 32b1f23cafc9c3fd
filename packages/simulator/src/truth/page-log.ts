/** One feed page as it was handed out. */
export interface FeedPage {
  /** Counts every page from 1. */
  readonly number: number
  /** Virtual time, epoch ms. */
  readonly at: number
  readonly app: string
  readonly practice: number
  readonly feed: string
  /** consume marks what it returned as processed; peek (`leaveunprocessed`) and replay (`showprocessed…`) do not. */
  readonly mode: 'consume' | 'peek' | 'replay'
  readonly ids: readonly string[]
  readonly offset: number
  readonly limit: number
}

/** Keeps the last pages, as many as fit into a number of ids. */
export class PageLog {
  readonly #pages: FeedPage[] = []
  readonly #idsMax: number
  #head = 0
  #ids = 0
  #count = 0

  constructor(idsMax: number) {
    this.#idsMax = idsMax
  }

  add(page: Omit<FeedPage, 'number'>): void {
    this.#count += 1
    this.#pages.push({ number: this.#count, ...page })
    // An empty page takes room too, or polling an idle feed would grow without end.
    this.#ids += page.ids.length + 1
    while (this.#ids > this.#idsMax && this.#head < this.#pages.length - 1) {
      this.#ids -= (this.#pages[this.#head]?.ids.length ?? 0) + 1
      this.#head += 1
    }
    if (this.#head > 1024 && this.#head * 2 > this.#pages.length) {
      this.#pages.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** Pages with a number above `since`, oldest first, at most `limit`; `next` goes on from there. */
  page({ since = 0, limit = 1000 }: { since?: number; limit?: number } = {}) {
    const oldest = (this.#pages[this.#head]?.number ?? this.#count + 1) - 1
    const from = Math.max(since, oldest)
    const start = this.#head + from - oldest
    const pages = this.#pages.slice(start, start + limit)
    return { pages, next: pages.at(-1)?.number ?? Math.max(since, this.#count), forgotten: Math.max(0, oldest - since) }
  }
}
