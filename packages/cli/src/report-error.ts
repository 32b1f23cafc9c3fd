import { isAthenaError } from '@aegis/client'
import { AegisError } from '@aegis/server'
import { CommanderError } from 'commander'
import { CliError } from './cli-error.ts'

/** How a failed command ends: what is said on standard error, and its exit code. */
export interface Failure {
  readonly text: string
  readonly exitCode: number
}

/** Exit codes: 0 done, 1 failed, 2 called wrongly. */
export const FAILED = 1
export const CALLED_WRONGLY = 2

/**
 * What to say of an error: what went wrong and the remedy. The text of an error that is not ours stays out, since it
 * could hold anything; `debug` shows its stack.
 */
export function describeFailure(error: unknown, debug: boolean): Failure {
  const known = knownFailure(error)
  const stack = debug && error instanceof Error ? `\n${chainOf(error)}` : ''
  if (known) return { ...known, text: `${known.text}${stack}` }
  const name = error instanceof Error ? error.constructor.name : typeof error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const remedy = debug ? '' : '\nRemedy: run it again with --debug for the details, and report them as a bug.'
  return { text: `Something unexpected went wrong inside Aegis (${name}${code}).${remedy}${stack}`, exitCode: FAILED }
}

function knownFailure(error: unknown): Failure | undefined {
  if (error instanceof CliError) return { text: error.message, exitCode: error.exitCode }
  if (error instanceof AegisError || isAthenaError(error)) return { text: error.message, exitCode: FAILED }
  if (error instanceof CommanderError) return { text: '', exitCode: error.exitCode === 0 ? 0 : CALLED_WRONGLY }
  return undefined
}

function chainOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${chainOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
