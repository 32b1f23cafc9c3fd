import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, before, beforeEach, describe, test } from 'node:test'
import { copyPostgresBinaries, findPostgresBinaries } from './postgres-binaries.ts'
import { postgresUser } from './postgres-user.ts'

/*
 * As whom PostgreSQL runs. Each story is a process of its own, since a process is one user; root can also tell
 * that of an ordinary user and of a root without user name spaces, for whom "nobody" stands in.
 */
const program = join(import.meta.dirname, '..', '..', 'testing', 'embedded-process.ts')
const isRoot = process.getuid?.() === 0
const nobody = 65534
const can = (...command: string[]) => spawnSync(command[0] ?? '', command.slice(1)).status === 0
const canMapUsers = can('unshare', '--user', `--map-user=${nobody}`, 'true')
let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'aegis-user-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

interface Told {
  rows?: number
  adopted?: boolean
  code?: string
  detail?: Record<string, unknown>
}

/** Runs embedded-process.ts, by way of `wrapper` if one is given, and returns what it says. */
function tell(args: readonly string[], wrapper: readonly string[] = []): Told {
  const command = [...wrapper, process.execPath, '--conditions=aegis-source', program, ...args]
  const [file = '', ...rest] = command
  const { stdout, stderr } = spawnSync(file, rest, {
    encoding: 'utf8',
    cwd: '/',
    env: { TMPDIR: home, PATH: process.env['PATH'] },
  })
  assert.equal(stderr, '')
  // Written by embedded-process.ts.
  return JSON.parse(stdout) as Told
}

function openTheWayTo(path: string): string[] {
  const closed: string[] = []
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (statSync(at).mode & 0o001) continue
    chmodSync(at, statSync(at).mode | 0o011)
    closed.push(at)
  }
  return closed
}

test('whoever runs the tests can start, stop and start again', () => {
  assert.deepEqual(tell([home]), { rows: 1, adopted: false })
  assert.deepEqual(tell([home]), { rows: 2, adopted: false })
  assert.equal(statSync(join(home, 'data')).uid, process.getuid?.())
})

describe('root', () => {
  before(() => {
    assert.ok(isRoot, 'run it as root: sudo npm test -- packages/server/src/db/embedded-users.test.ts')
    assert.ok(can('unshare', '--mount', 'true'), 'run it where root may mount; a container needs --cap-add SYS_ADMIN')
  })

  test('starts it in a user name space where that is allowed, else as an account of its own', () => {
    const { prefix, ids } = postgresUser(0)
    assert.deepEqual([prefix[0], ids === undefined], canMapUsers ? ['unshare', true] : [undefined, false])
    assert.deepEqual(postgresUser(1000), { prefix: [] })
  })

  test('lets an ordinary user do the same', () => {
    openTheWayTo(home)
    chownSync(home, nobody, nobody)
    const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
    assert.deepEqual(tell([home], asNobody), { rows: 1, adopted: false })
    assert.deepEqual(tell([home], asNobody), { rows: 2, adopted: false })
    assert.equal(statSync(join(home, 'data')).uid, nobody)
  })

  test('starts it as an account of its own where there are no user name spaces, and later knows which', () => {
    openTheWayTo(dirname(home))
    const below = join(home, 'aegis')
    mkdirSync(below, { mode: 0o700 })
    chmodSync(home, 0o711)
    assert.deepEqual(tell([below, 'once', String(nobody)]), { rows: 1, adopted: false })
    assert.equal(statSync(join(below, 'data')).uid, nobody)
    // The account may walk through the home, not look around in it.
    assert.equal(statSync(below).mode & 0o777, 0o711)
    assert.equal(statSync(join(below, 'data.passwords')).mode & 0o777, 0o600)
    assert.deepEqual(tell([below]), { rows: 2, adopted: false })
  })

  test('is told which directory shuts the account out', () => {
    openTheWayTo(dirname(home))
    chmodSync(home, 0o700)
    const below = join(home, 'aegis')
    const told = tell([below, 'once', String(nobody)])
    assert.equal(told.code, 'db.data-directory')
    assert.equal(told.detail?.['path'], home)
  })

  test('is told of a directory that an ordinary user cannot write to', () => {
    openTheWayTo(home)
    const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
    assert.deepEqual(tell([home], asNobody), {
      code: 'db.data-directory',
      detail: { path: home, reason: 'EACCES' },
    })
  })

  test('is told of a full disk, at the first start and at a later one', () => {
    // A disk of 12 MB is too small for a cluster; one of 60 MB is filled up after the first start.
    const onDisk = (size: string, then: string) => {
      const script = `mount -t tmpfs -o size=${size} none "$0" && ${then}`
      return ['unshare', '--mount', 'sh', '-c', script, home]
    }
    const small = tell([join(home, 'first')], onDisk('12m', 'exec "$@"'))
    assert.equal(small.code, 'db.disk-full')
    const fill = '"$@" >/dev/null && { cat /dev/zero > "$0/fill" 2>/dev/null; exec "$@"; }'
    const full = tell([join(home, 'later')], onDisk('90m', fill))
    assert.equal(full.code, 'db.disk-full')
  })
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
