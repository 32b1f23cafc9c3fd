import type { FeedName } from '../practice/practice.ts'
import type { SeededRandom } from '../practice/seeded-random.ts'
import type { Answer, Arrival } from '../server/answer.ts'
import type { RegisteredApp } from '../tokens/apps.ts'
import type { FaultField } from './fault-field.ts'
import type { FaultAction, FaultKind, FaultParameters } from './fault-rule.ts'
import type { FaultWorld } from './fault-world.ts'

/** A request as rules see it, before anything is done about it. */
export interface MetRequest {
  readonly arrival: Arrival
  /** Template as the log has it; undefined when nothing serves the path. */
  readonly route: string | undefined
  /** Path behind `/v1/{practiceid}`; undefined for what is no call of the API. */
  readonly resource: string | undefined
  readonly practice: number | undefined
  readonly app: RegisteredApp | undefined
  /** The feed that its path belongs to. */
  readonly feed: FeedName | undefined
  /** How it reads that feed; undefined when it does not. */
  readonly reads: 'consume' | 'peek' | 'replay' | undefined
  /** Virtual time, epoch ms. */
  readonly at: number
}

/** A request that meets a fault. */
export interface Meeting<K extends FaultKind> {
  readonly action: FaultAction<K>
  readonly request: MetRequest
  /** The rule's own stream for this request. */
  readonly random: SeededRandom
  readonly world: FaultWorld
}

/**
 * One kind of fault. It acts on the world before the request is served, or on the answer afterwards, or both; where it has
 * nothing to act on, the request goes unharmed and the rule has not fired.
 */
export interface FaultKindRow<K extends FaultKind> {
  /** What callers meet, in a few words. */
  readonly meets: string
  readonly fields: { readonly [Name in keyof FaultParameters[K]]-?: FaultField }
  /** Parameters without which it means nothing. */
  readonly needs?: readonly string[]
  /** Which requests it can be about at all; all if absent. */
  concerns?(request: MetRequest): boolean
  /** How far time moves before the request is served, virtual ms. */
  jumpMs?(action: FaultAction<K>): number
  /** Whether the request is served, so that what it asks for happens; true if absent. */
  isServed?(action: FaultAction<K>): boolean
  /** Acts on the world; false when there was nothing to act on. */
  before?(meeting: Meeting<K>): boolean
  /** The answer in its place; undefined when there is nothing to change in it. */
  answer?(meeting: Meeting<K>, given: Answer): Answer | undefined
}

/** The rows of some kinds. */
export type FaultRows<K extends FaultKind> = { readonly [Each in K]: FaultKindRow<Each> }
