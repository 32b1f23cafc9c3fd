/** What a route of the simulated API sees and answers; the server (sockets, auth, limits) and the endpoints meet here. */
import type { Practice } from './practice/practice.ts'

/** An app (client id) known to the simulator; feed marks and quotas belong to it. */
export interface App {
  readonly clientId: string
}

/** Query and form fields merged, names lower-cased; arrays from repeated, comma-separated or `name[0]` parameters. */
export interface Input {
  /** The field's text, or undefined when absent or empty. */
  text(name: string): string | undefined
  /** All values of a field. */
  list(name: string): readonly string[]
  /** True for true, y, yes, 1, t in any case; `fallback` when absent. */
  flag(name: string, fallback?: boolean): boolean
  /** The field as an integer; throws the recorded 400 answer ("Expecting type integer, …") when it is not one. */
  integer(name: string): number | undefined
  /** The field as a part of a multipart body, with its exact bytes; undefined in any other body. */
  part(name: string): Part | undefined
  /** All fields as sent (name in the sender's case → values): paging links echo them. */
  readonly entries: readonly (readonly [name: string, value: string])[]
}

/** A part of a multipart body. */
export interface Part {
  readonly name: string
  /** As sent; undefined for a part that is a plain field. */
  readonly fileName: string | undefined
  readonly contentType: string | undefined
  /** Its `Content-Transfer-Encoding` in lower case. */
  readonly transferEncoding: string | undefined
  readonly bytes: Buffer
}

export interface RouteContext {
  readonly practice: Practice
  /** Every practice the app may call: `/practiceinfo` lists them. It is also served under practice 1, as recorded. */
  readonly reachable: readonly Practice[]
  readonly app: App
  readonly input: Input
  /** `Accept` as sent. */
  readonly accept?: string | undefined
  /** The request's path without its query, from `/v1/` on: paging links repeat it. */
  readonly url: string
  /** Path parameters by name, e.g. `patientid`. */
  readonly path: Readonly<Record<string, string>>
  /** Virtual time of arrival, epoch ms. */
  readonly now: number
}

/** A JSON answer. `body` is encoded by the server (typed or string era); it is never mutated afterwards. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  /** Set for an answer that is no JSON: it goes out in the place of `body`. */
  readonly content?: Content
}

/** An answer as it stands: a file, a page, a text. */
export interface Content {
  /** `Content-Type` as sent. */
  readonly type: string
  readonly bytes: Buffer
}

/**
 * What an answer stands on: the practice's `stateful` records; `recorded` names with invented values; what other endpoints
 * do, for one of which no answer was recorded (`inferred`); a guess (`unknown`).
 */
export type Basis = 'stateful' | 'recorded' | 'inferred' | 'unknown'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path under `/v1/{practiceid}`, parameters in braces: `/appointments/{appointmentid}/cancel`. */
  readonly path: string
  readonly handle: (context: RouteContext) => Reply
  /** `stateful` if absent. */
  readonly basis?: Basis
}

/** Thrown by a handler to answer at once, e.g. a validation failure. */
export class ReplyError extends Error {
  readonly reply: Reply
  constructor(reply: Reply) {
    super(`answers ${reply.status}`)
    this.name = 'ReplyError'
    this.reply = reply
  }
}
