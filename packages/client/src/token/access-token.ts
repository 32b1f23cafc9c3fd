/** An access token. `value` is not enumerable, so that logging, inspecting or copying the object does not give it away. */
export interface AccessToken {
  readonly value: string
  /** Differs between any two tokens of a source; a number that grows, or any string. */
  readonly generation: string | number
  /** Epoch ms. */
  readonly expiresAt: number
}

/** Where tokens come from: the built-in source (a credential), or one of your own, e.g. a client of a key server. */
export interface TokenSource {
  /**
   * A token that is good now. With `newerThan`, one of another generation than the one named, because athenahealth
   * refused that one. Must not refresh without bounds: a caller asks at most twice per call, and more often only where a
   * `fetch` of yours does (`authorize`).
   */
  get(options?: { newerThan?: string | number; signal?: AbortSignal }): Promise<AccessToken>
}

/** Builds a token whose value does not show in logs. */
export function accessToken(value: string, generation: string | number, expiresAt: number): AccessToken {
  const token = { value, generation, expiresAt }
  return Object.defineProperty(token, 'value', { enumerable: false })
}
