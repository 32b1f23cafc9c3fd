import { formOf, type Arrival } from './answer.ts'
import type { Backend } from './backend.ts'
import { unroutedAnswer } from './gateway.ts'
import { parseInput } from './input.ts'
import { readRecording, type Exchange } from './recording.ts'

interface Recorded extends Exchange {
  readonly segments: readonly string[]
  readonly fields: string
  readonly formFields: string
}

/** Serves the recordings of a folder: each request gets the answer recorded for the request most like it. */
export async function loadRecording(folder: string): Promise<Backend> {
  const recorded = (await readRecording(folder)).map((exchange) => ({
    ...exchange,
    segments: exchange.path.split('/'),
    fields: normalFields(exchange.query),
    formFields: normalFields(exchange.form),
  }))
  return {
    find(arrival) {
      const exchange = bestMatch(recorded, arrival)
      return {
        route: exchange && exchange.path.replace(/^\/v1\/[^/]+/, '/v1/{practiceid}'),
        basis: exchange && 'recorded',
        answer: () => exchange ?? unroutedAnswer(),
      }
    },
  }
}

/**
 * Same method, path, query and form before same method, path and query before same method and path; the first by file
 * name among equals. A page that was not recorded is never answered with another one, or a caller would page for ever.
 */
function bestMatch(recorded: readonly Recorded[], arrival: Arrival): Recorded | undefined {
  const segments = arrival.path.split('/')
  const fields = normalFields(arrival.query)
  const formFields = normalFields(formOf(arrival))
  const asksLaterPage = (parseInput(arrival.query).text('offset') ?? '0') !== '0'
  let best: { exchange: Recorded; score: number } | undefined
  for (const exchange of recorded) {
    if (exchange.method !== arrival.method || !isSamePath(exchange.segments, segments)) continue
    const sameQuery = exchange.fields === fields
    if (!sameQuery && asksLaterPage) continue
    const score = (sameQuery ? 2 : 0) + (exchange.formFields === formFields ? 1 : 0)
    if (best === undefined || score > best.score) best = { exchange, score }
  }
  return best?.exchange
}

function isSamePath(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => part === segments[index] || part.startsWith('{'))
  )
}

/** A query or form as one text that is the same for any order and any case of names. */
function normalFields(text: string): string {
  return JSON.stringify(
    parseInput(text)
      .entries.map(([name, value]) => `${name.toLowerCase()}=${value}`)
      .sort(),
  )
}
