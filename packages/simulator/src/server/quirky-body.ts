import { SeededRandom } from '../practice/seeded-random.ts'
import type { Reply } from '../route.ts'
import type { Encoding } from '../tokens/app-options.ts'
import type { Quirks } from './quirks.ts'
import { inStringEra } from './string-era.ts'

/** Where the answers' whims come from: the same for the same seed and the same calls in the same order. */
export class Whims {
  readonly #seed: number
  #answers = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  /** A stream for the next answer. */
  next(): SeededRandom {
    this.#answers += 1
    return new SeededRandom(this.#seed, this.#answers)
  }
}

export interface QuirkyReply {
  readonly encoding: Encoding
  readonly quirks: Quirks
  readonly random: SeededRandom
  /** The request may have changed something: it was not a GET. */
  readonly isWrite: boolean
  /** One record was asked for, by its id: arrays in it are part of it. */
  readonly isRecord?: boolean
}

/** A reply as the quirks want it: its status, and its body as JSON. The reply's own body is left as it is. */
export function encodeQuirky(reply: Reply, how: QuirkyReply): { readonly status: number; readonly body: string } {
  const { status, body } = how.isWrite ? quirkyWrite(reply, how) : { ...reply, body: quirkyList(reply, how) }
  const { encoding, quirks, random } = how
  const text = JSON.stringify(body, (name, value: unknown) => {
    const encoded = encoding === 'string' ? inStringEra(name, value) : value
    return quirks.shuffledKeys && isObject(encoded) ? shuffled(encoded, random) : encoded
  })
  return { status, body: text }
}

function quirkyWrite(reply: Reply, { quirks, random }: QuirkyReply): Reply {
  const { status, body } = reply
  if (!isObject(body)) return reply
  if (quirks.bareResults && status === 200 && body['success'] === true && Object.keys(body).length === 1) {
    return { status, body: 1 }
  }
  const explanation = explanationOf(status, body)
  if (explanation === undefined) return reply
  if (quirks.refusedWrites === 'text') return { status: 200, body: explanation }
  if (quirks.refusedWrites !== 'success-false') return reply
  return { status: 200, body: { success: random.chance(0.5) ? false : 'false', errormessage: explanation } }
}

/** Why the data of a write were refused; undefined for any other answer. */
function explanationOf(status: number, body: Readonly<Record<string, unknown>>): string | undefined {
  if (status !== 409 && (status !== 400 || body['missingfields'] !== undefined)) return undefined
  const text = body['detailedmessage'] ?? body['error']
  return typeof text === 'string' ? text : undefined
}

/** What a decoy may be called: no list of the API has its records under one of these names. */
const decoys = ['notices', 'links', 'warnings'] as const

function quirkyList({ status, body }: Reply, { quirks, random, isRecord }: QuirkyReply): unknown {
  if (status !== 200 || !isObject(body)) return body
  const { totalcount, ...rest } = body
  const total = typeof totalcount === 'number' && quirks.totals === 'string' ? String(totalcount) : totalcount
  const shown = total === undefined || quirks.totals === 'none' ? rest : { ...rest, totalcount: total }
  if (isRecord || !quirks.decoyArrays || !Object.values(body).some(Array.isArray)) return shown
  return { [random.pick(decoys)]: [{ id: String(random.between(1, 999)), text: '' }], ...shown }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shuffled(value: Readonly<Record<string, unknown>>, random: SeededRandom): Record<string, unknown> {
  const entries = Object.entries(value)
  for (let last = entries.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1)
    const [one, two] = [entries[last], entries[other]]
    if (one !== undefined && two !== undefined) [entries[last], entries[other]] = [two, one]
  }
  return Object.fromEntries(entries)
}
