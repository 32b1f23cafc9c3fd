import type { Basis } from '../route.ts'
import type { FaultMark } from '../faults/fault-rule.ts'
import { parseInput } from '../server/input.ts'

/** One request as it arrived; nothing in it identifies a patient. */
export interface RequestEntry {
  /** Counts every request from 1. */
  readonly number: number
  /** Virtual time of arrival, epoch ms with fractions. */
  readonly at: number
  /** Real time of arrival, epoch ms. */
  readonly realAt: number
  readonly method: string
  /** Route template, e.g. `/v1/{practiceid}/patients/{patientid}`; `unrouted` when there is none. */
  readonly route: string
  readonly practice: number | undefined
  /** Client id, when the request could be attributed to an app. */
  readonly app: string | undefined
  /** 0 when the connection was reset instead of an answer. */
  readonly status: number
  /** What the answer stands on; undefined for what was refused at the gate, or has no route. */
  readonly basis: Basis | undefined
  /** The fault that it met on demand, if any. */
  readonly fault: FaultMark | undefined
  /** The caller's own `X-Request-Id`. */
  readonly intent: string | undefined
  /** Names of its query and form fields, in lower case, sorted. Values are never shown. */
  readonly fields: readonly string[]
}

/** A longer form is reduced to the names of its fields at once: a log of uploads must not keep the uploads. */
const formKeptMax = 4096

/** What the server reports; field names are worked out only when someone asks. */
export interface RequestReport extends Omit<RequestEntry, 'number' | 'fields'> {
  readonly query: string
  readonly form: string
}

export interface RequestTotals {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
  /** `GET /v1/{practiceid}/…` → requests. */
  readonly byRoute: Readonly<Record<string, number>>
  /** How many answers stand on what; those of the gate stand on nothing. */
  readonly byBasis: Readonly<Record<Basis, number>>
}

export interface RequestPage {
  readonly requests: readonly RequestEntry[]
  /** Give it as `since` to go on from here. */
  readonly next: number
  /** Requests after `since` that have already been forgotten. */
  readonly forgotten: number
  readonly totals: RequestTotals
}

/** The last requests in a ring of fixed size, and counters over all of them. */
export class RequestLog {
  readonly #ring: RequestReport[] = []
  readonly #size: number
  readonly #statuses = new Map<number, number>()
  readonly #routes = new Map<string, Map<string, number>>()
  readonly #bases: Record<Basis, number> = { stateful: 0, recorded: 0, inferred: 0, unknown: 0 }
  #count = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Notes a request and returns its number. */
  add(report: RequestReport): number {
    const { form } = report
    this.#ring[this.#count % this.#size] = form.length > formKeptMax ? { ...report, form: fieldNames(form) } : report
    this.#count += 1
    increment(this.#statuses, report.status)
    if (report.basis !== undefined) this.#bases[report.basis] += 1
    let methods = this.#routes.get(report.route)
    if (methods === undefined) {
      methods = new Map()
      this.#routes.set(report.route, methods)
    }
    increment(methods, report.method)
    return this.#count
  }

  /** Requests with a number above `since`, oldest first, at most `limit`. */
  page({ since = 0, limit = 1000 }: { since?: number; limit?: number } = {}): RequestPage {
    const from = Math.max(since, this.#count - this.#size, 0)
    const to = Math.min(this.#count, from + limit)
    const requests: RequestEntry[] = []
    for (let number = from + 1; number <= to; number += 1) {
      const report = this.#ring[(number - 1) % this.#size]
      if (report !== undefined) requests.push(entry(report, number))
    }
    return { requests, next: to, forgotten: Math.max(0, from - since), totals: this.totals() }
  }

  totals(): RequestTotals {
    const byRoute: Record<string, number> = {}
    for (const [route, methods] of this.#routes) {
      for (const [method, count] of methods) byRoute[`${method} ${route}`] = count
    }
    return { requests: this.#count, byStatus: Object.fromEntries(this.#statuses), byRoute, byBasis: { ...this.#bases } }
  }
}

function entry({ query, form, ...report }: RequestReport, number: number): RequestEntry {
  const names = parseInput(query, form).entries.map(([name]) => name.toLowerCase())
  return { number, ...report, fields: [...new Set(names)].sort() }
}

/** A form reduced to the names of its fields. */
export function fieldNames(form: string): string {
  if (form === '') return form
  const names = parseInput('', form).entries.map(([name]) => encodeURIComponent(name))
  return [...new Set(names)].join('&')
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
