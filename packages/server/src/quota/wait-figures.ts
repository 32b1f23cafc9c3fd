import type { Priority } from './priorities.ts'

/** Of one process and app: who waits for a permission, how many were given since the start, and what that took together. */
export type WaitFigures = Readonly<
  Record<Priority, { readonly waiting: number; readonly served: number; readonly waitedMs: number }>
>
