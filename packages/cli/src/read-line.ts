import { readFile } from 'node:fs/promises'
import { CliError } from './cli-error.ts'
import { FAILED } from './report-error.ts'

/** The one line of a file, such as a secret; what it says goes into no message. */
export async function readLine(file: string): Promise<string> {
  const remedy = 'name a file that can be read and holds one line.'
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read`, { remedy, exitCode: FAILED, cause: error })
  }
  const line = text.trim()
  if (!line || line.includes('\n')) throw new CliError(`${file} does not hold one line`, { remedy, exitCode: FAILED })
  return line
}
