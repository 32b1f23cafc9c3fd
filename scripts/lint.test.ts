import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'

const root = join(import.meta.dirname, '..')

const functionOf = (lines: number) => `export function f() {\n${'\n'.repeat(lines - 2)}}\n`
const SUITE = "import { test } from 'node:test'\n"

const planted: [title: string, path: string, text: string, rule: string][] = [
  ['a long function', 'packages/server/src/a.ts', functionOf(71), 'max-lines-per-function'],
  ['a long test', 'packages/server/src/a.test.ts', functionOf(151), 'max-lines-per-function'],
  [
    'four parameters',
    'packages/client/src/b.ts',
    'export const f = (a = 1, b = 2, c = 3, d = 4) => [a, b, c, d]',
    'max-params',
  ],
  [
    'a tangled function',
    'packages/client/src/c.ts',
    `export function f(x: number) {\n${'  if (x > 1) return 1\n'.repeat(12)}  return 0\n}\n`,
    'complexity',
  ],
  ['a long file', 'packages/client/src/d.ts', '\n'.repeat(401), 'max-lines'],
  ['a default export', 'packages/client/src/e.ts', 'export default 1', 'no-default-export'],
  ['files that import each other', 'packages/client/src/f.ts', "import './g.ts'", 'no-cycle'],
  ['files that import each other, from behind', 'packages/client/src/g.ts', "import './f.ts'", 'no-cycle'],
  ['any', 'packages/client/src/h.ts', 'export const x: any = 1', 'no-explicit-any'],
  ['a cast to any', 'packages/client/src/i.test.ts', 'export const x = 1 as any', 'no-explicit-any'],
  ['a promise nobody waits for', 'packages/server/src/j.ts', 'fetch("http://127.0.0.1")', 'no-floating-promises'],
  [
    'a promise where a truth is asked for',
    'packages/server/src/l.ts',
    'export const f = (p: Promise<boolean>) => (p ? 1 : 2)',
    'no-misused-promises',
  ],
  ['the console in the server', 'packages/server/src/m.ts', 'console.error("x")', 'no-console'],
  ['the console in a test', 'packages/simulator/src/n.test.ts', 'console.log("x")', 'no-console'],
  ['a shell', 'scripts/o.ts', "import { exec } from 'node:child_process'\nexec('ls')", 'no-restricted-imports'],
  ['text run as code', 'packages/server/src/p.ts', 'eval("1")', 'no-eval'],
  ['an error swallowed', 'packages/server/src/q.ts', 'try {\n  JSON.parse("")\n} catch {}', 'no-empty'],
  [
    'a cause lost',
    'packages/server/src/r.ts',
    'try {\n  JSON.parse("")\n} catch (error) {\n  throw new Error("x")\n}',
    'preserve-caught-error',
  ],
  [
    'a case forgotten',
    'packages/server/src/s.ts',
    "export function f(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1\n  }\n  return 0\n}",
    'switch-exhaustiveness-check',
  ],
  ['a module of Node without its prefix', 'packages/server/src/t.ts', "import 'fs'", 'prefer-node-protocol'],
]

const allowed: [title: string, path: string, text: string][] = [
  ['a function of 70 lines', 'packages/server/src/z/a.ts', functionOf(70)],
  ['a table of tests of 150 lines', 'packages/server/src/z/b.test.ts', functionOf(150)],
  ['a test at the top of its file', 'packages/server/src/z/c.test.ts', `${SUITE}test('a', () => {})`],
  ['the console of the command line', 'packages/cli/src/z.ts', 'console.log("x")'],
]

let found: Map<string, string[]>
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lint-'))
  for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(root, name), join(folder, name))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [, path, text] of [...planted, ...allowed]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  found = await lint(folder)
})

after(() => rm(folder, { recursive: true, force: true }))

/** The names of the rules broken, by file, as the repository's own settings see them. */
function lint(cwd: string): Promise<Map<string, string[]>> {
  const program = join(root, 'node_modules', '.bin', 'oxlint')
  return new Promise((resolve, reject) => {
    execFile(
      program,
      ['--format', 'json', 'packages', 'scripts'],
      { cwd, timeout: 60_000, maxBuffer: 1e7 },
      (error, stdout) => {
        if (error && !stdout) return reject(error)
        const { diagnostics }: { diagnostics: { filename: string; code: string }[] } = JSON.parse(stdout)
        const byFile = Map.groupBy(diagnostics, ({ filename }) => filename)
        resolve(
          new Map([...byFile].map(([path, all]) => [path, all.map(({ code }) => /\((.*)\)/.exec(code)?.[1] ?? code)])),
        )
      },
    )
  })
}

describe('the linter finds:', () => {
  for (const [title, path, , rule] of planted) {
    test(title, () => assert.ok(found.get(path)?.includes(rule), `${rule} in ${found.get(path)?.join(', ')}`))
  }
})

describe('the linter allows:', () => {
  for (const [title, path] of allowed) {
    test(title, () => assert.equal(found.get(path), undefined))
  }
})
