/** The most instants within any sliding second: one that comes exactly a second after another is outside of its second. */
export function mostInOneSecond(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) >= 1_000) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}
