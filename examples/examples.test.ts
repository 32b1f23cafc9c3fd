import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exampleCases } from './testing/example-cases.ts'
import { type ExampleWorld, startExampleWorld } from './testing/example-world.ts'

const folder = join(import.meta.dirname, '..')
const examples = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'connect.ts')
  .map((file) => file.slice(0, -3))
const program = {
  node: process.execPath,
  folder,
  file: (name: string) => `examples/${name}.ts`,
  flags: ['--conditions=aegis-source'],
}

let world: ExampleWorld
before(async () => {
  world = await startExampleWorld()
})
after(() => world.stop())

for (const example of exampleCases) {
  test(`${example.name} does what it says`, async () => {
    const said = await world.run(example, program)
    for (const pattern of example.says) assert.match(said, pattern)
  })
}

test('the gateway got the header of the program, in every request', () => {
  const own = world.gateway.teams.filter((team) => team !== undefined)
  assert.deepEqual(own, ['scheduling', 'scheduling'])
})

test('there are ten examples and more, and every one of them is run', () => {
  assert.ok(examples.length >= 10)
  assert.deepEqual([...new Set(exampleCases.map(({ name }) => name))].sort(), examples.sort())
})

test('the page of the examples names every one', () => {
  const page = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  for (const name of examples) assert.ok(page.includes(`](${name}.ts)`), name)
})

test('an example is short, and says how to run it', () => {
  for (const name of examples) {
    const text = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8')
    assert.ok(text.split('\n').length <= 65, name)
    assert.match(text, new RegExp(`npm run example examples/${name}\\.ts`), name)
  }
})
