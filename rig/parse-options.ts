import { parseArgs, type ParseArgsConfig, type ParseArgsOptionDescriptor } from 'node:util'

interface Option extends ParseArgsOptionDescriptor {
  /** What its value is, in a word, where it has one. */
  readonly takes?: string
  /** What it does, in a line. */
  readonly tells: string
}

interface Options extends ParseArgsConfig {
  readonly options: Readonly<Record<string, Option>>
}

/** An option with a value. */
export function text(takes: string, tells: string) {
  return { type: 'string', takes, tells } as const
}

/** An option without one. */
export function flag(tells: string) {
  return { type: 'boolean', default: false, tells } as const
}

/** As `parseArgs` of Node. `--help` tells the options and ends; what was given wrongly too, with code 2. */
export function parseOptions<const T extends Options>(name: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage(name, config.options))
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${name}: ${error.message.replaceAll('\n', ' ')}\n\n${usage(name, config.options)}`)
    process.exit(2)
  }
}

function usage(name: string, options: Options['options']): string {
  const lines = Object.entries(options).map(
    ([option, { takes = '', tells }]) => [`--${option} ${takes}`, tells] as const,
  )
  const width = Math.max(...lines.map(([option]) => option.length))
  const list = lines.map(([option, tells]) => `  ${option.padEnd(width)}  ${tells}\n`)
  return `usage: npm run ${name} -- OPTIONS (rig/README.md tells more)\n${list.join('')}`
}
