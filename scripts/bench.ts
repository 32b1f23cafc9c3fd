/*
 * npm run bench -- NAME [argument …]: runs the benchmark bench/NAME.ts and ends with its exit code: 0 at or above its
 * bar. Without a name: lists the benchmarks, and in one table how close to their bars they were when they were kept last.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { measuredIn, resultsTable } from './bench-results.ts'

const folder = join(import.meta.dirname, '..', 'bench')

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]: readonly string[]): Promise<number> {
  const names = readdirSync(folder).flatMap((file) => (/^[a-z-]+\.ts$/.test(file) ? file.slice(0, -3) : []))
  if (name === undefined || !names.includes(name)) {
    process.stderr.write(`usage: npm run bench -- NAME\nbenchmarks: ${names.join(', ')}\n`)
    if (name === undefined) process.stdout.write(`\n${keptResults()}\n`)
    return name === undefined ? 0 : 2
  }
  const flags = ['--conditions=aegis-source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, join(folder, `${name}.ts`), ...args], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1))
  })
}

function keptResults(): string {
  const kept = join(folder, 'results')
  const files = readdirSync(kept).filter((file) => file.endsWith('.txt'))
  return resultsTable(files.flatMap((file) => measuredIn(file.slice(0, -4), readFileSync(join(kept, file), 'utf8'))))
}
