import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import * as client from './index.ts'

const root = join(import.meta.dirname, '..')
const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => [path, readFileSync(join(import.meta.dirname, path), 'utf8')] as const)

const IMPORT = /^(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/gm

test('the package depends on nothing', () => {
  const manifest: object = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const kinds = ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundledDependencies', 'devDependencies']
  assert.deepEqual(
    Object.keys(manifest).filter((key) => kinds.includes(key)),
    [],
  )
})

test('the package carries the licence of the project', () => {
  const [own, project] = [root, join(root, '..', '..')].map((folder) => readFileSync(join(folder, 'LICENSE'), 'utf8'))
  assert.equal(own, project)
})

/** An entry of its own, for programs that run on Node: nothing else imports it. */
const FOR_NODE = 'node.ts'

test('only the entry for Node knows Node, and nothing else of the package knows that entry', () => {
  for (const [path, text] of sources) {
    const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
    if (path !== FOR_NODE) assert.ok(!specifiers.some((name) => name.endsWith(`/${FOR_NODE}`)), path)
    else
      assert.deepEqual(
        specifiers.filter((name) => !name.startsWith('./')),
        ['node:fs/promises'],
      )
  }
})

test('sources import only each other', () => {
  assert.ok(sources.length > 30)
  for (const [path, text] of sources) {
    if (path === FOR_NODE) continue
    const specifiers = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
    assert.deepEqual(
      specifiers.filter((specifier) => !/^\.\.?\/[\w./-]+\.ts$/.test(specifier)),
      [],
      path,
    )
  }
})

test('tests that need the simulator are not among those that run on older Nodes, which it does not', () => {
  const { exclude }: { exclude: string[] } = JSON.parse(readFileSync(join(root, 'tsconfig.test.json'), 'utf8'))
  const needy = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && reaches(join('src', path), '@aegis/simulator'))
    .map((path) => `src/${path}`)
  assert.ok(needy.length > 2)
  assert.deepEqual(
    needy.filter((path) => !exclude.some((left) => path === left || path.startsWith(`${left}/`))),
    [],
  )
})

/** Whether a file of the package imports a package, itself or through others of its files. */
function reaches(path: string, wanted: string, seen = new Set<string>()): boolean {
  if (seen.has(path)) return false
  seen.add(path)
  const specifiers = [...readFileSync(join(root, path), 'utf8').matchAll(IMPORT)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  if (specifiers.includes(wanted)) return true
  return specifiers.some((name) => name.startsWith('.') && reaches(join(dirname(path), name), wanted, seen))
}

test('sources use nothing that only Node has, and do nothing when imported', () => {
  for (const [path, text] of sources) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/'[^'\n]*'|\/(?![*/ ]).+\/[a-z]*/g, '')
    assert.ok(!/\b(process|Buffer|require|__dirname|setImmediate|import\.meta)\b/.test(code), path)
    assert.ok(!/^(await|globalThis|setTimeout|console)\b/m.test(code), path)
  }
})

test('the public names are these', () => {
  assert.deepEqual(Object.keys(client).sort(), [
    'AthenaError',
    'CONTENT_BYTES_MAX',
    'CredentialTokenSource',
    'LIMIT_MAX',
    'accessToken',
    'addDays',
    'appointmentModifiedAt',
    'appointmentStart',
    'checkPatientFields',
    'content',
    'createAthenaClient',
    'decideRetry',
    'defaultRetryPolicy',
    'departmentZone',
    'easternWallToInstant',
    'easternZone',
    'feedTable',
    'instantOf',
    'instantToEasternWall',
    'instantsOf',
    'isAthenaError',
    'judgeResponse',
    'judgeTokenResponse',
    'offsetMinutesAt',
    'patientFieldMax',
    'readFeedPage',
    'readJson',
    'readListPage',
    'readPlainDate',
    'readPlainTime',
    'readRetryAfter',
    'readWireDateTime',
    'replayWindow',
    'requestToken',
    'resolveBaseUrl',
    'systemClock',
    'toUsDate',
    'wallTimeAt',
    'wireInstant',
  ])
})
