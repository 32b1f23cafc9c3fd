import { easternZone, instantToEasternWall, wireInstant } from '@aegis/client'

const hourMs = 3_600_000

/**
 * athenahealth's own time of last change (epoch ms) where it can order two versions. The text is an Eastern wall time:
 * in the hour that clocks repeat in autumn it names two instants, and taking either would make a later change look
 * older than an earlier one and be dropped. Such a time, like an unreadable one, is therefore undefined.
 */
export function lastModifiedAt(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  const instant = wireInstant(text, easternZone)
  if (instant === undefined) return undefined
  return sameWall(instant, instant + hourMs) || sameWall(instant, instant - hourMs) ? undefined : instant
}

function sameWall(a: number, b: number): boolean {
  const [left, right] = [instantToEasternWall(a), instantToEasternWall(b)]
  return left.date === right.date && left.time === right.time
}
