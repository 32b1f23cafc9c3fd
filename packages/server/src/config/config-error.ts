import { AegisError } from '../errors/aegis-error.ts'

/** One mistake in the configuration. */
export interface Problem {
  /** The setting or variable, e.g. `http.port` or `DATABASE_URL`. */
  readonly path: string
  /** Where it was set: `aegis.yaml:7`, a variable, a flag. Absent when it was set nowhere. */
  readonly origin?: string
  /** What is wrong, as the rest of a sentence that begins with the path. */
  readonly what: string
  readonly remedy: string
}

/** Every mistake found in the configuration, so that none has to be found twice. */
export class ConfigError extends AegisError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('config.invalid')
    this.name = 'ConfigError'
    this.problems = problems
    this.message = [headline(problems.length), ...problems.map(describeProblem)].join('\n')
  }
}

function headline(count: number): string {
  return count === 1 ? 'The configuration has a mistake:' : `The configuration has ${count} mistakes:`
}

function describeProblem({ path, origin, what, remedy }: Problem): string {
  const from = origin && origin !== path ? ` (${origin})` : ''
  return `  ${path}${from} ${what}\n    Remedy: ${remedy}`
}
