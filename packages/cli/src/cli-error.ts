/** A command that cannot do what was asked; the message says what to do and goes to the user as it is. */
export class CliError extends Error {
  readonly exitCode: number

  /** `exitCode`: 1 when it failed, 2 when it was called wrongly, the others when a signal ended it. */
  constructor(message: string, options: { remedy: string; exitCode: 1 | 2 | 129 | 130 | 143; cause?: unknown }) {
    super(`${message}\nRemedy: ${options.remedy}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.exitCode = options.exitCode
  }
}
