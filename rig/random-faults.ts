import type { FaultRule } from '@aegis/simulator'
import type { Draw } from './draw.ts'

const minute = 60_000
const hour = 60 * minute

/** Everything that may go wrong on a call, with the highest probability that a seed may give it. */
const faults: readonly (readonly [most: number, rule: FaultRule])[] = [
  [0.02, { kind: 'unauthorized' }],
  [0.005, { kind: 'unauthorized', style: 'inactive' }],
  [0.02, { kind: 'forbidden', style: 'over-qps' }],
  [0.02, { kind: 'throttled' }],
  [0.02, { kind: 'throttled', retryAfter: 7 }],
  [0.01, { kind: 'throttled', retryAfterDateMs: 20_000 }],
  [0.004, { kind: 'throttled', retryAfter: 'soon' }],
  [0.02, { kind: 'server-error', status: 503 }],
  [0.02, { kind: 'server-error', status: 504, processed: true }],
  [0.01, { kind: 'html', status: 502 }],
  [0.01, { kind: 'html', status: 200, processed: true }],
  [0.02, { kind: 'truncated', length: 'wrong' }],
  [0.01, { kind: 'truncated', length: 'right' }],
  [0.002, { kind: 'oversized', bytes: 18 * 1024 * 1024 }],
  [0.01, { kind: 'slow', delayMs: 20_000 }],
  [0.01, { kind: 'slow', delayMs: 2 * minute }],
  [0.02, { kind: 'reset-before' }],
  [0.02, { kind: 'reset-after' }],
  [0.02, { kind: 'duplicate-items' }],
  [0.05, { kind: 'unordered-items' }],
  [0.01, { kind: 'repeated-page' }],
  [0.02, { kind: 'lost-page' }],
]

/**
 * Another patient than the one asked for: only where one is asked for by id. In a list nobody could tell, and nothing of
 * the kind was ever seen there.
 */
const swapped: FaultRule = { kind: 'swapped-patient', when: { path: '/patients/{patientid}' } }
const swappedMost = 0.1

/** What strikes once or twice in a life. */
const events: readonly FaultRule[] = [
  { kind: 'unsubscribed' },
  { kind: 'partial', events: ['CancelAppointment', 'UpdatePatient', 'ProviderUpdate'] },
  { kind: 'clock-jump', ms: 25 * minute },
  { kind: 'clock-jump', ms: 5 * hour },
]
const eventShare = 0.35

/**
 * The faults of one life: about half of all kinds, each as likely as the seed says. What cannot be noticed from outside is
 * not among them: processed changes that athenahealth forgets sooner than it is configured to.
 */
export function randomFaults(draw: Draw): FaultRule[] {
  const often = faults.flatMap(([most, rule]) =>
    draw.chance(0.5) ? [{ ...rule, when: { probability: draw.fraction() * most } }] : [],
  )
  const once = events.flatMap((rule) =>
    draw.chance(eventShare) ? [{ ...rule, when: { probability: 0.01, times: draw.chance(0.3) ? 2 : 1 } }] : [],
  )
  // First those that strike seldom: a request meets the first rule that fires.
  const mixed = draw.chance(0.5)
    ? [{ ...swapped, when: { ...swapped.when, probability: draw.fraction() * swappedMost } }]
    : []
  return [...once, ...mixed, ...often]
}
