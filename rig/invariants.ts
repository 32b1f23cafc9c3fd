/**
 * What must hold whatever happens, by the numbers under which the design and the reports know it. A finding begins with its
 * number: `I1 differs: …`.
 */
export const invariants = {
  I1: 'no change is lost: every record equals the truth',
  I2: 'no version goes backwards in the history of changes, and none is there that never was',
  I3: 'no effect twice: each record is created once, and counted as often as it is there',
  I6: 'no limit exceeded as athenahealth counts: second, day, tokens a minute, drains, large pulls',
  I11: 'when the last fault is over, every feed is up to date again in time',
  I12: 'inbox, memory and connections stay within bounds',
  I15: 'absence is not deletion: what is marked deleted is deleted',
  I16: 'restarts in a row change nothing',
} as const

export type Invariant = keyof typeof invariants

/** How often each was checked. */
export type Checked = Readonly<Partial<Record<Invariant, number>>>

export function invariantOf(wrong: string): Invariant | undefined {
  const [first = ''] = wrong.split(' ')
  return first in invariants ? (first as Invariant) : undefined // a key of the table
}
