import { seededRandom } from '../seeded-random.ts'

/** So many of a list, chosen by the seed, in the list's order; all of it when it holds no more. */
export function sampled<T>(list: readonly T[], count: number, seed: number): T[] {
  const random = seededRandom(seed)
  const drawn = list.map((item, index) => ({ item, index, at: random() })).toSorted((a, b) => a.at - b.at)
  return drawn
    .slice(0, count)
    .toSorted((a, b) => a.index - b.index)
    .map(({ item }) => item)
}
