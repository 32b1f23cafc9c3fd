import type { Route } from '../route.ts'

/** A type as it was recorded; `text` and `integer` together mean that both eras were seen. */
export type FieldType = 'text' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null'

/** One parameter as athenahealth documents it. */
export interface ContractParameter {
  readonly name: string
  readonly place: 'path' | 'query' | 'form'
  readonly type: FieldType
  readonly required: boolean
  /** Documented values; empty when there is no closed list. */
  readonly values: readonly string[]
}

/** How an answer is wrapped, where one was recorded: records under a key, a bare array, or an object. */
export type Wrapping = 'envelope' | 'array' | 'object' | undefined

/** What the first columns of the text say of an endpoint. */
export interface EndpointHead {
  /** `METHOD /path`, path under the practice. */
  readonly name: string
  readonly method: Route['method']
  readonly path: string
  /** As `shapeOf` gives it. */
  readonly shape: string
  readonly area: string
  /** What stands behind it: a recorded answer, current documents, or documents of ten years ago. */
  readonly source: 'recorded' | 'documented' | 'legacy'
  /** athenahealth rolls it out practice by practice. */
  readonly beta: boolean
  /** athenahealth asks to call it sparingly. */
  readonly intensive: boolean
  /** Name of the array with the records; undefined where there is none or it is not known. */
  readonly key: string | undefined
}

/** What is known of one endpoint, read from the facts by the simulator alone. */
export interface EndpointContract extends EndpointHead {
  readonly wrapping: Wrapping
  /** The key follows from other feeds' keys: nothing confirms it. */
  readonly isKeyGuessed: boolean
  /** Rows by default and at most, where documented. */
  readonly limits: { readonly defaultLimit: number; readonly maxLimit: number } | undefined
  readonly parameters: readonly ContractParameter[]
  /** Recorded fields of a record. */
  readonly fields: ReadonlyMap<string, readonly FieldType[]>
  /** Recorded names beside the array of records, e.g. `totalcount`. */
  readonly around: readonly string[]
}

/** A method and a path under the practice. */
export interface Endpoint {
  readonly method: string
  readonly path: string
}

/** The same for any names of a path's parameters: routes are told apart by it. */
export function shapeOf({ method, path }: Endpoint): string {
  return `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`
}
