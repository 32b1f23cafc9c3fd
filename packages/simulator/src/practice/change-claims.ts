/** Changes of claims, given as plain JSON. */
import type { Fields, Id, Runner } from './change-fields.ts'
import { addClaimNote, advanceClaim, setClaimStatus, voidClaim } from './claim-changes.ts'
import { claimStatuses, type ClaimStatus } from './claim-progress.ts'
import { claimAt, claimPayers, type ClaimPayer } from './claim-table.ts'
import type { PracticeState } from './practice-state.ts'
import { Refusal } from './refusal.ts'

/** What happens to claims. */
export type ClaimChange =
  | { readonly kind: 'advanceclaim' | 'voidclaim'; readonly claim: Id }
  | { readonly kind: 'setclaimstatus'; readonly claim: Id; readonly payer: ClaimPayer; readonly status: ClaimStatus }
  | { readonly kind: 'addclaimnote'; readonly claim: Id; readonly text: string }

function claimOf(state: PracticeState, fields: Fields): number {
  const index = claimAt(state, fields.text('claim'))
  if (index === undefined) throw new Refusal('unknown_claim')
  return index
}

function wordOf<T extends string>(fields: Fields, name: string, words: readonly T[]): T {
  const text = fields.text(name)
  const word = words.find((known) => known === text)
  if (word === undefined) throw new RangeError(`"${name}" must be one of ${words.join(', ')}`)
  return word
}

export const claimRunners: Readonly<Record<ClaimChange['kind'], Runner>> = {
  advanceclaim: (state, fields, stamp) => {
    if (!advanceClaim(state, claimOf(state, fields), stamp)) throw new RangeError('the claim goes no further by itself')
  },
  voidclaim: (state, fields, stamp) => voidClaim(state, claimOf(state, fields), stamp),
  setclaimstatus: (state, fields, stamp) => {
    const payer = wordOf(fields, 'payer', claimPayers)
    const status = wordOf(fields, 'status', claimStatuses)
    setClaimStatus(state, { index: claimOf(state, fields), payer, status }, stamp)
  },
  addclaimnote: (state, fields, stamp) => {
    addClaimNote(state, { index: claimOf(state, fields), text: fields.text('text') }, stamp)
  },
}
