import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchDatabase } from '../../../testing/scratch-database.ts'
import { systemRandom as random } from '../../clock/random.ts'
import type { Db } from '../../db/db.ts'
import type { KekPurpose } from '../../sealing/kek.ts'
import { openKek } from '../../sealing/open-kek.ts'
import { lookAtKeys } from './check-keys.ts'

type TestContext = { after(work: () => Promise<void> | void): void }

const purposes = ['phi', 'credentials'] as const

function aDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-keys-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A database that has seen both keys, and their directory. */
async function sealed(context: TestContext): Promise<{ db: Db; directory: string }> {
  const { db } = await scratchDatabase(context)
  const directory = aDirectory(context)
  for (const purpose of purposes) (await openKek({ db, random }, { directory, purpose })).close()
  return { db, directory }
}

async function levels(
  db: Db | undefined,
  directory: string,
  { wanted = purposes, isNew = false }: { wanted?: readonly KekPurpose[]; isNew?: boolean } = {},
): Promise<(string | undefined)[][]> {
  const { findings, keks } = await lookAtKeys({ db, random }, { directory, purposes: wanted, isNew })
  for (const purpose of purposes) keks?.[purpose]?.close()
  return [
    ...findings.map(({ level, message }) => [level, /\((sealing\.[a-z-]+)\)/.exec(message)?.[1]]),
    [String(!!keks)],
  ]
}

test('keys that the data was sealed with are handed on', async (context) => {
  const { db, directory } = await sealed(context)
  assert.deepEqual(await levels(db, directory), [['ok', undefined], ['ok', undefined], ['true']])
})

const file = (directory: string) => join(directory, 'phi.kek')
const broken: readonly [
  what: string,
  breakIt: (directory: string, context: TestContext) => Promise<void> | void,
  code: string,
][] = [
  ['missing', (directory) => rmSync(file(directory)), 'sealing.kek-missing'],
  [
    'cut off',
    (directory) => writeFileSync(file(directory), readFileSync(file(directory)).subarray(0, 20)),
    'sealing.kek-damaged',
  ],
  ['readable for others', (directory) => chmodSync(file(directory), 0o644), 'sealing.kek-exposed'],
  [
    'that of another installation',
    async (directory, context) => copyFileSync(file((await sealed(context)).directory), file(directory)),
    'sealing.kek-wrong',
  ],
  [
    'in the place of the other one',
    (directory) => copyFileSync(join(directory, 'credentials.kek'), file(directory)),
    'sealing.kek-damaged',
  ],
]
for (const [what, breakIt, code] of broken) {
  test(`a key file that is ${what} is a failure, and neither key is used`, async (context) => {
    const { db, directory } = await sealed(context)
    await breakIt(directory, context)
    assert.deepEqual(await levels(db, directory), [['failure', code], ['ok', undefined], ['false']])
  })
}

test('before the first start there are no keys, and none is made', async (context) => {
  const { db } = await scratchDatabase(context)
  const directory = aDirectory(context)
  assert.deepEqual(await levels(db, directory), [['ok', undefined], ['ok', undefined], ['false']])
  assert.equal(existsSync(file(directory)), false)
})

test('without the database a key file is at least looked at', async (context) => {
  const { directory } = await sealed(context)
  chmodSync(file(directory), 0o640)
  assert.deepEqual(await levels(undefined, directory), [
    ['failure', 'sealing.kek-exposed'],
    ['ok', undefined],
    ['false'],
  ])
})

test('a key that is not there is no sign of a new installation where the database was not asked', async (context) => {
  const { directory } = await sealed(context)
  rmSync(file(directory))
  assert.deepEqual(await levels(undefined, directory), [['skipped', undefined], ['ok', undefined], ['false']])
  const anew = aDirectory(context)
  assert.deepEqual(await levels(undefined, anew, { isNew: true }), [['ok', undefined], ['ok', undefined], ['false']])
})

for (const [host, wanted, stray] of [
  ['the key server', ['credentials'], 'phi'],
  ['one that uses a key server', ['phi'], 'credentials'],
] as const) {
  test(`${host} needs no key for ${stray}, and is told when it has one`, async (context) => {
    const { db, directory } = await sealed(context)
    assert.deepEqual(await levels(db, directory, { wanted }), [['ok', undefined], ['warning', undefined], ['true']])
    rmSync(join(directory, `${stray}.kek`))
    assert.deepEqual(await levels(db, directory, { wanted }), [['ok', undefined], ['true']])
  })
}
