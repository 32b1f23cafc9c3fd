import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { tellOfCluster } from '../../testing/tell-of-cluster.ts'
import { postgresUser } from './postgres-user.ts'

/*
 * As whom PostgreSQL runs where root starts it, who can also tell of an ordinary user, and of a root without user name
 * spaces; "nobody" stands in for both.
 */
const nobody = 65534
const can = (...command: string[]) => spawnSync(command[0] ?? '', command.slice(1)).status === 0
const canMapUsers = can('unshare', '--user', `--map-user=${nobody}`, 'true')
let home: string

const tell = (args: readonly string[], wrapper: readonly string[] = []) => tellOfCluster(home, args, wrapper)

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'aegis-user-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function openTheWayTo(path: string): string[] {
  const closed: string[] = []
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (statSync(at).mode & 0o001) continue
    chmodSync(at, statSync(at).mode | 0o011)
    closed.push(at)
  }
  return closed
}

test('root starts it in a user name space where that is allowed, else as an account of its own', () => {
  const { prefix, ids } = postgresUser(0)
  assert.deepEqual([prefix[0], ids === undefined], canMapUsers ? ['unshare', true] : [undefined, false])
  assert.deepEqual(postgresUser(1000), { prefix: [] })
})

test('root lets an ordinary user do the same', () => {
  openTheWayTo(home)
  chownSync(home, nobody, nobody)
  const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
  assert.deepEqual(tell([home], asNobody), { rows: 1, adopted: false })
  assert.deepEqual(tell([home], asNobody), { rows: 2, adopted: false })
  assert.equal(statSync(join(home, 'data')).uid, nobody)
})

test('root starts it as an account of its own where there are no user name spaces, and later knows which', () => {
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

test('root is told which directory shuts the account out', () => {
  openTheWayTo(dirname(home))
  chmodSync(home, 0o700)
  const below = join(home, 'aegis')
  const told = tell([below, 'once', String(nobody)])
  assert.equal(told.code, 'db.data-directory')
  assert.equal(told.detail?.['path'], home)
})

test('root is told of a directory that an ordinary user cannot write to', () => {
  openTheWayTo(home)
  const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
  assert.deepEqual(tell([home], asNobody), {
    code: 'db.data-directory',
    detail: { path: home, reason: 'EACCES' },
  })
})
