import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { tellOfCluster } from '../../testing/tell-of-cluster.ts'
import { copyPostgresBinaries, findPostgresBinaries } from './postgres-binaries.ts'

/* As whom PostgreSQL runs; what only root can tell of it is in embedded-users.root.test.ts. */
let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'aegis-user-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('whoever runs the tests can start, stop and start again', () => {
  assert.deepEqual(tellOfCluster(home, [home]), { rows: 1, adopted: false })
  assert.deepEqual(tellOfCluster(home, [home]), { rows: 2, adopted: false })
  assert.equal(statSync(join(home, 'data')).uid, process.getuid?.())
})

test('the library links that npm cannot carry are made at the first start', () => {
  const { root } = findPostgresBinaries(join(home, 'unused'))
  const bare = join(home, 'bare')
  cpSync(root, bare, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() })
  const linksIn = (path: string) =>
    readdirSync(join(path, 'lib')).filter((name) => lstatSync(join(path, 'lib', name)).isSymbolicLink())
  assert.deepEqual(linksIn(bare), [])
  const completed = copyPostgresBinaries(bare, join(home, 'completed'))
  assert.ok(linksIn(completed.root).length > 5)
  const { stdout } = spawnSync(completed.postgres, ['--version'], { encoding: 'utf8', env: {} })
  assert.match(stdout, /PostgreSQL\) 18\./)
})
