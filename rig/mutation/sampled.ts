import { seededRandom } from '../seeded-random.ts'

/** So many of a list, drawn by the seed; all of it when it holds no more. In the order drawn: its beginning is a sample too. */
export function sampled<T>(list: readonly T[], count: number, seed: number): T[] {
  const random = seededRandom(seed)
  return list
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ item }) => item)
}
