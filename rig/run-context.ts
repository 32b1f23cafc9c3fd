/** Takes what is to be done at the end of a run, as a test's context does. */
export interface RunContext {
  after(work: () => Promise<void> | void): void
}

/** Runs `work` and then, in reverse order, everything it asked to be done after it. */
export async function withRunContext<T>(work: (context: RunContext) => Promise<T>): Promise<T> {
  const afterwards: (() => Promise<void> | void)[] = []
  try {
    return await work({ after: (next) => void afterwards.push(next) })
  } finally {
    for (const next of afterwards.toReversed()) await next()
  }
}
