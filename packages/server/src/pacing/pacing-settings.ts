/** How it is chosen when to read a feed; times in milliseconds of the installation's clock. */
export interface PacingSettings {
  /** Whether it is chosen by what is expected of each feed, or every feed is read equally often. */
  readonly isAdaptive: boolean
  /** Never later than so long after the drain before, however rarely a feed changes; by feed where that differs. */
  readonly latestMs: number
  readonly latestMsOf: Readonly<Partial<Record<string, number>>>
  /** A drain that is expected to save less waiting than this (of one change, or of several together) is not worth a call. */
  readonly callWorthMs: number
}

export const defaultPacingSettings: PacingSettings = {
  isAdaptive: true,
  latestMs: 3_600_000,
  latestMsOf: {},
  callWorthMs: 0,
}

/** The bound of one feed. */
export function latestOf({ latestMs, latestMsOf }: PacingSettings, feed: string): number {
  return latestMsOf[feed] ?? latestMs
}
