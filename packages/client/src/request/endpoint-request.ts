import type { Answer, CallOptions } from '../athena-call.ts'
import type { Params } from '../call/params.ts'
import type { AthenaEndpoints, AthenaLists, EndpointName, ListEndpointName } from '../catalogue/generated/endpoints.ts'
import type { List } from '../resources/list.ts'

/** What every request may carry besides the endpoint's own parameters. */
export interface Extra {
  /**
   * Parameters the catalogue does not know, by athenahealth's names; sent where the endpoint's others are. Everything
   * else that is not in the catalogue is refused, so that a slip of the pen is noticed.
   */
  readonly extra?: Params
}

/** The parameters of an endpoint, by place: `path`, `query` for GET and DELETE, `form` for POST and PUT. */
export type RequestOf<E extends EndpointName> = AthenaEndpoints[E]['request'] & Extra

/**
 * The parameters of an endpoint's form or query for a method that reads its answer in its own way: known ones with their
 * types, and any other by athenahealth's name, sent as it is. `Except`: known ones that take more than the catalogue says.
 */
export type OpenParams<E extends EndpointName, Except extends string = never> = Params &
  Omit<Known<AthenaEndpoints[E]['request']>, Except>

type Known<R> = R extends { readonly form?: unknown }
  ? NonNullable<R['form']>
  : R extends { readonly query?: unknown }
    ? NonNullable<R['query']>
    : unknown

/** What an endpoint answers, as the catalogue knows it: known fields typed, all others `unknown`. */
export type ResponseOf<E extends EndpointName> = AthenaEndpoints[E]['response']

/** A record of a list endpoint. */
export type RecordOfList<E extends ListEndpointName> = AthenaLists[E]

/** Request and options; the request may be left out where nothing is required. */
export type RequestArgs<R> =
  Record<never, never> extends R ? [request?: R, options?: CallOptions] : [request: R, options?: CallOptions]

/** Makes one call of an endpoint in a practice. */
export interface PracticeRequest {
  /**
   * Calls any of the 818 endpoints of the catalogue by `METHOD /path`. The value has the shape athenahealth answers in,
   * with known fields read: ids text, booleans and numbers whatever the encoding. See the README for the guarantees.
   */
  <E extends EndpointName>(endpoint: E, ...args: RequestArgs<RequestOf<E>>): Promise<Answer<ResponseOf<E>>>
}

/** Makes a list of an endpoint in a practice. */
export interface PracticeListRequest {
  /** Reads a list endpoint page by page; nothing is sent until it is iterated. Changed-data feeds are no lists. */
  <E extends ListEndpointName>(endpoint: E, ...args: RequestArgs<RequestOf<E>>): List<RecordOfList<E>>
}

interface InPractice {
  readonly practice: number
}

/** As PracticeRequest, for any practice. */
export interface ClientRequest {
  /** Calls any of the 818 endpoints of the catalogue by `METHOD /path`, in the practice named. */
  <E extends EndpointName>(
    endpoint: E,
    request: InPractice & RequestOf<E>,
    options?: CallOptions,
  ): Promise<Answer<ResponseOf<E>>>
}

/** As PracticeListRequest, for any practice. */
export interface ClientListRequest {
  /** Reads a list endpoint of the practice named page by page; nothing is sent until it is iterated. */
  <E extends ListEndpointName>(
    endpoint: E,
    request: InPractice & RequestOf<E>,
    options?: CallOptions,
  ): List<RecordOfList<E>>
}

/** A request whose types have been left behind: what JavaScript callers can send. */
export interface LooseRequest {
  readonly path?: Readonly<Record<string, unknown>> | undefined
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly form?: Readonly<Record<string, unknown>> | undefined
  readonly extra?: Params | undefined
  readonly options?: CallOptions | undefined
}
