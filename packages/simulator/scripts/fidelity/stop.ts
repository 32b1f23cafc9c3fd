import type { PracticeChange } from '../../src/practice/apply-change.ts'

/** One request to the small practice, braces standing for ids; or one of the three that are no requests. */
export interface Stop {
  /** `later` lets a quarter of an hour pass, `read all` reads every endpoint in many ways; `change` is one of the staff's. */
  readonly request: string
  readonly form?: string
  readonly change?: PracticeChange
  /** Ids to keep from the answer: their name → where they stand. */
  readonly keep?: Readonly<Record<string, readonly (string | number)[]>>
}
