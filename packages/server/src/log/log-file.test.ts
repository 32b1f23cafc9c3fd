import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openLogFile } from './log-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'log-file-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('files stay within their size and number, and the newest lines are the ones kept', () => {
  const directory = join(folder, 'bounded')
  const file = openLogFile({ directory, name: 'aegis', fileBytesMax: 100, filesMax: 3 })
  for (let line = 10; line < 60; line++) file.write(`line ${line} of some length\n`)
  file.close()
  const names = readdirSync(directory).toSorted()
  assert.deepEqual(names, ['aegis.1.log', 'aegis.2.log', 'aegis.log'])
  assert.ok(names.every((name) => statSync(join(directory, name)).size <= 100))
  const kept = ['aegis.2.log', 'aegis.1.log', 'aegis.log'].map((name) => readFileSync(join(directory, name), 'utf8'))
  assert.match(kept.join(''), /line 58 of some length\nline 59 of some length\n$/)
  assert.equal(file.lostLines, 0)
})

test('one file alone is begun anew when it is full', () => {
  const directory = join(folder, 'alone')
  const file = openLogFile({ directory, name: 'aegis', fileBytesMax: 20, filesMax: 1 })
  for (const line of ['first line\n', 'second line\n']) file.write(line)
  file.close()
  assert.equal(readFileSync(file.path, 'utf8'), 'second line\n')
})

test('a restart goes on where the file ends', () => {
  const directory = join(folder, 'again')
  for (const line of ['one\n', 'two\n']) {
    const file = openLogFile({ directory, name: 'aegis' })
    file.write(line)
    file.close()
  }
  assert.equal(readFileSync(join(directory, 'aegis.log'), 'utf8'), 'one\ntwo\n')
})

test('only the owner can read it', () => {
  const directory = join(folder, 'private')
  const file = openLogFile({ directory, name: 'aegis' })
  file.close()
  assert.equal(statSync(file.path).mode & 0o777, 0o600)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
})

test('a line that cannot be written stops nothing and is counted', () => {
  const directory = join(folder, 'broken')
  const file = openLogFile({ directory, name: 'aegis', fileBytesMax: 10, filesMax: 2 })
  file.write('first line\n')
  rmSync(directory, { recursive: true })
  file.write('lost\n')
  file.close()
  file.write('after the end\n')
  assert.equal(file.lostLines, 2)
})
