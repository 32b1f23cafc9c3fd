import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { asStranger } from '../../../testing/as-stranger.ts'
import { type Home, homeAt, prepareHome } from '../../ops/home.ts'
import { checkFiles } from './check-files.ts'
import type { Finding } from './finding.ts'

/** A home as an instance leaves it. */
function aHome(context: { after(work: () => void): void }): Home {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-files-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const home = prepareHome(join(folder, 'home'))
  mkdirSync(join(home.run, 'pg'), { mode: 0o700 })
  for (const path of [
    join(home.keys, 'phi.kek'),
    join(home.run, 'instance.json'),
    join(home.data, 'postgres.passwords'),
  ])
    writeFileSync(path, 'x', { mode: 0o600 })
  return home
}

test('a home as an instance leaves it is private', (context) => {
  const [finding, ...more] = checkFiles(aHome(context), aHome(context).keys)
  assert.deepEqual([finding?.level, more], ['ok', []])
})

test('a home that is not there yet is no fault', () => {
  const home = homeAt('/nowhere/at/all')
  assert.deepEqual(
    checkFiles(home, home.keys).map(({ level }) => level),
    ['skipped'],
  )
})

test('a home that could not be made is told, and whether its keys are private all the same', (context) => {
  const { path, keys, run } = aHome(context)
  const home = homeAt(join(run, 'instance.json', 'home'))
  const [missing, keyFiles] = checkFiles(home, keys)
  assert.deepEqual([missing?.level, missing?.check, keyFiles?.level], ['failure', 'home', 'ok'])
  assert.match(
    missing?.message ?? '',
    /cannot be made: .*instance\.json is no directory that this user may write to\.$/,
  )
  assert.match(missing?.remedy ?? '', /install -d -m 700 -o USER/)
  assert.deepEqual(
    checkFiles(homeAt(join(path, 'new')), keys).map(({ level }) => level),
    ['skipped', 'ok'],
  )
})

test('a home that may not be looked at is not taken for one that is to be made', async (context) => {
  const { path, keys } = aHome(context)
  const module = new URL('check-files.ts', import.meta.url)
  const call = { module, name: 'checkFiles', args: [homeAt(path), keys] }
  const findings = await asStranger<readonly Finding[]>(dirname(path), call)
  assert.deepEqual(
    findings.map(({ level, check, message }) => [level, check, message]),
    [
      ['failure', 'home', `${path} cannot be looked at.`],
      ['failure', 'keys', `${keys} cannot be looked at.`],
    ],
  )
  for (const { remedy } of findings) assert.match(remedy ?? '', /^Run the doctor as the user that runs Aegis/)
  const above = await asStranger(dirname(path), { module, name: 'nearest', args: [path] })
  assert.equal(above, path, 'nor is the disk of what is above it taken for its own')
})

const broken: readonly [what: string, breakIt: (home: Home) => void, check: string, says: RegExp][] = [
  ['a home that others may list', ({ path }) => chmodSync(path, 0o755), 'home', /can read .*home\.$/],
  ['a home that others may write to', ({ path }) => chmodSync(path, 0o777), 'home', /can change/],
  ['data that others may list', ({ data }) => chmodSync(data, 0o750), 'data', /can read .*data\.$/],
  ['keys that others may enter', ({ keys }) => chmodSync(keys, 0o711), 'keys', /can enter .*keys\.$/],
  ['a key that the group may read', ({ keys }) => chmodSync(join(keys, 'phi.kek'), 0o640), 'key-file', /can read/],
  [
    'a copy of a key that everybody may read',
    ({ keys }) => writeFileSync(join(keys, 'phi.kek.bak'), 'x', { mode: 0o644 }),
    'key-file',
    /can read .*phi\.kek\.bak\.$/,
  ],
  [
    'a key that is a link',
    ({ keys, path }) => {
      renameSync(join(keys, 'phi.kek'), join(path, 'elsewhere'))
      symlinkSync(join(path, 'elsewhere'), join(keys, 'phi.kek'))
    },
    'key-file',
    /is not a plain file/,
  ],
  ['logs that others may read', ({ logs }) => chmodSync(logs, 0o755), 'logs', /can read .*logs\.$/],
  ['sockets that others may enter', ({ run }) => chmodSync(join(run, 'pg'), 0o755), 'socket', /can read .*pg\.$/],
  ['a run directory of others', ({ run }) => chmodSync(run, 0o770), 'run', /can change .*run\.$/],
  [
    'an instance file that others may read',
    ({ run }) => chmodSync(join(run, 'instance.json'), 0o644),
    'instance',
    /can read .*instance\.json\.$/,
  ],
  [
    'passwords that others may read',
    ({ data }) => chmodSync(join(data, 'postgres.passwords'), 0o644),
    'passwords',
    /can read .*postgres\.passwords\.$/,
  ],
]

for (const [what, breakIt, check, says] of broken) {
  test(`${what}: a failure, and how to mend it`, (context) => {
    const home = aHome(context)
    breakIt(home)
    const findings = checkFiles(home, home.keys)
    assert.deepEqual(
      findings.map((finding) => [finding.level, finding.check]),
      [['failure', check]],
    )
    assert.match(findings[0]?.message ?? '', says)
    assert.match(findings[0]?.remedy ?? '', /^(?:Run: chmod [67]00 |Put a plain file)/)
  })
}

test('PostgreSQL’s own account may walk through the home to its data', (context) => {
  const home = aHome(context)
  chmodSync(home.path, 0o711)
  assert.deepEqual(
    checkFiles(home, home.keys).map(({ level }) => level),
    ['ok'],
  )
})

test('what belongs to another user is told, and to root only what others can get at', (context) => {
  const home = aHome(context)
  const us = process.getuid?.() ?? 0
  if (us === 0) chownSync(home.keys, 4711, 4711) // what root owns is not another user's
  const { uid } = statSync(home.keys)
  const told = (by: number) => checkFiles(home, home.keys, by).map(({ check, level }) => `${level} ${check}`)
  assert.ok(told(uid + 1).includes('failure keys'), told(uid + 1).join())
  const [{ message, remedy } = assert.fail()] = checkFiles(home, home.keys, uid + 1).filter(
    ({ check }) => check === 'keys',
  )
  assert.match(message, new RegExp(`belongs to another user \\(${uid}\\)`))
  assert.match(remedy ?? '', new RegExp(`chown ${uid + 1} `))
  assert.deepEqual(told(0), ['ok permissions'])
})
