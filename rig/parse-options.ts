import { parseArgs, type ParseArgsConfig } from 'node:util'

/** As `parseArgs` of Node; what was given wrongly is said in a line, and ends the process with code 2. */
export function parseOptions<const T extends ParseArgsConfig>(
  name: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${name}: ${error.message.replaceAll('\n', ' ')}\n`)
    process.exit(2)
  }
}
