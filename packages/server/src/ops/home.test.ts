import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { isAegisError } from '../errors/aegis-error.ts'
import { bindHome, prepareHome } from './home.ts'
import { readInstance, removeInstance, writeInstance } from './instance-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'home-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const modeOf = (path: string) => statSync(path).mode & 0o777

test('a new home is private in all its parts and kept out of git', () => {
  const home = prepareHome(join(folder, 'deep', 'new'))
  for (const part of [home.path, home.data, home.keys, home.run, home.logs]) assert.equal(modeOf(part), 0o700, part)
  assert.match(readFileSync(join(home.path, '.gitignore'), 'utf8'), /^\*$/m)
})

test('a home that is there keeps what it holds, and its parts are made private', () => {
  const path = join(folder, 'old')
  mkdirSync(join(path, 'keys'), { recursive: true })
  chmodSync(join(path, 'keys'), 0o755)
  writeFileSync(join(path, 'keys', 'phi.kek'), 'key')
  const home = prepareHome(path)
  assert.equal(readFileSync(join(home.keys, 'phi.kek'), 'utf8'), 'key')
  assert.equal(modeOf(home.keys), 0o700)
  assert.equal(existsSync(join(path, '.gitignore')), false, 'a directory of somebody else gets no files of ours')
})

test('what is no directory is refused with the remedy', () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  for (const wrong of [path, join(path, 'below'), '/proc/nowhere/home', '/dev/null/home']) {
    assert.throws(
      () => prepareHome(wrong),
      (error) => isAegisError(error, 'ops.home-unusable') && error.message.includes('AEGIS_HOME'),
    )
  }
})

test('a full disk is told as such, not as a fault of ours', () => {
  // Only Linux has a file that is always full; elsewhere disk-full.test.ts has to do.
  if (process.platform !== 'linux') {
    assert.ok(!existsSync('/dev/full'))
    return
  }
  const home = prepareHome(join(folder, 'full'))
  // Whatever is written there meets a full disk.
  symlinkSync('/dev/full', join(home.path, 'environment.new'))
  assert.throws(() => bindHome(home, { environment: 'local', demo: false }), { code: 'db.disk-full' })
})

describe('a home belongs', () => {
  const bindings = [
    { environment: 'preview', demo: false },
    { environment: 'production', demo: false },
    { environment: 'local', demo: false },
    { environment: 'local', demo: true },
  ] as const
  for (const first of bindings) {
    test(`to ${first.demo ? 'the demo' : first.environment} for good`, () => {
      const home = prepareHome(join(folder, `bound-${first.environment}-${first.demo}`))
      bindHome(home, first)
      bindHome(home, first)
      for (const other of bindings.filter((binding) => binding !== first)) {
        assert.throws(
          () => bindHome(home, other),
          (error) => isAegisError(error, 'ops.home-crossed'),
        )
      }
    })
  }
})

describe('the instance file', () => {
  const home = prepareHome(join(folder, 'instance'))
  const running = {
    url: 'http://127.0.0.1:1',
    token: 'x'.repeat(43),
    pid: 1,
    startedAt: '2026-11-22T00:00:00.000Z',
    version: '0.1.0',
  }

  test('tells how to reach the instance, to its owner only', () => {
    assert.equal(readInstance(home), undefined)
    writeInstance(home, running)
    assert.deepEqual(readInstance(home), running)
    assert.equal(modeOf(join(home.run, 'instance.json')), 0o600)
    removeInstance(home)
    removeInstance(home)
    assert.equal(readInstance(home), undefined)
  })

  test('that is damaged tells nothing', () => {
    for (const text of ['', '{', '{"url":"x"}']) {
      writeFileSync(join(home.run, 'instance.json'), text, { mode: 0o600 })
      assert.equal(readInstance(home), undefined)
    }
  })

  test('that others can get at is not believed', () => {
    for (const mode of [0o640, 0o604, 0o620]) {
      writeInstance(home, running)
      chmodSync(join(home.run, 'instance.json'), mode)
      assert.throws(() => readInstance(home), { code: 'ops.home-unusable' }, mode.toString(8))
    }
  })
})
