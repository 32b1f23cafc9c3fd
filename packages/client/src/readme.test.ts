import assert from 'node:assert/strict'
import { execFileSync, execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startSimulator } from '@aegis/simulator'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)

/** What the page's shorter blocks take for granted. */
const given = `
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type AthenaPractice, createAthenaClient } from '@aegis/client'
import { fileContent } from '@aegis/client/node'
declare const practice: AthenaPractice
declare const startedAt: number
declare const jpeg: Uint8Array<ArrayBuffer>
void [createWriteStream, readFile, pipeline, createAthenaClient, fileContent, practice, startedAt, jpeg]
`

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'readme-'))
  mkdirSync(join(folder, 'node_modules', '@aegis'), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules', '@aegis', 'client'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('every piece of code of the page compiles', () => {
  assert.ok(blocks.length >= 6)
  const files = blocks.map((code, index) => {
    const isProgram = code.startsWith('import ')
    writeFileSync(join(folder, `block-${index}.ts`), isProgram ? code : `${given}{\n${code}}\n`)
    return `block-${index}.ts`
  })
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(root, '..', '..', 'node_modules', '@types')],
    customConditions: ['aegis-source'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const tsc = join(root, '..', '..', 'node_modules', '.bin', 'tsc')
  try {
    execFileSync(tsc, ['-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    assert.fail(error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error))
  }
})

test('the program of the first five minutes runs, and books', async () => {
  const simulator = await startSimulator()
  try {
    const [first = ''] = blocks
    writeFileSync(join(folder, 'first.ts'), first.replace('http://127.0.0.1:9100', simulator.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=aegis-source', 'first.ts'], {
      cwd: folder,
    })
    assert.match(stdout, /^1 \w+ US\/Eastern$/m)
    assert.match(stdout, /^\d{4}-\d\d-\d\d \d+$/m)
    assert.match(stdout, /^booked \d{4}-\d\d-\d\d \d\d:\d\d$/m)
  } finally {
    await simulator.stop()
  }
})

test('the page names every code of an error', () => {
  const table = /const advice = \{([\s\S]*?)\} as const/.exec(readFileSync(join(root, 'src/athena-error.ts'), 'utf8'))
  const codes = [...(table?.[1] ?? '').matchAll(/^ {2}'?([a-z-]+)'?:/gm)].map(([, code = '']) => code)
  assert.ok(codes.length > 20)
  assert.deepEqual(
    codes.filter((code) => !readme.includes(`\`${code}\``)),
    [],
  )
})
