import { deadline } from '../clock/deadline.ts'
import { readJwkSet, type PublicKey } from './public-key.ts'

/** Real ms a fetched set is good for: a key taken out of it stops working after that. */
const maxAgeMs = 300_000
/** Real ms between two fetches at least: made-up key ids must not become a flood at whoever serves the set. */
const restMs = 1_000
const timeoutMs = 5_000
/** A hundred RSA keys of 4096 bits are 80 kB. */
const bytesMax = 256 * 1024

export interface RemoteKeysDeps {
  readonly url: string
  /** The machine's time, ms: who serves the set does not live in the simulator's time. */
  readonly realTime: () => number
}

/**
 * The keys an app serves itself. They are fetched when first asked for, when they are old and when somebody names one
 * that is not known; one fetch at a time. While a fetch fails, the keys of the one before stay good.
 */
export class RemoteKeys {
  readonly url: string
  readonly #realTime: () => number
  #keys: readonly PublicKey[] = []
  #fetchedAt = -Infinity
  #triedAt = -Infinity
  #running: Promise<void> | undefined

  constructor({ url, realTime }: RemoteKeysDeps) {
    this.url = url
    this.#realTime = realTime
  }

  /** The keys as they were last fetched. */
  get keys(): readonly PublicKey[] {
    return this.#keys
  }

  /** What to wait for before a key is looked up; undefined when there is nothing to wait for. Never rejects. */
  refreshFor(kid: string): Promise<void> | undefined {
    if (this.#running !== undefined) return this.#running
    const now = this.#realTime()
    const isGood = now - this.#fetchedAt < maxAgeMs && this.#keys.some((key) => key.kid === kid)
    if (isGood || now - this.#triedAt < restMs) return undefined
    this.#triedAt = now
    this.#running = this.#fetch().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #fetch(): Promise<void> {
    try {
      const headers = { accept: 'application/json' }
      const signal = deadline(timeoutMs)
      const response = await fetch(this.url, { headers, signal, redirect: 'error' })
      const text = await boundedText(response)
      if (!response.ok || text === undefined) return
      this.#keys = readJwkSet(JSON.parse(text))
      this.#fetchedAt = this.#realTime()
    } catch {
      // Down, slow, or no set: the caller is told that the key is not known.
    }
  }
}

/** The body, or undefined as soon as it is longer than any set. */
async function boundedText({ body }: Response): Promise<string | undefined> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * What is wrong with the address of a set, or undefined: plain HTTP is for this machine and the hosts named, because
 * who can change the answer on its way is the app from then on.
 */
export function problemOfJwksUrl(text: string, plainHosts: readonly string[]): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return 'must be a URL'
  if (url.username !== '' || url.password !== '') return 'must have no user and no password'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'must begin with https://'
  if (isLoopback(url.hostname) || plainHosts.includes(url.hostname)) return undefined
  return `must begin with https://, or its host be one of jwksHosts`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
