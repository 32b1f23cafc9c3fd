/** When and how patiently failed calls are tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default 3; 1 is none but the one with a newer token. */
  readonly attemptsMax: number
  /** First back-off in milliseconds; it doubles with each attempt and is drawn from 0 up to that ("full jitter"). Default 200. */
  readonly baseMs: number
  /** No wait is longer, in milliseconds: a call asked to wait longer fails instead. Default 20,000. */
  readonly waitMsMax: number
  /** Retries earned by each call, so that an outage is not doubled by our own retries. Default 0.1. */
  readonly budgetRatio: number
  /** Retries that may be saved up, and that a new client starts with. Default 10. */
  readonly budgetMax: number
}

/** The policy in force unless `retry` says otherwise. */
export const defaultRetryPolicy: RetryPolicy = {
  attemptsMax: 3,
  baseMs: 200,
  waitMsMax: 20_000,
  budgetRatio: 0.1,
  budgetMax: 10,
}

/** Retries left to spend: a share of the calls made, saved up to a bound. */
export class RetryBudget {
  readonly #policy: RetryPolicy
  #retries: number

  constructor(policy: RetryPolicy) {
    this.#policy = policy
    this.#retries = policy.budgetMax
  }

  /** Earns the share of one call. */
  earn(): void {
    this.#retries = Math.min(this.#policy.budgetMax, this.#retries + this.#policy.budgetRatio)
  }

  /** Whether one retry is left. */
  get affords(): boolean {
    return this.#retries >= 1
  }

  spend(): void {
    this.#retries -= 1
  }
}
