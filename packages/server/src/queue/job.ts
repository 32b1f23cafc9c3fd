/** What a job may carry: ids, numbers and states, never a patient's identity or text. It is stored in the clear. */
export type JobPayload = Readonly<Record<string, string | number | boolean | null>>

/** A job's name: from the code, so it may be logged. */
export type JobName = string & { readonly loggable: 'job name' }

/** A kind of job, declared once beside its producer. */
export interface Job<T extends JobPayload> {
  readonly name: JobName
  /** See `JobOptions.lane`. */
  readonly lane: ((payload: T) => string) | undefined
  readonly retriesMax: number
  readonly retryDelaySeconds: number
  readonly retryDelayMaxSeconds: number
  readonly timeoutSeconds: number
  readonly deadLetters: boolean
}

export interface JobOptions<T extends JobPayload> {
  /** `<slice>.<what>`, e.g. 'sync.poll_feed'. */
  readonly name: string
  /**
   * Jobs of one lane say "there is work": at most one waits and one runs at a time, and one that is enqueued while
   * another waits is the same job. So the payload must follow from the lane, and the handler must look for all work.
   * A wait for the running one never holds up other lanes. Without it every job runs, in any order, side by side.
   */
  readonly lane?: (payload: T) => string
  /** How often a failed job is tried again before it becomes a dead letter. Default 8, over about half an hour. */
  readonly retriesMax?: number
  /** The delay before the first retry; it doubles up to `retryDelayMaxSeconds`. Default 1 s. */
  readonly retryDelaySeconds?: number
  /** Default 600 s. */
  readonly retryDelayMaxSeconds?: number
  /**
   * Whether one that failed for good is kept until somebody decides. Default true; false for a job that is enqueued again
   * for as long as there is work for it, which would leave one such letter after another.
   */
  readonly deadLetters?: boolean
  /** After this the handler's signal aborts and the job counts as failed. Default 900 s. */
  readonly timeoutSeconds?: number
}

/** pg-boss allows these characters in a name; ours is a slice and what it does. */
const namePattern = /^[a-z_]+\.[a-z_]+$/

/** Declares a kind of job. */
export function defineJob<T extends JobPayload>(options: JobOptions<T>): Job<T> {
  if (!namePattern.test(options.name)) throw new RangeError('A job is named <slice>.<what>, in lower case')
  return {
    // The pattern proves that it is a name from the code.
    name: options.name as JobName,
    lane: options.lane,
    retriesMax: options.retriesMax ?? 8,
    retryDelaySeconds: options.retryDelaySeconds ?? 1,
    retryDelayMaxSeconds: options.retryDelayMaxSeconds ?? 600,
    timeoutSeconds: options.timeoutSeconds ?? 900,
    deadLetters: options.deadLetters ?? true,
  }
}

/** Where a job goes after its last retry, to stay until somebody decides. */
export function deadLetterName(job: string): string {
  return `${job}.dead`
}
