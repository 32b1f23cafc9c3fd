import type { Answer } from '../server/answer.ts'

/** The quota headers of an answer: one that is given in its place has them too. */
export function quotaHeaders({ headers }: Answer): readonly string[] {
  return headers.flatMap((name, index) =>
    index % 2 === 0 && /^x-ratelimit-/i.test(name) ? [name, headers[index + 1] ?? ''] : [],
  )
}
