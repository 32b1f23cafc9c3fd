import { readFile, stat } from 'node:fs/promises'
import { CliError } from './cli-error.ts'
import { CALLED_WRONGLY, FAILED } from './report-error.ts'
import type { Terminal } from './terminal.ts'

/** Longer than any secret or key. */
const CHARACTERS_MAX = 16_384
const READABLE_BY_OTHERS = 0o044

/**
 * A secret or key from a file or, without one, from standard input: never from the command line, where every user of the
 * machine can read it, nor typed, where it would stay on the screen. What it says goes into no message.
 */
export async function readSecretInput({ input, err }: Terminal, file: string | undefined): Promise<string> {
  if (file !== undefined) return checked(await fromFile(err, file), file)
  if (input.isTTY) {
    const remedy = 'name its file with --file, or let a program write it: pass show athena | aegis keys add'
    throw new CliError('A secret is not typed: it would stay on the screen', { remedy, exitCode: CALLED_WRONGLY })
  }
  return checked(await input.read(), 'standard input')
}

async function fromFile(err: Terminal['err'], file: string): Promise<string> {
  try {
    const { mode } = await stat(file)
    if ((mode & READABLE_BY_OTHERS) !== 0) {
      err.write(`Warning: others on this machine can read ${file}. Take it away when it is stored.\n`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    const remedy = 'name a file that can be read and holds the secret or key, and nothing else.'
    throw new CliError(`${file} cannot be read`, { remedy, exitCode: FAILED, cause: error })
  }
}

function checked(text: string, from: string): string {
  if (text.trim() !== '' && text.length <= CHARACTERS_MAX) return text
  const what = text.trim() === '' ? 'is empty' : 'is longer than any secret or key'
  throw new CliError(`What ${from} holds ${what}`, {
    remedy: 'give the secret or key, and nothing else.',
    exitCode: FAILED,
  })
}
