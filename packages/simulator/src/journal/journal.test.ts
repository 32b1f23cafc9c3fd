import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test, type TestContext } from 'node:test'
import { type Simulator, type SimulatorOptions, startSimulator } from '../index.ts'
import { recordKinds } from '../truth/truth.ts'
import { JournalError } from './journal-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'journal-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const minute = 60_000
const practiceId = 195900
const options: SimulatorOptions = {
  seed: 7,
  practices: [{ id: practiceId, patients: 200 }],
  startAt: Date.UTC(2026, 10, 23, 15),
  speed: 0,
  day: true,
  limits: 'off',
  activationLagMs: minute,
  tokenLifetimeS: 86_400,
}

interface Caller {
  readonly simulator: Simulator
  call(method: string, path: string, form?: Record<string, string>): Promise<unknown>
  administer(path: string, body: object): Promise<unknown>
}

/** A simulator and one who calls it. It stops with the test, or when it is told to. */
async function started(context: TestContext, changes: SimulatorOptions): Promise<Caller> {
  const simulator = await startSimulator({ ...options, ...changes })
  context.after(() => simulator.stop())
  const { fetch, url } = simulator
  let token: Promise<string> | undefined
  return {
    simulator,
    async call(method, path, form) {
      token ??= askToken(simulator)
      const init = { method, headers: { authorization: `Bearer ${await token}` } }
      const body = form && { body: new URLSearchParams(form) }
      return (await fetch(`${url}/v1/${practiceId}${path}`, { ...init, ...body })).json()
    },
    async administer(path, body) {
      return (await fetch(`${url}/__sim/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
    },
  }
}

async function askToken({ fetch, url }: Simulator): Promise<string> {
  const authorization = `Basic ${Buffer.from('demo-client:demo-secret').toString('base64')}`
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'athena/service/Athenanet.MDP.*' })
  const answer: { access_token: string } = await (
    await fetch(`${url}/oauth2/v1/token`, { method: 'POST', headers: { authorization }, body })
  ).json()
  return answer.access_token
}

/** Everything in the practice as the API would show it, a line for each record. */
function stateOf({ truth }: Simulator): string[] {
  return recordKinds.flatMap((kind) => [...truth.records(practiceId, kind)].map((record) => JSON.stringify(record)))
}

/** Compares what may be long: of two that differ the first difference is shown. */
function assertSame(is: readonly string[], was: readonly string[]): void {
  const place = is.findIndex((line, index) => line !== was[index])
  assert.equal(place, -1, `record ${place} is\n${is[place]}\nand was\n${was[place]}`)
  assert.equal(is.length, was.length)
}

/** What a kill would leave of a journal at this moment. */
function copyOf(journal: string, name: string): string {
  const copy = join(folder, name)
  for (const part of ['', '-wal']) if (existsSync(journal + part)) copyFileSync(journal + part, copy + part)
  return copy
}

const feeds = ['/appointments/changed', '/patients/changed', '/providers/changed'] as const

function newPatient(email: string) {
  return { firstname: 'Ada', lastname: 'Journal', dob: '01/02/1980', departmentid: '1', email }
}

const newDocument = { departmentid: '1', documentsubclass: 'ADMIN_BILLING', internalnote: 'by mail' }

/** What callers and staff do at a minute of the day; what it is about follows from the practice as it then is. */
const doings: readonly (readonly [minute: number, act: (caller: Caller) => Promise<unknown>])[] = [
  [0.111, ({ call }) => Promise.all(feeds.map((feed) => call('POST', `${feed}/subscription`)))],
  [7.77, ({ call }) => call('GET', '/appointments/changed?limit=5')],
  [31.333, bookOpenSlot],
  [59.5, ({ call }) => call('POST', '/patients', newPatient('ada.journal@example.com'))],
  [60.001, ({ call }) => call('GET', '/patients/changed?limit=1000&leaveunprocessed=true')],
  [61.0123, ({ administer }) => administer('day', { action: 'pause' })],
  [75.3, ({ administer }) => administer('day', { action: 'resume' })],
  [
    90,
    ({ administer }) => administer('changes', { practice: practiceId, change: { kind: 'deletepatient', patient: 9 } }),
  ],
  [90, ({ call }) => call('PUT', '/patients/12', { city: 'Boston', departmentid: '1' })],
  [91, async ({ simulator }) => simulator.truth.change(practiceId, { kind: 'addprovider', department: '1' })],
  [95, ({ call }) => call('POST', '/patients/5/documents', { ...newDocument, attachmentcontents: btoa('%PDF-1.4') })],
  [95, ({ call }) => call('POST', '/patients/5/documents/labresult', { departmentid: '1', resultstatus: 'final' })],
  [96, deleteLatestResult],
  [
    97,
    ({ administer }) => administer('changes', { practice: practiceId, change: { kind: 'addpatientcase', patient: 5 } }),
  ],
  [120.25, ({ call }) => call('GET', '/appointments/changed?limit=1000')],
  [121, ({ call }) => call('DELETE', '/providers/changed/subscription')],
  [150.5, bookOpenSlot],
  [200, ({ call }) => call('POST', '/providers/changed/subscription')],
  [260.9, ({ call }) => call('GET', '/patients/changed')],
  [300, ({ call }) => call('PUT', '/appointments/1/cancel', { patientid: '0' })],
]

async function deleteLatestResult({ call }: Caller): Promise<unknown> {
  const path = '/patients/5/documents/labresult'
  const { labresults } = (await call('GET', `${path}?departmentid=1`)) as { labresults: { labresultid: number }[] }
  return call('DELETE', `${path}/${labresults[0]?.labresultid}`)
}

async function bookOpenSlot({ call }: Caller): Promise<unknown> {
  const query =
    'departmentid=1&reasonid=-1&bypassscheduletimechecks=true&startdate=11/24/2026&enddate=01/20/2027&limit=1'
  const found: { appointments?: { appointmentid: string }[] } = Object(await call('GET', `/appointments/open?${query}`))
  const [slot] = found.appointments ?? []
  assert.ok(slot, `no open slot: ${JSON.stringify(found)}`)
  return call('PUT', `/appointments/${slot.appointmentid}`, { patientid: '33', appointmenttypeid: '2' })
}

/** Lives from the minute where the simulator is to another, with all that callers do in between. */
async function live(caller: Caller, untilMinute: number): Promise<void> {
  const { clock } = caller.simulator
  const start = Number(options.startAt)
  const from = (clock.now() - start) / minute
  for (const [at, act] of doings) {
    if (at <= from || at > untilMinute) continue
    clock.jumpTo(start + at * minute)
    await act(caller)
  }
  clock.jumpTo(start + untilMinute * minute)
}

/** What waits in every feed, and what can be read again: the window ends in the second of the read at minute 120. */
async function feedsOf({ call }: Caller): Promise<string[]> {
  const window = 'showprocessedstartdatetime=11/23/2026%2010:00:00&showprocessedenddatetime=11/23/2026%2012:00:15'
  const paths = feeds.flatMap((feed) => [`${feed}?limit=5000&leaveunprocessed=true`, `${feed}?limit=5000&${window}`])
  return Promise.all(paths.map(async (path) => JSON.stringify(await call('GET', path))))
}

test('stopped, killed and started again, the world is the one of a simulator that went on all the time', async (t) => {
  const control = await started(t, {})
  const file = join(folder, 'world.db')
  const first = await started(t, { journal: file })
  await live(first, 33.4567)
  await first.simulator.stop()
  const second = await started(t, { journal: file })
  await live(second, 90.5)
  await second.administer('clock', { advanceMs: 0.25 })
  const killed = copyOf(file, 'killed.db')
  const third = await started(t, { journal: killed })
  assert.equal(third.simulator.clock.exactNow(), second.simulator.clock.exactNow())
  await live(third, 123.9999)
  await third.simulator.stop()
  const fourth = await started(t, { journal: killed })
  await live(control, 124)
  await live(fourth, 124)
  assertSame(await feedsOf(fourth), await feedsOf(control))
  await live(control, 360)
  await live(fourth, 360)
  assertSame(stateOf(fourth.simulator), stateOf(control.simulator))
  const waiting = await feedsOf(fourth)
  assertSame(waiting, await feedsOf(control))
  assert.ok(waiting.join('').length > 10_000, 'there was something to read')
  assert.deepEqual(fourth.simulator.truth.defects(), [])
})

test('a killed simulator whose time runs goes on no earlier than anybody saw it, and has lost no call', async (t) => {
  const file = join(folder, 'running.db')
  const first = await started(t, { journal: file, speed: 2_000 })
  const { clock } = first.simulator
  const texts = []
  for (let count = 0; count < 12; count += 1) {
    texts.push(JSON.stringify(await first.call('POST', '/patients', newPatient(`ada.${count}@example.com`))))
    await bookOpenSlot(first)
  }
  const seenAt = clock.exactNow()
  const killed = copyOf(file, 'running-killed.db')
  clock.setSpeed(0)
  await first.simulator.stop()
  const again = await started(t, { journal: killed, speed: 0 })
  const goesOnAt = again.simulator.clock.exactNow()
  assert.ok(goesOnAt >= seenAt, 'not earlier')
  assert.ok(goesOnAt <= seenAt + 2_000 * 1_000, 'and by a second at most later')
  const stopped = await started(t, { journal: file, speed: 0 })
  assert.equal(stopped.simulator.clock.exactNow(), clock.exactNow(), 'a stop loses no time and gains none')
  const later = Math.max(goesOnAt, stopped.simulator.clock.exactNow()) + 60 * minute
  for (const { simulator } of [again, stopped]) simulator.clock.jumpTo(later)
  first.simulator.clock.jumpTo(later)
  assertSame(stateOf(again.simulator), stateOf(stopped.simulator))
  assert.equal(new Set(texts).size, 12)
})

test('the practices live through the same moments again when calls came at moments of their own', async (t) => {
  const file = join(folder, 'moments.db')
  const first = await started(t, { journal: file, speed: 1_234.5 })
  for (let count = 0; count < 10; count += 1) await bookOpenSlot(first)
  first.simulator.clock.setSpeed(0)
  const killed = copyOf(file, 'moments-killed.db')
  const later = first.simulator.clock.exactNow() + 600 * minute
  first.simulator.clock.jumpTo(later)
  const again = await started(t, { journal: killed })
  again.simulator.clock.jumpTo(later)
  assertSame(stateOf(again.simulator), stateOf(first.simulator))
})

test("the file is its owner's only and holds no token", async (t) => {
  const file = join(folder, 'private.db')
  const { simulator, call } = await started(t, { journal: file })
  await call('POST', '/patients/changed/subscription')
  assert.equal(statSync(`${file}-wal`).mode & 0o777, 0o600)
  await simulator.stop()
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(file, 'latin1'), /authorization|Bearer/i)
})

function makeForeignDatabase(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('create table patient (id integer)')
  database.close()
}

async function makeJournal(file: string): Promise<void> {
  const simulator = await startSimulator({ ...options, journal: file })
  simulator.clock.advance(minute)
  await simulator.stop()
}

async function changeJournal(file: string, sql: string): Promise<void> {
  await makeJournal(file)
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
}

async function cutJournal(file: string): Promise<void> {
  await makeJournal(file)
  writeFileSync(file, readFileSync(file).subarray(0, 5000))
}

interface Refused {
  readonly is: string
  readonly make: (file: string) => unknown
  readonly changes?: SimulatorOptions
  readonly code: string
  readonly says: RegExp
}

const refused: readonly Refused[] = [
  {
    is: 'of another seed',
    make: makeJournal,
    changes: { seed: 8 },
    code: 'other-world',
    says: /world with other options \(seed: 7 there, 8 given\): give the same ones, delete it/,
  },
  {
    is: 'of other practices',
    make: makeJournal,
    changes: { practices: [{ id: practiceId, patients: 201 }] },
    code: 'other-world',
    says: /practices: .*200.* there, .*201.* given/,
  },
  {
    is: 'a text',
    make: (file) => writeFileSync(file, 'hello\n'.repeat(99)),
    code: 'damaged',
    says: /is damaged, or no j/,
  },
  { is: 'cut short', make: cutJournal, code: 'damaged', says: /is damaged.*: delete it/ },
  { is: 'another database', make: makeForeignDatabase, code: 'damaged', says: /no journal of a simulator: delete it/ },
  {
    is: 'of a later format',
    make: (file) => changeJournal(file, 'pragma user_version = 2'),
    code: 'other-world',
    says: /written by another version of the simulator: delete it/,
  },
  {
    is: 'of a practice that lived otherwise',
    make: (file) => changeJournal(file, 'update moment set digest = digest + 1'),
    code: 'other-world',
    says: /another version of the simulator, whose world was another one: delete it/,
  },
  {
    is: 'of doings that are not possible',
    make: (file) => changeJournal(file, `insert into entry values (1, 1e12, '{"kind":"read","ids":["1"]}')`),
    code: 'other-world',
    says: /cannot repeat: delete it/,
  },
]

describe('a file is refused, named and left as it was when it is', () => {
  for (const { is, make, changes, code, says } of refused) {
    test(is, async () => {
      const file = join(folder, `${is}.db`)
      await make(file)
      const before = readFileSync(file)
      await assert.rejects(startSimulator({ ...options, journal: file, ...changes }), (error) => {
        assert.ok(error instanceof JournalError)
        assert.equal(error.code, code)
        assert.match(error.message, says)
        assert.ok(error.problem.includes(file))
        return true
      })
      assert.deepEqual(readFileSync(file), before)
    })
  }
})

test('a write that no state is kept of is not written down', async (t) => {
  const file = join(folder, 'stateless.db')
  const { simulator, call } = await started(t, { journal: file, day: false })
  assert.deepEqual(await call('PUT', '/usermessages/someone/1', { folder: 'TRASH' }), { success: true })
  await call('PUT', '/patients/1', { departmentid: '1', notes: 'Calls first.' })
  await simulator.stop()
  const database = new DatabaseSync(file)
  const entries = database.prepare("select text from entry where text like '%write%'").all()
  database.close()
  assert.equal(entries.length, 1)
  assert.match(String(entries[0]?.text), /\/patients\/1/)
})

test('two simulators cannot have one journal, and the first goes on', async (t) => {
  const file = join(folder, 'shared.db')
  const { simulator, call } = await started(t, { journal: file })
  await assert.rejects(started(t, { journal: file }), { code: 'in-use', message: /stop that one/ })
  await call('POST', '/patients/changed/subscription')
  await simulator.stop()
  const again = await started(t, { journal: file })
  assert.deepEqual(again.simulator.truth.defects(), [])
})

test('a journal that was deleted after a kill begins a new world, also when its log was left', async (t) => {
  const file = join(folder, 'deleted.db')
  const { simulator, call } = await started(t, { journal: file })
  await call('POST', '/patients/changed/subscription')
  simulator.clock.advance(minute)
  copyFileSync(`${file}-wal`, join(folder, 'left.db-wal'))
  const again = await started(t, { journal: join(folder, 'left.db') })
  assert.equal(again.simulator.clock.now(), options.startAt)
})

test("a file in a folder that is not there is the system's to refuse, and recordings have no state to keep", async () => {
  await assert.rejects(startSimulator({ journal: join(folder, 'nowhere', 'x') }), { code: 'ENOENT' })
  await assert.rejects(startSimulator({ journal: join(folder, 'x'), recording: folder }), TypeError)
})
