import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from './run-program.ts'

const root = join(import.meta.dirname, '..', '..')
const tsc = join(root, 'node_modules', '.bin', 'tsc')

export interface PackedClient {
  readonly archive: string
  readonly files: readonly string[]
  readonly unpackedBytes: number
}

/** Packs the client as for the registry, and says what is in the package. */
export async function packClient(folder: string): Promise<PackedClient> {
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder]
  const said = await runProgram('npm', args, { cwd: join(root, 'packages', 'client') })
  // Some versions of npm print what the build says before their JSON.
  const [packed] = JSON.parse(said.slice(said.search(/^\[/m)))
  const files = packed.files.map((file: { path: string }) => file.path)
  return { archive: join(folder, packed.filename), files, unpackedBytes: packed.unpackedSize }
}

/** A package holds what runs, its types, its page and its licence; no source, no test, nothing of this machine. */
export function checkFiles(files: readonly string[]): void {
  const strangers = files.filter(
    (path) => !/^(?:dist\/.+\.(?:js|d\.ts)|README\.md|LICENSE|package\.json)$/.test(path) || path.includes('.test.'),
  )
  assert.deepEqual(strangers, [])
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/node.js', 'dist/node.d.ts', 'LICENSE', 'README.md']) {
    assert.ok(files.includes(path), `${path} is not in the package`)
  }
}

/** Installs the package where nothing else is, without a network: it needs nothing but itself. */
export async function installClient(folder: string, archive: string): Promise<void> {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  await runProgram('npm', ['install', '--offline', '--no-audit', '--no-fund', archive], { cwd: folder })
  const installed = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })
  const manifests = installed.filter((path) => path.endsWith('package.json'))
  assert.deepEqual(manifests, [join('@aegis', 'client', 'package.json')], 'the client brought something along')
}

interface Project {
  readonly title: string
  readonly files: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

const node = { lib: ['es2023'], types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] }
const web = { lib: ['es2022', 'dom', 'dom.iterable'], types: [] }

/** Programs that import the package, by how their compilers look for it. */
const projects: readonly Project[] = [
  { title: 'Node, nodenext', files: ['node-program.ts'], options: { ...node, module: 'nodenext' } },
  { title: 'Node, node16', files: ['node-program.ts'], options: { ...node, module: 'node16', target: 'es2022' } },
  { title: 'CommonJS, nodenext', files: ['old-program.cts'], options: { ...node, module: 'nodenext' } },
  {
    title: 'a bundler',
    files: ['web-program.ts'],
    options: { ...web, module: 'preserve', moduleResolution: 'bundler', exactOptionalPropertyTypes: true },
  },
]

/** Compiles programs of others against the installed package, its own types checked with them. */
export async function compileConsumers(folder: string): Promise<void> {
  cpSync(join(import.meta.dirname, 'consumer'), folder, { recursive: true })
  const old = "import { createAthenaClient } from '@aegis/client'\nexport const make = createAthenaClient\n"
  writeFileSync(join(folder, 'old-program.cts'), old)
  for (const { title, files, options } of projects) {
    const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, ...options }
    await compile(folder, { title, config: { compilerOptions, files } })
  }
}

/** Compiles the examples in the folder, as plain JavaScript in `js/`. */
export async function compileExamples(folder: string): Promise<void> {
  const sources = join(root, 'examples')
  const files = readdirSync(sources).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  for (const file of files) cpSync(join(sources, file), join(folder, 'examples', file))
  const compilerOptions = {
    ...node,
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    outDir: 'js',
    rootDir: 'examples',
    rewriteRelativeImportExtensions: true,
  }
  await compile(folder, { title: 'examples', config: { compilerOptions, include: ['examples'] } })
}

async function compile(folder: string, { title, config }: { title: string; config: object }): Promise<void> {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  try {
    await runProgram(tsc, ['-p', '.'], { cwd: folder })
  } catch (cause) {
    throw new Error(`does not compile: ${title}`, { cause })
  }
}
