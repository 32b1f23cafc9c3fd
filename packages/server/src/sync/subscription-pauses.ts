import type { SyncSettings } from './sync-settings.ts'

type Pauses = Pick<SyncSettings, 'activationCheckMs' | 'subscriptionCheckMs' | 'settleMs'>

/**
 * Between two looks at a subscription that is not what it should be, ms (pure): short at first, since most are within minutes,
 * and the longer the longer it has been so already, up to the time between two looks at one that is active.
 */
export function troubledCheckMs({ activationCheckMs, subscriptionCheckMs }: Pauses, soFarMs: number): number {
  return Math.max(activationCheckMs, Math.min(soFarMs / 4, subscriptionCheckMs))
}

const hour = 3_600_000

/**
 * When a subscription that is partial, or not there, is to be asked for again, epoch ms (pure): after as long again as it had been so
 * (since `since`) at the last asking, up to an hour, since it may be that the app is not to have all events, or the feed. Not before
 * what was asked for had the time to take hold.
 */
export function askDue({ settleMs }: Pauses, { since, askedAt }: { since: number; askedAt: number }): number {
  return askedAt + Math.max(settleMs, Math.min(askedAt - since, hour))
}
