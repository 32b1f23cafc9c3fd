import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tellOfCluster } from '../../testing/tell-of-cluster.ts'

test('a full disk is told, at the first start and at a later one', (context) => {
  const home = mkdtempSync(join(tmpdir(), 'aegis-disk-'))
  context.after(() => rmSync(home, { recursive: true, force: true }))
  // A disk of 12 MB is too small for a cluster; one of 60 MB is filled up after the first start.
  const onDisk = (size: string, then: string) => {
    const script = `mount -t tmpfs -o size=${size} none "$0" && ${then}`
    return ['unshare', '--mount', 'sh', '-c', script, home]
  }
  const small = tellOfCluster(home, [join(home, 'first')], onDisk('12m', 'exec "$@"'))
  assert.equal(small.code, 'db.disk-full')
  const fill = '"$@" >/dev/null && { cat /dev/zero > "$0/fill" 2>/dev/null; exec "$@"; }'
  const full = tellOfCluster(home, [join(home, 'later')], onDisk('90m', fill))
  assert.equal(full.code, 'db.disk-full')
})
