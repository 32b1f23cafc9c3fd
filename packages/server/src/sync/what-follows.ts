import type { Page } from '@aegis/client'

/** Whether more follows, and on what word. */
export interface WhatFollows {
  readonly more: boolean
  /** That more follows is told by the list's count alone, which may be wrong. */
  readonly counted?: boolean
}

/**
 * Whether more follows a page: it is as long as asked for, names the next one, or ends before the list's own count. One that
 * athenahealth cut should name the next one; where it did not, what follows would be lost without a trace.
 */
export function whatFollows(
  { next, totalCount = 0 }: Pick<Page<unknown>, 'next' | 'totalCount'>,
  { items, limit, offset }: { items: number; limit: number; offset?: number },
): WhatFollows {
  // A page as long as asked for may be the last.
  if (next !== undefined || items >= limit) return { more: true }
  const counted = offset !== undefined && items > 0 && totalCount > offset + items
  return counted ? { more: true, counted } : { more: false }
}
