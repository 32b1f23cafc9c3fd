/*
 * Benchmark `client`: what the package costs those who install it. Its size packed and unpacked; the time to import it in
 * a fresh Node, beside an empty module and undici in the same run; what 50 typed calls add to a type-check; and how long
 * an editor waits for the names of all endpoints, asked through TypeScript's own language server. Medians. Imports and
 * type-checks are judged by the processor time they take, which does not grow with what else the machine does. Bars below.
 * `--save` writes the table to bench/results/client.txt.
 */
import { execFileSync, spawnSync, type StdioOptions } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installClient, packClient } from '../scripts/try-package/installed-client.ts'
import { LanguageServer } from './client/language-server.ts'
import { typedProgram } from './client/typed-program.ts'

const root = join(import.meta.dirname, '..')
const tsc = join(root, 'node_modules', '.bin', 'tsc')
const compileRuns = 5
const importRuns = 15
const completionRuns = 15
const calls = 50

/** Upper bounds; of the import also undici's, measured beside it. Times of imports and type-checks are the processor's. */
const bar = { packedKb: 300, unpackedKb: 2_500, importMs: 100, compileMoreMs: 1_000, completionMs: 200 }

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-client-'))
  const loadBefore = loadavg()[0] ?? 0
  try {
    const { archive, unpackedBytes } = await packClient(folder)
    const consumer = join(folder, 'consumer')
    await installClient(consumer, archive)
    const size = { packedKb: statSync(archive).size / 1_000, unpackedKb: unpackedBytes / 1_000 }
    const rows = [...sizeRows(size), ...importRows(consumer), ...compileRows(consumer), ...(await editorRows(consumer))]
    return report(rows, loadBefore)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Row {
  readonly title: string
  readonly value: string
  /** Missing: told, and not judged. */
  readonly bar?: { readonly text: string; readonly held: boolean }
}

function atMost(title: string, value: number, { max, unit }: { max: number; unit: string }): Row {
  const digits = max < 1_000 && unit === 'ms' ? 1 : 0
  return { title, value: `${value.toFixed(digits)} ${unit}`, bar: { text: `<= ${max} ${unit}`, held: value <= max } }
}

function told(title: string, value: string): Row {
  return { title, value }
}

function sizeRows({ packedKb, unpackedKb }: { packedKb: number; unpackedKb: number }): Row[] {
  return [
    atMost('packed', packedKb, { max: bar.packedKb, unit: 'kB' }),
    atMost('unpacked', unpackedKb, { max: bar.unpackedKb, unit: 'kB' }),
  ]
}

/** Each module in a process of its own, in turns, so that a busy moment hits all of them. */
function importRows(consumer: string): Row[] {
  const empty = join(consumer, 'empty.js')
  writeFileSync(empty, 'export {}\n')
  const modules = {
    empty,
    client: join(consumer, 'node_modules', '@aegis', 'client', 'dist', 'index.js'),
    undici: join(root, 'node_modules', 'undici', 'index.js'),
  }
  const costs: Record<keyof typeof modules, Cost[]> = { empty: [], client: [], undici: [] }
  for (let run = 0; run < importRuns; run++) {
    // Names of the table above, and nothing else.
    for (const [name, path] of Object.entries(modules)) costs[name as keyof typeof modules].push(importCost(path))
  }
  const [client, undici, nothing] = [middle(costs.client), middle(costs.undici), middle(costs.empty)]
  const less = { text: "<= undici's", held: client.cpuMs <= undici.cpuMs }
  return [
    atMost('import', client.cpuMs, { max: bar.importMs, unit: 'ms' }),
    { title: '  of undici, same run', value: `${undici.cpuMs.toFixed(1)} ms`, bar: less },
    told('  of an empty module', `${nothing.cpuMs.toFixed(1)} ms`),
    told('  waited, client / undici', `${client.wallMs.toFixed(0)} / ${undici.wallMs.toFixed(0)} ms`),
  ]
}

function importCost(path: string): Cost {
  const script = `const wall = performance.now()
    const cpu = process.cpuUsage()
    await import(${JSON.stringify(pathToFileURL(path).href)})
    const { user, system } = process.cpuUsage(cpu)
    console.log(JSON.stringify({ wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

/** The same program with and without the calls, in turns. */
function compileRows(consumer: string): Row[] {
  const costs: Record<'without' | 'with', Cost[]> = { without: [], with: [] }
  writeProject(consumer, 'without', typedProgram(0))
  writeProject(consumer, 'with', typedProgram(calls))
  for (let run = 0; run < compileRuns; run++) {
    for (const name of ['without', 'with'] as const) costs[name].push(compileCost(consumer, `tsconfig.${name}.json`))
  }
  const [without, withCalls] = [middle(costs.without), middle(costs.with)]
  return [
    atMost(`type-check, ${calls} calls more`, withCalls.cpuMs - without.cpuMs, { max: bar.compileMoreMs, unit: 'ms' }),
    told('  without / with them', `${without.cpuMs.toFixed(0)} / ${withCalls.cpuMs.toFixed(0)} ms`),
    told('  waited, without / with', `${without.wallMs.toFixed(0)} / ${withCalls.wallMs.toFixed(0)} ms`),
  ]
}

/** The shell tells what its children took of the processor; Node does not. */
function compileCost(cwd: string, config: string): Cost {
  const startedAt = performance.now()
  const script = 'TIMEFORMAT="%U %S"; time "$0" -p "$1" >&3 2>&3'
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 2]
  const { stderr, status } = spawnSync('bash', ['-c', script, tsc, config], { cwd, encoding: 'utf8', stdio })
  if (status !== 0) throw new Error(`${config} does not compile`)
  const [user = 0, system = 0] = stderr.trim().split(' ').map(Number)
  return { wallMs: performance.now() - startedAt, cpuMs: (user + system) * 1_000 }
}

function writeProject(consumer: string, name: string, text: string): void {
  writeFileSync(join(consumer, `${name}.ts`), text)
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', lib: ['es2023', 'dom'], types: [] }
  writeFileSync(join(consumer, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }))
}

/** Names of endpoints, then parameters of one, offered after each key pressed. */
async function editorRows(consumer: string): Promise<Row[]> {
  const file = join(consumer, 'editor.ts')
  writeProject(consumer, 'editor', typedProgram(0))
  writeFileSync(join(consumer, 'tsconfig.json'), readFileSync(join(consumer, 'tsconfig.editor.json')))
  const server = new LanguageServer(tsc, consumer)
  try {
    await server.start(consumer)
    const before = typedProgram(0)
    server.open(file, before)
    const editor = { server, file, before }
    const firstMs = await completionTime(editor, 'athena.request("', [
      'GET /patients/{patientid}',
      'PUT /appointments/{appointmentid}',
    ])
    const names: number[] = []
    const params: number[] = []
    for (let run = 0; run < completionRuns; run++) {
      names.push(await completionTime(editor, 'athena.request("', ['GET /chart/{patientid}/problems']))
      const call = 'athena.request("GET /appointments/booked", { practice: 1, query: { '
      params.push(await completionTime(editor, call, ['startdate', 'departmentid']))
    }
    return [
      atMost('completion of 818 names', median(names), { max: bar.completionMs, unit: 'ms' }),
      atMost('completion of parameters', median(params), { max: bar.completionMs, unit: 'ms' }),
      told('  the first, with loading', `${firstMs.toFixed(0)} ms`),
    ]
  } finally {
    await server.stop()
  }
}

interface Editor {
  readonly server: LanguageServer
  readonly file: string
  readonly before: string
}

/** From the key to the list. The list must hold what was looked for, or nothing was measured. */
async function completionTime({ server, file, before }: Editor, typed: string, wanted: readonly string[]) {
  const startedAt = performance.now()
  server.change(file, before + typed)
  const line = before.split('\n').length - 1
  const labels = await server.complete(file, { line, character: typed.length })
  const elapsedMs = performance.now() - startedAt
  const missing = wanted.filter((label) => !labels.some((offered) => offered.replace(/\?$/, '') === label))
  if (missing.length) throw new Error(`the language server does not offer ${missing.join(', ')}`)
  return elapsedMs
}

function middle(costs: readonly Cost[]): Cost {
  return { wallMs: median(costs.map(({ wallMs }) => wallMs)), cpuMs: median(costs.map(({ cpuMs }) => cpuMs)) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

function report(rows: readonly Row[], load: number): number {
  const passed = rows.every((row) => row.bar?.held ?? true)
  const lines = rows.map(({ title, value, bar: limit }) =>
    `${title.padEnd(30)} ${value.padStart(14)}   ${limit ? `${limit.text}${limit.held ? '' : '   below the bar'}` : ''}`.trimEnd(),
  )
  const version = execFileSync(tsc, ['--version'], { encoding: 'utf8' }).trim()
  const machine = `Node ${process.version}, TypeScript ${version.replace('Version ', '')}, ${process.platform} ${process.arch}`
  const text = [
    `client: medians of ${importRuns} imports, ${compileRuns} type-checks, ${completionRuns} completions`,
    `${new Date().toISOString().slice(0, 10)}, ${machine}, ${cpus().length} x ${cpus()[0]?.model}, load ${load.toFixed(1)} before`,
    '',
    ...lines,
    '',
    passed ? 'at or above its bars' : 'below its bars',
    '',
  ].join('\n')
  process.stdout.write(text)
  if (process.argv.includes('--save')) writeFileSync(join(import.meta.dirname, 'results', 'client.txt'), text)
  return passed ? 0 : 1
}
