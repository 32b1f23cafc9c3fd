import type { Answer, CallOptions } from '../athena-call.ts'
import type { AthenaEndpoints, EndpointName, ListEndpointName } from '../catalogue/generated/endpoints.ts'
import type { ArrayOfOne, Id, OpenRecord } from '../catalogue/request-types.ts'
import type { Extra, RecordOfList, ResponseOf } from '../request/endpoint-request.ts'
import type { RecordShape } from '../wire/decode-record.ts'
import type { Download } from './download.ts'
import type { List } from './list.ts'
import type { Outcome } from './practice-api.ts'

/**
 * Methods as data: an endpoint of the catalogue by the name it has as a method, and tables of them. A list endpoint becomes
 * a method that makes a `List`, any other one that makes a call; what differs from that says so.
 */
export interface MethodTable {
  readonly [name: string]: MethodEntry | MethodTable
}

export type MethodEntry =
  | EndpointName
  | SectionEntry<EndpointName>
  | InferredList<EndpointName, RecordSource>
  | InferredRecord<EndpointName, RecordSource>
  | DownloadEntry<EndpointName>
  | ImageEntry<EndpointName>

/** Where the fields of a record are known from: another list of such records, or a table of our own. */
export type RecordSource = ListEndpointName | RecordShape<unknown>

/** A list that is answered as a whole, because what stands around it matters. */
export interface SectionEntry<E> {
  readonly kind: 'section'
  readonly endpoint: E
}

/** A list that no recorded answer shows: where its records stand and what is in them is inferred. */
export interface InferredList<E, R> {
  readonly kind: 'list'
  readonly endpoint: E
  readonly key: string
  readonly record: R
}

/** A record that no recorded answer shows: alone or as a list of one. */
export interface InferredRecord<E, R> {
  readonly kind: 'record'
  readonly endpoint: E
  readonly record: R
}

/** A file or a document: its bytes as they come. */
export interface DownloadEntry<E> {
  readonly kind: 'download'
  readonly endpoint: E
  readonly accept: string
}

/** A write of an image, with athenahealth's second way for images it refuses. */
export interface ImageEntry<E> {
  readonly kind: 'image'
  readonly endpoint: E
}

/*
 * What makes entries takes any text, because the name of a class of documents makes several names of endpoints; a table
 * that `satisfies MethodTable` has only such as there are.
 */

/** Has a list answered as a whole. */
export function section<const E extends string>(endpoint: E): SectionEntry<E> {
  return { kind: 'section', endpoint }
}

/** Has a list read under a key that is inferred; a bare list is taken too, and another list under another key refused. */
export function inferredList<const E extends string, const R extends RecordSource>(
  endpoint: E,
  { key, record }: { readonly key: string; readonly record: R },
): InferredList<E, R> {
  return { kind: 'list', endpoint, key, record }
}

/** Has an answer read as a record whose fields are inferred. */
export function inferredRecord<const E extends string, const R extends RecordSource>(
  endpoint: E,
  record: R,
): InferredRecord<E, R> {
  return { kind: 'record', endpoint, record }
}

/** Has an answer handed on as bytes. */
export function download<const E extends string>(endpoint: E, accept = '*/*'): DownloadEntry<E> {
  return { kind: 'download', endpoint, accept }
}

/** Has an image sent, and once more in athenahealth's second way where it is refused. */
export function imageWrite<const E extends string>(endpoint: E): ImageEntry<E> {
  return { kind: 'image', endpoint }
}

/** The methods of a table. */
export type Methods<T> = {
  readonly [K in keyof T]: T[K] extends EndpointName | { readonly kind: string } ? MethodOf<T[K]> : Methods<T[K]>
}

/** The method an entry becomes. */
export type MethodOf<M> = M extends ListEndpointName
  ? ListMethod<M, RecordOfList<M>>
  : M extends EndpointName
    ? CallMethod<M, SingleOf<M>>
    : M extends SectionEntry<infer E extends EndpointName>
      ? CallMethod<E, ResponseOf<E>>
      : M extends InferredList<infer E extends EndpointName, infer R>
        ? ListMethod<E, RecordFrom<R>>
        : M extends InferredRecord<infer E extends EndpointName, infer R>
          ? CallMethod<E, RecordFrom<R>>
          : M extends DownloadEntry<infer E extends EndpointName>
            ? CallMethod<E, Download>
            : M extends ImageEntry<infer E extends EndpointName>
              ? CallMethod<E, SingleOf<E>>
              : never

/** One call; see CallOptions for the last argument. */
export type CallMethod<E extends EndpointName, T> = (...args: MethodArgs<E>) => Promise<Answer<T>>

/** A list; nothing is sent until it is iterated. */
export type ListMethod<E extends EndpointName, T> = (...args: MethodArgs<E>) => List<T>

/**
 * What a method takes: the id of the path (an object of them, by athenahealth's names, where there are several), the
 * parameters, and options. What is not there or not required may be left out.
 */
export type MethodArgs<E extends EndpointName> = [...PathArgs<E>, ...ParamArgs<E>]

type PathArgs<E extends EndpointName> = E extends `${string}{${string}}${string}{${string}`
  ? [ids: PathOf<E>]
  : E extends `${string}{${infer Name}}${string}`
    ? [id: PathOf<E> extends { readonly [N in Name]: infer T } ? T : Id]
    : []

type PathOf<E extends EndpointName> = AthenaEndpoints[E]['request'] extends { readonly path: infer P } ? P : never

type ParamArgs<E extends EndpointName> = AthenaEndpoints[E]['request'] extends { readonly [P in PlaceOf<E>]: infer T }
  ? [params: T & Extra, options?: CallOptions]
  : AthenaEndpoints[E]['request'] extends { readonly [P in PlaceOf<E>]?: infer T }
    ? [params?: NonNullable<T> & Extra, options?: CallOptions]
    : [params?: Extra, options?: CallOptions]

type PlaceOf<E extends EndpointName> = E extends `${'GET' | 'DELETE'} ${string}` ? 'query' : 'form'

/** The record of a list of one; of a write whose answer has not been seen, what writes say. */
type SingleOf<E extends EndpointName> =
  ResponseOf<E> extends ArrayOfOne<infer T> ? T : [KnownOf<ResponseOf<E>>] extends [never] ? Outcome : ResponseOf<E>

/** The names a record is known to have; of what is no record, itself. */
type KnownOf<R> = R extends OpenRecord ? keyof { [K in keyof R as string extends K ? never : K]: K } : R

type RecordFrom<R> = R extends ListEndpointName ? RecordOfList<R> : R extends RecordShape<infer T> ? T : never
