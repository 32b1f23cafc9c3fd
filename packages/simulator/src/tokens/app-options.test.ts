import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readAppFile } from './app-options.ts'

async function read(t: TestContext, content: string) {
  const folder = await mkdtemp(join(tmpdir(), 'apps-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'apps.json')
  await writeFile(path, content)
  return readAppFile(path)
}

test('an app file holds one app or several', async (t) => {
  const app = { clientId: 'a', secret: 's' }
  assert.deepEqual(await read(t, JSON.stringify(app)), [app])
  const limited = { clientId: 'b', secret: 's', practices: [195900], encoding: 'string' }
  assert.deepEqual(await read(t, JSON.stringify([app, limited])), [app, limited])
})

const mistakes: [what: string, content: string, message: RegExp][] = [
  ['that is no JSON', '{"secret": "hidden-one', /not JSON/],
  ['without an app', '[]', /holds no app/],
  [
    'without a secret',
    '[{"clientId":"a","secret":"s"},{"clientId":"b"}]',
    /app 2: give a "secret", "jwks" or "jwksUrl"/,
  ],
  [
    'with a colon in a client id',
    '{"clientId":"a:b","secret":"hidden-one"}',
    /"clientId" must be text without a colon/,
  ],
  ['with practices that are names', '{"clientId":"a","secret":"hidden-one","practices":["x"]}', /"practices" must be/],
  ['with another encoding', '{"clientId":"a","secret":"hidden-one","encoding":"xml"}', /"encoding" must be/],
  [
    'with a client id twice',
    '[{"clientId":"a","secret":"hidden-one"},{"clientId":"a","secret":"hidden-one"}]',
    /two apps have the client id "a"/,
  ],
  ['with an unknown field', '{"clientId":"a","secret":"hidden-one","scope":"x"}', /unknown field "scope"/],
]
for (const [what, content, message] of mistakes) {
  test(`an app file ${what} is refused without its secrets`, async (t) => {
    await assert.rejects(read(t, content), (error) => {
      assert.ok(error instanceof TypeError)
      assert.match(error.message, message)
      assert.doesNotMatch(String(error.stack), /hidden-one/)
      return true
    })
  })
}
