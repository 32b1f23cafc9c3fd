/** Most failures kept. */
const keptMax = 100

/** Failures of the simulator itself: they are kept for whoever asks and do not end it. */
export class Defects {
  /** Stacks, newest last. */
  readonly texts: string[] = []

  add(error: unknown): void {
    this.texts.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    if (this.texts.length > keptMax) this.texts.shift()
  }
}
