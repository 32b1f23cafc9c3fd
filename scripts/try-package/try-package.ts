/*
 * npm run try-package: packs the client as for the registry, installs it in an empty folder as a stranger does, compiles
 * programs against it, and runs examples and the client's own compiled tests on every Node that it supports. Simulators
 * run in this process. Needs the npm registry the first time, for the older Nodes.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exampleCases } from '../../examples/testing/example-cases.ts'
import { startExampleWorld } from '../../examples/testing/example-world.ts'
import { checkFiles, compileConsumers, compileExamples, installClient, packClient } from './installed-client.ts'
import { type NodeProgram, supportedNodes } from './older-nodes.ts'
import { runProgram } from './run-program.ts'

const root = join(import.meta.dirname, '..', '..')
const compiledTests = join(root, 'dist', 'client-tests')
/** The compiled tests are more than this; a run of fewer has lost some. */
const testsMin = 500

process.exitCode = await main()

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-package-'))
  try {
    await tryPackage(folder)
    console.log('The package works as installed.')
    return 0
  } catch (error) {
    for (let each = error; each instanceof Error; each = each.cause) console.error(each.message)
    return 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function tryPackage(folder: string): Promise<void> {
  const consumer = join(folder, 'consumer')
  const nodes = await step('Nodes are there', supportedNodes)
  const { archive, files } = await step('packed', () => packClient(folder))
  checkFiles(files)
  await step('installed in an empty folder, with nothing else', () => installClient(consumer, archive))
  await step('programs compile against it', () => compileConsumers(consumer))
  await step('examples compile against it', () => compileExamples(consumer))
  await Promise.all(nodes.map((node) => step(`runs on Node ${node.version}`, () => runInstalled(consumer, node))))
  await step('tests are compiled', () =>
    runProgram('npm', ['run', 'build:tests', '-w', '@aegis/client'], { cwd: root }),
  )
  const older = nodes.filter(({ path }) => path !== process.execPath)
  await Promise.all(older.map((node) => step(`tests pass on Node ${node.version}`, () => runTests(node))))
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  try {
    const result = await work()
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${title}`)
    return result
  } catch (cause) {
    throw new Error(`not true: ${title}`, { cause })
  }
}

/** Imports and requires the package, then runs every example, compiled, in a world of its own. */
async function runInstalled(folder: string, { path: node }: NodeProgram): Promise<void> {
  const script = `
    const same = await import('@aegis/client')
    const { fileContent } = await import('@aegis/client/node')
    if (typeof same.createAthenaClient !== 'function' || typeof fileContent !== 'function') process.exit(1)
    // Not every Node 20 can require a module that is imported elsewhere.
    if (process.features.require_module) {
      const { createRequire } = await import('node:module')
      const required = createRequire(process.cwd() + '/x.js')('@aegis/client')
      if (required.AthenaError !== same.AthenaError) process.exit(1)
    }`
  await runProgram(node, ['--input-type=module', '-e', script], { cwd: folder })
  const world = await startExampleWorld()
  try {
    for (const example of exampleCases) {
      const said = await world.run(example, { node, folder, file: (name) => join('js', `${name}.js`) })
      for (const pattern of example.says) assert.match(said, pattern)
    }
  } finally {
    await world.stop()
  }
}

async function runTests({ path: node }: NodeProgram): Promise<void> {
  const files = readdirSync(compiledTests, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test.js'),
  )
  const args = ['--test', '--test-reporter=tap', ...files]
  const said = await runProgram(node, args, { cwd: compiledTests }).catch((error: unknown) => {
    throw new Error(failures(String(error)))
  })
  const passed = Number(/^# pass (\d+)$/m.exec(said)?.[1])
  assert.ok(passed >= testsMin, `only ${passed} tests ran`)
}

/** Of a long report, what failed and why. */
function failures(report: string): string {
  const parts = report.split(/^(?= *(?:not )?ok \d+ )/m).filter((part) => part.trimStart().startsWith('not ok'))
  return parts.join('') || report.slice(-2_000)
}
