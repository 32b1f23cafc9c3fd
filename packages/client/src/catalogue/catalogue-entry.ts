import type { WireKind } from '../wire/coerce.ts'
import type { EndpointName } from './generated/endpoints.ts'

/**
 * What is known of one endpoint of the API: data, not code. Facts about parameters and shapes; where a fact is a guess,
 * a mark says so.
 */
export interface CatalogueEntry {
  /** `METHOD /path`, unique. */
  readonly name: EndpointName
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Under the practice, with braces: `/appointments/{appointmentid}`. */
  readonly path: string
  /** The part of the API it belongs to, in kebab-case. */
  readonly area: string
  readonly params: readonly CatalogueParam[]
  /** How a write's parameters travel; undefined for calls without a body. */
  readonly bodyEncoding: 'form' | undefined
  readonly envelope: Envelope
  /** `list`: the member that holds the records. */
  readonly recordKey: string | undefined
  /** Whether an answer with that member has been seen or is documented; false where its name is inferred. */
  readonly keyConfirmed: boolean
  /** Whether the list's items are lists of records themselves. */
  readonly nested: boolean
  /** Undefined where it takes no limit and offset. */
  readonly paging: Paging | undefined
  /** One of the calls athenahealth asks to use sparingly. */
  readonly intensive: boolean
  /** Whether a plain read marks what it answers as processed. */
  readonly consuming: boolean
  /** athenahealth documents it as being rolled out or in trial: a practice may not have it yet. */
  readonly beta: boolean
  readonly known: Known
  /** Known fields of a record (or of the object) and how each is read. */
  readonly fields: Readonly<Record<string, WireKind>>
  /** Known members beside the list. */
  readonly around: Readonly<Record<string, WireKind>>
}

/**
 * What an answer looks like: `list` records under a member of an object, `array` a bare list, `one` a list with the one
 * record, `object` the record itself, `scalar` a bare value, `unknown` not seen.
 */
export type Envelope = 'list' | 'array' | 'one' | 'object' | 'scalar' | 'unknown'

/** `recorded`: real answers have been seen; `documented`: by documents only; `legacy`: in old documents only. */
export type Known = 'recorded' | 'documented' | 'legacy'

export interface Paging {
  /** False where limit and offset are taken to be there as on other lists, without a document that says so. */
  readonly documented: boolean
  /** Records a page when no limit is sent, where known. */
  readonly limitDefault: number | undefined
  /** Where known. */
  readonly limitMax: number | undefined
}

export interface CatalogueParam {
  readonly name: string
  readonly place: 'path' | 'query' | 'form'
  readonly type: ParamType
  /** Whether it takes several values. */
  readonly array: boolean
  readonly required: boolean
  /** Values athenahealth documents; it may know more. */
  readonly values: readonly string[] | undefined
}

/** `json`: JSON text in a field; `file`: the content of a file as Base64 text. */
export type ParamType = 'id' | 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'json' | 'file'
