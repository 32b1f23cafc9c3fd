#!/usr/bin/env node
/*
 * Starts the program `aegis`. This file is plain JavaScript that any Node can read: it checks the version first, and in a
 * source checkout, where nothing is built, it lets this process load the TypeScript sources. No second process is started,
 * so signals and exit codes are those of the program.
 */
import { existsSync, realpathSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
const SOURCES = 'aegis-source'
const found = Number(process.versions.node.split('.')[0])
const directory = dirname(realpathSync(fileURLToPath(import.meta.url)))
const source = join(directory, '..', 'src', 'main.ts')
const isCheckout = existsSync(source) && !directory.includes('node_modules')

if (found < NEEDED) {
  process.stderr.write(
    `aegis: needs Node ${NEEDED} or newer; this is ${process.version}.\n` +
      `Remedy: ${isCheckout ? 'run it with "npx aegis" in the checkout, which has its own Node, or ' : ''}install Node ${NEEDED} or newer.\n`,
  )
  process.exit(1)
}

if (isCheckout) nodeModule.enableCompileCache?.(join(directory, '..', '..', '..', 'node_modules', '.cache', 'aegis'))

if (isCheckout && !process.execArgv.some((flag) => flag.includes(SOURCES))) {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, SOURCES] }),
  })
}

const { main } = await import(isCheckout ? '../src/main.ts' : '../dist/main.js')
await main()
