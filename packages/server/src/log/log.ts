/**
 * Structured log lines that cannot carry PHI: a field is a number, a boolean, a literal (enum) or a branded id that was
 * declared loggable. A free string does not compile, nor does anything branded as PHI.
 */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Marks a string type that must never be logged, whatever else it is branded with. */
export interface Phi {
  readonly phi: true
}

/** What one field may be: see above. `string` itself becomes `never`, so passing it is a type error. */
export type Loggable<T> = T extends Phi
  ? never
  : T extends number | boolean | bigint | null | undefined
    ? T
    : T extends string
      ? string extends T
        ? never
        : T
      : T extends readonly (infer Item)[]
        ? readonly Loggable<Item>[]
        : never

export type LogFields<F> = { readonly [K in keyof F]: Loggable<F[K]> }

type LogEvent<E extends string> = string extends E ? never : E

export interface Log {
  debug<E extends string, const F>(event: LogEvent<E>, fields?: LogFields<F>): void
  info<E extends string, const F>(event: LogEvent<E>, fields?: LogFields<F>): void
  warn<E extends string, const F>(event: LogEvent<E>, fields?: LogFields<F>): void
  /** `error` is reduced to its class, its code and a random opaque id; its message and cause are dropped. */
  error<E extends string, const F>(event: LogEvent<E>, error: unknown, fields?: LogFields<F>): void
}
