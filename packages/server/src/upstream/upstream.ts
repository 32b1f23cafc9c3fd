import { type AthenaPractice, createAthenaClient, type Environment, type TokenSource } from '@aegis/client'
import type { Clock } from '../clock/clock.ts'
import type { Random } from '../clock/random.ts'
import type { Reading } from '../clock/remote-clock.ts'
import type { CallContext } from './call-context.ts'
import type { WayOut } from './wrap-fetch.ts'

export interface UpstreamDeps {
  readonly wayOut: WayOut
  readonly tokenSource: TokenSource
  readonly clock: Clock
  readonly random: Random
}

export interface UpstreamOptions {
  readonly environment: Environment
  readonly baseUrl: string
  readonly allowedHosts?: readonly string[]
}

/** athenahealth, ready to be called. Every call needs a `CallContext` in its options. */
export interface Upstream {
  /** The API of one practice. */
  practice(id: number): AthenaPractice
  /** What athenahealth's clock shows now; undefined before an answer told. */
  theirTime(): Reading | undefined
  /**
   * Resolves once there was an answer of athenahealth's, which tells its time: at once, or after asking about the practice.
   * Rejects with what that call throws.
   */
  hear(practice: number): Promise<void>
  /**
   * How far our clock and athenahealth's are apart at least, in ms: over 2,000 is an error (`upstream.clock-skew` in the error
   * table says what to do), because windows of seconds can no longer be trusted.
   */
  certainSkewMs(): number
}

/** A client of one app for any practice. */
export function createUpstream(deps: UpstreamDeps, options: UpstreamOptions): Upstream {
  const { wayOut, clock, random } = deps
  const client = createAthenaClient({
    ...options,
    tokenSource: deps.tokenSource,
    fetch: wayOut.fetch,
    clock,
    random: () => random.fraction(),
    hooks: { onResponse: (event) => wayOut.judged(event) },
    // The wait for a permission counts in these, and has limits of its own; so has each attempt, in the way out.
    timeouts: { headersMs: Number.POSITIVE_INFINITY, callMs: Number.POSITIVE_INFINITY },
  })
  const { theirs } = wayOut
  let asking: Promise<unknown> | undefined
  const ask = (id: number) =>
    client
      .practice(id)
      .practiceInfo({ context: hearCall })
      .finally(() => {
        asking = undefined
      })
  return {
    practice: (id) => client.practice(id),
    theirTime: () => theirs.reading,
    certainSkewMs: () => theirs.skewAtLeastMs,
    async hear(id) {
      if (theirs.isHeard) return
      asking ??= ask(id)
      await asking.catch((error: unknown) => {
        // A refusal is an answer too.
        if (!theirs.isHeard) throw error
      })
    },
  }
}

const hearCall: CallContext = { priority: 'feeds', purpose: 'upstream.time' }
