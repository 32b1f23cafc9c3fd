import type { FileValue } from '../upload/content.ts'

/** Left out when null or undefined. */
export type Maybe<T> = T | null | undefined

/** One value or several. */
export type Many<T> = T | readonly T[]

/** An id as athenahealth gives it: text. Whole numbers are taken too. */
export type Id = string | number

/** What is sent as JSON text inside a field: an object, a list, or the text itself. */
export type JsonInput = string | readonly unknown[] | { readonly [member: string]: unknown }

/** A file: `content(…)`, bytes or a Blob, which are encoded while they are sent; or Base64 text, which is sent as it is. */
export type FileText = string | FileValue

/** A record whose fields are partly or not at all known: unknown ones are there as athenahealth sent them. */
export interface OpenRecord {
  readonly [field: string]: unknown
}

/** What stands around a list. */
export interface ListEnvelope extends OpenRecord {
  /** Matches in total, not in this answer. */
  readonly totalcount?: number
  /** The next page's address, relative, as athenahealth wrote it. */
  readonly next?: string
  readonly previous?: string
}

/** A list that holds the one record asked for. */
export type ArrayOfOne<T> = readonly [T, ...T[]]

/** A bare value: what an endpoint answers that has nothing to say but that it is done. */
export type Scalar = string | number | boolean
