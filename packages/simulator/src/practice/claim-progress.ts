/**
 * How a claim gets paid, step by step: held back, ready to be sent, sent to the payer, paid by it, settled. The words of
 * the statuses are those of athenahealth's public user guide; two of them are recorded. Which claim takes which way and
 * how long is ours.
 */
import { dayMs } from './calendar-date.ts'
import type { PracticeState } from './practice-state.ts'
import { SeededRandom } from './seeded-random.ts'

/** A status a payer's part of a claim may have. */
export const claimStatuses = [
  'HOLD',
  'MGRHOLD',
  'CBOHOLD',
  'ATHENAHOLD',
  'DROP',
  'BILLED',
  'FOLLOWUP',
  'APPEALED',
  'OVERPAID',
  'CLOSED',
] as const
export type ClaimStatus = (typeof claimStatuses)[number]

/** The steps in their order; `settled` and `voided` are ends. */
export const claimStages = { held: 0, ready: 1, sent: 2, paid: 3, settled: 4, voided: 5 } as const

const hourMs = 3_600_000
const shares = { held: 0.15, patientOwes: 0.45 } as const
const salt = 0x5eed_0021

interface Way {
  /** The status while it is held back; undefined when it is ready at once. */
  readonly heldAs: ClaimStatus | undefined
  /** When each step ends, ms after the claim was made. */
  readonly ends: readonly number[]
}

/** A function of seed and claim, so that it does not depend on when it is asked. */
function wayOf(state: PracticeState, index: number): Way {
  const random = new SeededRandom(state.seed ^ salt, index)
  const isHeld = random.chance(shares.held)
  const heldAs = random.pick(['HOLD', 'HOLD', 'MGRHOLD'] as const)
  const readyMs = isHeld ? random.between(1, 6) * dayMs : 0
  const sentMs = readyMs + random.between(8, 30) * hourMs
  const paidMs = sentMs + random.between(6, 25) * dayMs
  const owes = random.chance(shares.patientOwes)
  const settledMs = paidMs + (owes ? random.between(5, 35) * dayMs : 0)
  return { heldAs: isHeld ? heldAs : undefined, ends: [readyMs, sentMs, paidMs, settledMs] }
}

/** The step a new claim begins with. */
export function firstStage(state: PracticeState, index: number): number {
  return wayOf(state, index).heldAs === undefined ? claimStages.ready : claimStages.held
}

/** When (epoch ms) a claim made at `createdAt` (epoch seconds) leaves a step; undefined at an end. */
export function stageEndsAt(
  state: PracticeState,
  index: number,
  { stage, createdAt }: { stage: number; createdAt: number },
): number | undefined {
  const end = wayOf(state, index).ends[stage]
  return end === undefined ? undefined : createdAt * 1000 + end
}

/** The step a claim had reached when the practice was made. */
export function seededProgress(state: PracticeState, index: number, createdAt: number): number {
  const { ends } = wayOf(state, index)
  const ageMs = state.openedAt - createdAt * 1000
  return ends.filter((end) => end <= ageMs).length
}

/** The step after this one; one that takes no time is passed over. */
export function stageAfter(state: PracticeState, index: number, stage: number): number {
  const { ends } = wayOf(state, index)
  const next = stage + 1
  return ends[next] !== undefined && ends[next] === ends[stage] ? next + 1 : next
}

/** Whom a claim is billed to. */
export interface BilledTo {
  readonly primary: boolean
  readonly secondary: boolean
}

export interface PayerStatuses {
  readonly primary: ClaimStatus
  readonly secondary: ClaimStatus
  readonly patient: ClaimStatus
}

/**
 * The status of each payer's part. Who has nothing to pay is CLOSED, and the patient's part waits in ATHENAHOLD until
 * the insurers have paid (both recorded in one claim; what comes between is inferred).
 */
export function payerStatuses(state: PracticeState, index: number, claim: BilledTo & { stage: number }): PayerStatuses {
  const { stage } = claim
  if (stage >= claimStages.settled) return { primary: 'CLOSED', secondary: 'CLOSED', patient: 'CLOSED' }
  const first = firstStatus(wayOf(state, index), stage)
  if (!claim.primary) return { primary: 'CLOSED', secondary: 'CLOSED', patient: first }
  const isPaid = stage === claimStages.paid
  return {
    primary: isPaid ? 'CLOSED' : first,
    secondary: claim.secondary ? (isPaid ? 'BILLED' : 'ATHENAHOLD') : 'CLOSED',
    patient: isPaid && !claim.secondary ? 'BILLED' : 'ATHENAHOLD',
  }
}

/** The status of whoever is billed first. */
function firstStatus({ heldAs }: Way, stage: number): ClaimStatus {
  if (stage === claimStages.held) return heldAs ?? 'HOLD'
  return stage === claimStages.ready ? 'DROP' : 'BILLED'
}
