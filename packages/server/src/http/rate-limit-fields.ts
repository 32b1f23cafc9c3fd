/** What of a day is left. */
export interface DayStanding {
  /** Calls a day. */
  readonly limit: number
  /** Calls of the day that one may still make. */
  readonly left: number
  /** Until calls are counted anew. */
  readonly resetsInMs: number
}

/** How one stands with an app's limits. */
export interface Standing {
  readonly perSecond: number
  /** Undefined until the day was looked at. */
  readonly day: DayStanding | undefined
}

/** The names are in lower case, as HTTP/2 wants them. */
export interface RateLimitFields {
  readonly 'ratelimit-policy': string
  readonly ratelimit?: string
}

const daySeconds = 86_400

/**
 * The header fields that tell a caller how it stands, in the syntax of draft-ietf-httpapi-ratelimit-headers-09 (structured
 * fields; earlier versions had three fields of other names). The limit per second is a policy without a count: what is
 * left of a second is never saved up, and a call waits rather than being refused for it.
 */
export function rateLimitFields({ perSecond, day }: Standing): RateLimitFields {
  const window = perSecond >= 1 ? 1 : Math.ceil(1 / perSecond)
  const second = `"second";q=${Math.max(1, Math.floor(perSecond))};w=${window}`
  if (!day) return { 'ratelimit-policy': second }
  const ofDay = dayFields(day)
  return { ...ofDay, 'ratelimit-policy': `${second}, ${ofDay['ratelimit-policy']}` }
}

/** As `rateLimitFields`, of the day alone. */
export function dayFields({ limit, left, resetsInMs }: DayStanding): RateLimitFields {
  return {
    'ratelimit-policy': `"day";q=${limit};w=${daySeconds}`,
    ratelimit: `"day";r=${Math.max(0, Math.floor(left))};t=${Math.ceil(resetsInMs / 1_000)}`,
  }
}
