import type { Answer } from '../server/answer.ts'
import type { MetRequest } from './fault-kind.ts'
import { listOf } from './json-body.ts'

/** Pages kept of each feed of each app. */
export const pagesKeptMax = 10

/** The last pages of feeds as they were handed out, the newest first. Empty ones are not kept. */
export class PageMemory {
  readonly #pages = new Map<string, string[]>()

  /** Keeps the answer to a read of a feed. */
  keep(request: MetRequest, answer: Answer): void {
    if (request.reads === undefined || typeof answer.body !== 'string') return
    if ((listOf(answer)?.items.length ?? 0) === 0) return
    const key = keyOf(request)
    this.#pages.set(key, [answer.body, ...(this.#pages.get(key) ?? [])].slice(0, pagesKeptMax))
  }

  /** The page handed out `back` pages ago (1: the last one) to whoever asks now. */
  find(request: MetRequest, back = 1): string | undefined {
    return this.#pages.get(keyOf(request))?.[back - 1]
  }

  clear(): void {
    this.#pages.clear()
  }
}

function keyOf({ practice, app, feed }: MetRequest): string {
  return JSON.stringify([practice, app?.clientId, feed])
}
