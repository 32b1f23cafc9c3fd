/** The candidate that `word` most likely was meant to be; undefined when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word)
  const near = [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, plain(candidate)) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3)),
    )
    .toSorted((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

/** `client_id`, `client-id` and `clientID` are one word written differently. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Letters to insert, delete, replace or swap with their neighbour to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const options = [at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1)]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) options.push(at(before, column - 2) + 1)
      current.push(Math.min(...options))
    }
    ;[before, last] = [last, current]
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
