import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gitEnvironment } from './git-environment.ts'
import { historyBreaches, readHistory } from './history.ts'

/** Written in two halves: the repository itself may not hold the whole. */
const half = (left: string, right: string) => left + right

/** A hook's git is told which repository it is of; this one would not even be found. */
function asInAHookOf(repository: string, context: { after(work: () => void): void }): void {
  const told = { GIT_DIR: repository, GIT_INDEX_FILE: join(repository, 'index') }
  const before = Object.keys(told).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, told)
  context.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}

test('what was taken out of the repository again is found in its history, and by whom it was put there', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'tidy-history-'))
  context.after(() => rmSync(root, { recursive: true }))
  asInAHookOf(join(root, 'another'), context)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: root,
      env: gitEnvironment(),
      encoding: 'utf8',
    })
  const commit = (text: string) => {
    writeFileSync(join(root, 'a file.txt'), text)
    git('add', '.')
    git('commit', '--quiet', '--message', 'commit 0123456')
    return git('rev-parse', '--short', 'HEAD').trim()
  }
  git('init', '--quiet')
  commit('nothing\n')
  const key = commit(`${half('-----BEGIN EC PRIV', 'ATE KEY-----')}\nMHcCAQEEIBmZ0123456789ab\n`)
  const jwk = commit(half('{"kty":"EC","', `d":"${'x'.repeat(43)}"}\n`))
  const literal = commit(half('const athenaSecret', " = 'abcdefghijklmnop0123456789'\n"))
  commit('nothing\n')
  const history = readHistory(root)
  assert.ok('log' in history)
  assert.deepEqual(historyBreaches(history.log), [
    `${literal} a file.txt: what looks like a secret: generate it, or read it from a file`,
    `${jwk} a file.txt: a private key`,
    `${key} a file.txt: a private key`,
  ])
  const shallow = join(root, 'shallow')
  git('clone', '--quiet', '--depth=1', `file://${root}`, shallow)
  assert.deepEqual(readHistory(shallow), { missing: 'this clone is shallow' })
  assert.deepEqual(readHistory(tmpdir()), { missing: 'git does not show it' })
})
