import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const usage = /^usage: npm run rig -- OPTIONS[^]*\n {2}--core +\w[^]*\n {2}--kills N +so many kills/m

for (const [title, option, expected] of [
  ['--help tells the options', '--help', { status: 0, out: usage, err: /^$/ }],
  ['a wrong option is named, and told are those there are', '--kill', { status: 2, out: /^$/, err: usage }],
] as const)
  test(title, () => {
    const { status, stdout, stderr } = ask(option)
    assert.equal(status, expected.status)
    assert.match(stdout, expected.out)
    assert.match(stderr, expected.err)
    if (status !== 0) assert.match(stderr, /^rig: .*'--kill'/)
  })

test('a value that is no number is refused before anything runs', () => {
  const { status, stdout, stderr } = ask('--pause=x')
  assert.deepEqual([status, stdout, stderr], [2, '', 'rig: --pause takes a whole number, not "x"\n'])
})

function ask(option: string) {
  return spawnSync(process.execPath, ['--conditions=aegis-source', join(import.meta.dirname, 'rig.ts'), option], {
    encoding: 'utf8',
    timeout: 20_000,
  })
}
