/** Every failpoint of the program is met: by a life that is disturbed at each of its passings, or by a test. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { failpointLives } from './failpoint-life.ts'

const server = join(import.meta.dirname, '../packages/server/src')

/** Points that no life passes: each with the test that fails or ends the process there. */
const metByTests: Readonly<Record<string, string>> = {
  'leases.before-renewal': 'leases/acquire-lease.test.ts',
  'queue.after-handler': 'queue/ended-jobs.test.ts',
  'queue.before-handler': 'queue/ended-jobs.test.ts',
  'sealing.after-key-file': 'sealing/open-kek.test.ts',
}

/** What a run of each life compares with what it passed. */
const passed = new Set<string>(Object.values(failpointLives).flatMap(({ points }) => points))

async function pointsOfProgram(): Promise<Set<string>> {
  const points = new Set<string>()
  for await (const file of glob('**/*.ts', { cwd: server })) {
    if (file.endsWith('.test.ts')) continue
    const text = readFileSync(join(server, file), 'utf8')
    const calls = [...text.matchAll(/(?<!function )\bfailpoint\((?:'([^']+)')?/g)]
    for (const [, name] of calls) points.add(name ?? assert.fail(`a failpoint of ${file} has no name that can be read`))
  }
  return points
}

test('every failpoint of the program is passed by a life or met by a test, and none is written down that is not there', async () => {
  const met = [...passed, ...Object.keys(metByTests)]
  assert.deepEqual(met.toSorted(), [...(await pointsOfProgram())].toSorted())
})

for (const [point, file] of Object.entries(metByTests)) {
  test(`${point} is met by ${file}`, () => {
    assert.ok(readFileSync(join(server, file), 'utf8').includes(`'${point}'`))
  })
}
