import type { CredentialRow } from './credential.sql.ts'

/** What is to be known of a credential to choose among several. Times in epoch ms of the database. */
export type Candidate = Pick<CredentialRow, 'number' | 'used_from' | 'expires_at' | 'revoked_at' | 'refused_at'>

/**
 * `live`: may be used. `waiting`: its time has not come, a key is only published. `expired`, `revoked`: its time is over.
 * `refused`: it could be used, and athenahealth refused it lately; those behind it serve.
 */
export type CredentialState = 'live' | 'waiting' | 'refused' | 'expired' | 'revoked'

/** So long one that athenahealth refused is passed over while another one serves. */
export const passedOverMs = 3_600_000

/** How a credential stands (pure). */
export function stateOfCredential(row: Candidate, now: number): CredentialState {
  if (row.revoked_at !== null) return 'revoked'
  if (row.expires_at !== null && row.expires_at <= now) return 'expired'
  if (row.used_from !== null && row.used_from > now) return 'waiting'
  return row.refused_at !== null && row.refused_at + passedOverMs > now ? 'refused' : 'live'
}

/** Of those whose time has not come, the one whose time comes first (pure). */
export function nextToBegin<C extends Candidate>(rows: readonly C[], now: number): C | undefined {
  const waiting = rows.filter((row) => stateOfCredential(row, now) === 'waiting')
  return waiting.toSorted((a, b) => (a.used_from ?? 0) - (b.used_from ?? 0))[0]
}

/**
 * The credential to use, of those of an app in their order (pure): the first that is live. When athenahealth has refused
 * all, the one that was refused the longest ago. Undefined when there is none to try.
 */
export function chooseCredential<C extends Candidate>(rows: readonly C[], now: number): C | undefined {
  const live = rows.find((row) => stateOfCredential(row, now) === 'live')
  if (live) return live
  const refused = rows.filter((row) => stateOfCredential(row, now) === 'refused')
  return refused.toSorted((a, b) => (a.refused_at ?? 0) - (b.refused_at ?? 0))[0]
}
