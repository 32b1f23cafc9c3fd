import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

/** What a process says that dies of an error which nobody catches. */
function crash(work: string, argv: readonly string[] = []): { code: number | null; said: string } {
  const start = `import { endOnCrash } from '${import.meta.resolve('./end-on-crash.ts')}'
    endOnCrash(${JSON.stringify(argv)})
    ${work}
    setTimeout(() => undefined, 60_000)`
  const args = [...process.execArgv, '--conditions=aegis-source', '--input-type=module', '--eval', start]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
  return { code: status, said: `${stdout}${stderr}` }
}

/** Its message quotes what was read. */
const read = `JSON.parse('{"lastname": Marigold}')`
const deaths: readonly [title: string, work: string][] = [
  ['an error thrown where nobody catches it', `setImmediate(() => ${read})`],
  ['a promise whose failure nobody waits for', `void (async () => ${read})()`],
]
for (const [title, work] of deaths) {
  test(`${title} ends the process without a word of what it holds`, () => {
    const { code, said } = crash(work)
    assert.equal(code, 1)
    assert.match(said, /^aegis: Something unexpected went wrong inside Aegis/)
    assert.doesNotMatch(said, /Marigold/)
  })
}

test('where it comes from is shown to who asks for it', () => {
  assert.match(crash(`setImmediate(() => ${read})`, ['--debug']).said, /SyntaxError[\s\S]*at JSON.parse/)
})
