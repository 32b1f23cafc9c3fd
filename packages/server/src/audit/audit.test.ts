import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { manualClock } from '../../testing/manual-clock.ts'
import { scratchDatabase } from '../../testing/scratch-database.ts'
import type { Clock } from '../clock/clock.ts'
import { systemRandom } from '../clock/random.ts'
import { clientConfig } from '../db/database-login.ts'
import type { Db } from '../db/db.ts'
import { sql } from '../db/db.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import { openKek } from '../sealing/open-kek.ts'
import { createSealing } from '../sealing/sealing.ts'
import { createAudit } from './audit.ts'
import type { AuditEvent } from './entry.ts'
import { openDetail } from './sealed-detail.ts'

const home = mkdtempSync(join(tmpdir(), 'aegis-audit-'))
after(() => rmSync(home, { recursive: true, force: true }))
const { db, owner, logins } = await scratchDatabase()
const clock = manualClock()
const random = systemRandom
const kek = await openKek({ db, random }, { directory: home, purpose: 'phi' })
const sealing = createSealing({ db, kek, clock, random })
const newAudit = (through: Db = db, time: Clock = clock) => createAudit({ db: through, sealing, clock: time, random })
const audit = newAudit()

let practices = 100
const newPractice = () => practices++
const poll = (practice: number): AuditEvent => ({
  practice,
  type: 'upstream',
  subtype: 'poll-feed',
  action: 'R',
  actor: { kind: 'system', id: 'sync' },
  purpose: 'HOPERAT',
  route: 'GET /v1/{practiceid}/appointments/changed',
})
const code = (expected: ErrorCode) => (error: unknown) => isAegisError(error, expected) || assert.fail(String(error))

interface Row {
  id: string
  attempt_id: string | null
  outcome: string
  patients: string
  record_count: number | null
  detail: Buffer | null
  upstream_request_id: string | null
  subtype: string
  writer_id: string
}
const entriesOf = (practice: number) =>
  owner.rows<Row>('select *, patients::text from audit.entry where practice_id = $1 order by id', [practice])

test('an attempt and its outcome are two entries, linked; patient ids appear as pseudonyms and sealed', async () => {
  const practice = newPractice()
  const attempt = await audit.attempt({ ...poll(practice), requestId: 'req-1' })
  await audit.outcome(attempt, {
    outcome: 'success',
    patientIds: ['canary-7', 'canary-8', 'canary-7'],
    records: 3,
    upstreamRequestId: 'ath-42',
    detail: { page: 1 },
  })
  const [first, second] = await entriesOf(practice)
  assert.equal(first?.id, attempt)
  assert.equal(first.outcome, 'attempt')
  assert.equal(second?.attempt_id, attempt)
  assert.equal(second.outcome, 'success')
  assert.equal(second.record_count, 3)
  assert.equal(second.upstream_request_id, 'ath-42')
  const keys = await sealing.practice(undefined, practice)
  const pseudonyms = ['canary-7', 'canary-8'].map((id) => keys.pseudonym('patient', id))
  assert.equal(second.patients, `{${pseudonyms.join(',')}}`)
  assert.deepEqual(openDetail(keys, second.id, second.detail ?? Buffer.alloc(0)), {
    patientIds: ['canary-7', 'canary-8', 'canary-7'],
    detail: { page: 1 },
  })
  await assert.rejects(audit.outcome(attempt, { outcome: 'failure' }), code('audit.invalid-entry'))
})

test('nothing that identifies a patient stands in clear, and the sealed detail opens for no other entry', async () => {
  const practice = newPractice()
  await audit.record({
    ...poll(practice),
    type: 'mirror',
    subtype: 'sql-unseal',
    patientIds: ['canary-7'],
    detail: { reason: 'Donna Canary called', search: 'canary' },
  })
  await audit.record({ ...poll(practice), detail: { other: 1 } })
  const lines = await owner.rows<{ line: string }>('select e::text as line from audit.entry e where practice_id = $1', [
    practice,
  ])
  assert.equal(lines.length, 2)
  for (const { line } of lines) {
    assert.doesNotMatch(line, /canary|donna/i)
    assert.ok(!line.includes(Buffer.from('canary').toString('hex')))
  }
  const [one, two] = await entriesOf(practice)
  const keys = await sealing.practice(undefined, practice)
  assert.ok(one?.detail && two?.detail)
  assert.throws(() => openDetail(keys, one.id, two.detail ?? Buffer.alloc(0)), code('sealing.unreadable'))
})

const unfit: { title: string; change: Partial<AuditEvent> }[] = [
  { title: 'a URL as route', change: { route: 'GET /v1/195900/patients/7' } },
  { title: 'a query in the route', change: { route: 'GET /v1/{practiceid}/patients?lastname=canary' } },
  { title: 'free text as subtype', change: { subtype: 'Donna Canary' } },
  { title: 'an e-mail address as actor', change: { actor: { kind: 'user', id: 'donna@example.com' } } },
  { title: 'a name as request id', change: { requestId: 'Donna Canary' } },
  { title: 'a sentence as entity', change: { entity: 'the chart of Donna Canary' } },
  { title: 'a negative count', change: { records: -1 } },
  { title: 'a practice that is none', change: { practice: -1 } },
]
for (const { title, change } of unfit) {
  test(`${title} is refused, by the table as well`, async () => {
    const practice = newPractice()
    await assert.rejects(audit.record({ ...poll(practice), ...change }), (error) => {
      assert.doesNotMatch(String(error), /canary|donna/i)
      return code('audit.invalid-entry')(error)
    })
    await assert.rejects(audit.attempt({ ...poll(practice), ...change }), code('audit.invalid-entry'))
    const insert = sql(
      'test.insert_entry',
      `insert into audit.entry (practice_id, id, writer_id, occurred_at, type, subtype, action, outcome, actor_kind, actor_id,
         route, request_id, record_count, entity, version)
       values ($1, gen_random_uuid(), gen_random_uuid(), aegis.now(), 'upstream', $2, 'R', 'success', 'user', $3, $4, $5, $6, $7, 1)`,
    )
    const event: AuditEvent = { ...poll(practice), ...change }
    const values = [
      event.practice,
      event.subtype,
      event.actor.id,
      event.route,
      event.requestId ?? null,
      event.records ?? null,
      event.entity ?? null,
    ]
    await assert.rejects(
      db.audit((tx) => tx.rows(insert, values)),
      code('db.statement-failed'),
    )
  })
}

test('athenahealth’s request id is kept only if it can be nothing but an id', async () => {
  const practice = newPractice()
  await audit.record({ ...poll(practice), upstreamRequestId: 'for Donna Canary' })
  assert.equal((await entriesOf(practice))[0]?.upstream_request_id, null)
})

test('no runtime role can change or remove an entry, and neither can the owner in the usual ways', async () => {
  const practice = newPractice()
  await audit.record(poll(practice))
  const statements = [
    `update audit.entry set outcome = 'failure' where practice_id = ${practice}`,
    `update audit.entry set outcome = 'failure'`,
    `delete from audit.entry where practice_id = ${practice}`,
    'truncate audit.entry',
    'truncate audit.entry cascade',
  ]
  const urls = { ...mapUrls(), owner: undefined }
  for (const [role, url] of Object.entries(urls)) {
    for (const text of statements) {
      const run = url === undefined ? owner.rows(text) : runAs(url, `set aegis.practice_id = '${practice}'`, text)
      await assert.rejects(run, /permission denied|append-only/, `${role}: ${text}`)
    }
  }
  await assert.rejects(
    owner.rows(`do $$ begin set local session_replication_role = replica; delete from audit.entry; end $$`),
    /append-only/,
  )
  assert.equal((await entriesOf(practice)).length, 1)
})

test('only the audit role reads the log; the others add to their own practice, or to none', async () => {
  const practice = newPractice()
  const { app, control } = mapUrls()
  const context = `set aegis.practice_id = '${practice}'`
  const insert = (into: number) =>
    `insert into audit.entry (practice_id, id, writer_id, occurred_at, type, subtype, action, outcome, actor_kind, actor_id, version)
     values (${into}, gen_random_uuid(), gen_random_uuid(), aegis.now(), 'upstream', 'x', 'R', 'success', 'system', 'test', 1)`
  for (const url of [app, control]) {
    await assert.rejects(runAs(url, context, 'select 1 from audit.entry'), /permission denied/)
  }
  await runAs(app, context, insert(practice))
  await assert.rejects(runAs(app, context, insert(practice + 1)), /row-level security/)
  await assert.rejects(runAs(app, context, insert(0)), /row-level security/)
  await runAs(control, insert(0))
  await assert.rejects(runAs(control, insert(practice)), /row-level security/)
})

test('an entry of a local change is there if the change is, and is not if it rolled back', async () => {
  const practice = newPractice()
  const event = { ...poll(practice), subtype: 'merge', patientIds: ['7'] }
  await db.practice(practice, (tx) => audit.inTransaction(tx, event))
  const failing = db.practice(practice, async (tx) => {
    await audit.inTransaction(tx, event)
    throw new Error('rolled back')
  })
  await assert.rejects(failing, /rolled back/)
  assert.equal((await entriesOf(practice)).length, 1)
  await db.control((tx) => audit.inTransaction(tx, { ...poll(0), subtype: 'control-change', detail: { setting: 'x' } }))
  const [entry] = await owner.rows(`select 1 from audit.entry where practice_id = 0 and subtype = 'control-change'`)
  assert.ok(entry)
  await assert.rejects(
    db.practice(practice, (tx) => audit.inTransaction(tx, poll(newPractice()))),
    code('db.statement-failed'),
  )
})

test('an append is a synchronous commit', async () => {
  const shown = sql('test.synchronous_commit', 'show synchronous_commit')
  assert.deepEqual(await db.audit((tx) => tx.rows(shown)), [{ synchronous_commit: 'on' }])
})

/** A database that is there or not. */
function switchable(): { db: Db; down: boolean } {
  const refuse = () => Promise.reject(new AegisError('db.unavailable'))
  const state = { down: false }
  const through: Db = {
    practice: (practice, work) => (state.down ? refuse() : db.practice(practice, work)),
    control: (work) => (state.down ? refuse() : db.control(work)),
    audit: (work) => (state.down ? refuse() : db.audit(work)),
  }
  return Object.assign(state, { db: through })
}

test('while the log cannot be written, nothing may start; what was under way is closed as unknown once it can', async () => {
  const practice = newPractice()
  const link = switchable()
  const shaky = newAudit(link.db)
  const attempt = await shaky.attempt(poll(practice))
  const going = await shaky.attempt(poll(practice))
  const still = await shaky.attempt(poll(practice))
  link.down = true
  await assert.rejects(shaky.attempt(poll(practice)), code('audit.unavailable'))
  await assert.rejects(shaky.record(poll(practice)), code('audit.unavailable'))
  await assert.rejects(shaky.outcome(attempt, { outcome: 'success' }), code('audit.unavailable'))
  link.down = false
  await clock.advance(60_000)
  await shaky.outcome(going, { outcome: 'success' })
  while (!(await entriesOf(practice)).some(({ outcome }) => outcome === 'unknown')) await clock.advance(1)
  await shaky.outcome(still, { outcome: 'failure' })
  await shaky.stop()
  const outcomes = (await entriesOf(practice)).filter((entry) => entry.attempt_id)
  assert.deepEqual(
    new Map(outcomes.map((entry) => [entry.attempt_id, entry.outcome])),
    new Map([
      [going, 'success'],
      [attempt, 'unknown'],
      [still, 'failure'],
    ]),
  )
  assert.equal(outcomes.length, 3)
  const [listed] = await owner.rows('select 1 from control.audit_writer where writer_id = $1', [shaky.writerId])
  assert.equal(listed, undefined)
})

for (const hours of [5, -5]) {
  test(`what is in doubt is so for a minute, also when the clock is set by ${hours} hours meanwhile`, async () => {
    const practice = newPractice()
    const link = switchable()
    let setMs = 0
    const shaky = newAudit(link.db, { ...clock, now: () => clock.now() + setMs })
    const attempt = await shaky.attempt(poll(practice))
    link.down = true
    await assert.rejects(shaky.outcome(attempt, { outcome: 'success' }), code('audit.unavailable'))
    link.down = false
    setMs = hours * 3_600_000
    const isClosed = async () => (await entriesOf(practice)).some(({ outcome }) => outcome === 'unknown')
    const writeAfter = async (ms: number) => {
      await clock.advance(ms)
      await shaky.outcome(await shaky.attempt(poll(newPractice())), { outcome: 'success' })
    }
    await writeAfter(30_000)
    for (let looks = 0; looks < 50; looks++) assert.equal(await isClosed(), false, 'the commit may still be under way')
    await writeAfter(30_000)
    // It is closed in the background, within whatever time the machine takes for it; the clock stands still meanwhile.
    for (let looks = 0; !(await isClosed()); looks++) assert.ok(looks < 10_000, 'it is closed after a minute')
    await shaky.stop()
  })
}

test('a process that never could reach the log starts nothing', async () => {
  const link = switchable()
  link.down = true
  const shaky = newAudit(link.db)
  await assert.rejects(shaky.attempt(poll(newPractice())), code('audit.unavailable'))
  link.down = false
  await shaky.outcome(await shaky.attempt(poll(newPractice())), { outcome: 'success' })
  await shaky.stop()
})

test('attempts that a dead process left open become unknown, once, and those of live ones stay open', async () => {
  const practice = newPractice()
  const [dead, live] = [newAudit(), newAudit()]
  const lost = await Promise.all([dead.attempt({ ...poll(practice), patientIds: ['7'] }), dead.attempt(poll(practice))])
  const finished = await dead.attempt(poll(practice))
  await dead.outcome(finished, { outcome: 'failure' })
  const running = await live.attempt(poll(practice))
  const recovering = [newAudit(), newAudit()]
  const alive = [live.writerId, audit.writerId, ...recovering.map(({ writerId }) => writerId)]
  const closed = await Promise.all(recovering.map((each) => each.closeOrphans(alive)))
  assert.equal(
    closed.reduce((sum, each) => sum + each),
    2,
  )
  const outcomes = (await entriesOf(practice)).filter((entry) => entry.attempt_id)
  assert.deepEqual(
    new Map(outcomes.map((entry) => [entry.attempt_id, entry.outcome])),
    new Map<string, string>([...lost.map((id) => [id, 'unknown'] as const), [finished, 'failure']]),
  )
  const withPatient = outcomes.find((entry) => entry.attempt_id === lost[0])
  assert.match(withPatient?.patients ?? '', /^\{[0-9a-f-]{36}\}$/)
  await live.outcome(running, { outcome: 'success' })
  assert.equal(await audit.closeOrphans([live.writerId]), 0)
})

test('a recovery beside other processes leaves alone who began a moment ago, and may be on no list', async () => {
  const practice = newPractice()
  const brief = newAudit()
  await brief.attempt(poll(practice))
  const outcomes = async () =>
    (await entriesOf(practice)).filter((entry) => entry.attempt_id).map((entry) => entry.outcome)
  const recover = () => newAudit().closeOrphans([audit.writerId], { youngMs: 300_000 })
  await recover()
  assert.deepEqual(await outcomes(), [])
  await owner.rows(
    `update control.audit_writer set started_at = started_at - interval '301 seconds' where writer_id = $1`,
    [brief.writerId],
  )
  await recover()
  assert.deepEqual(await outcomes(), ['unknown'])
})

test('a recovery does not look through what was settled long ago', async () => {
  const practice = newPractice()
  const writer = newAudit()
  const skipped = async () => {
    const [row] = await owner.rows<{ skipped: string }>(
      `select count(*) as skipped from audit.entry e join control.audit_writer w using (writer_id)
       where e.writer_id = $1 and e.outcome = 'attempt' and e.id < w.settled_before`,
      [writer.writerId],
    )
    return Number(row?.skipped)
  }
  for (let rounds = 0; rounds < 1_000 && (await skipped()) < 5; rounds++) {
    await writer.outcome(await writer.attempt(poll(practice)), { outcome: 'success' })
    await clock.advance(10_000)
  }
  assert.ok((await skipped()) >= 5)
  const last = await writer.attempt(poll(practice))
  await writer.outcome(await writer.attempt(poll(practice)), { outcome: 'success' })
  assert.ok((await newAudit().closeOrphans([audit.writerId])) >= 1)
  const outcomes = (await entriesOf(practice)).filter((entry) => entry.attempt_id === last)
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['unknown'],
  )
})

test('hundreds of callers at once are all written', async () => {
  const practice = newPractice()
  const attempts = await Promise.all(
    Array.from({ length: 500 }, () => audit.attempt({ ...poll(practice), patientIds: ['7'] })),
  )
  await Promise.all(attempts.map((attempt) => audit.outcome(attempt, { outcome: 'success', records: 1 })))
  const entries = await entriesOf(practice)
  assert.equal(entries.length, 1000)
  assert.equal(new Set(entries.map(({ id }) => id)).size, 1000)
})

function mapUrls() {
  return { app: logins.app, control: logins.control, audit: logins.audit }
}

async function runAs(login: (typeof logins)['app'], ...statements: string[]): Promise<void> {
  const client = new pg.Client(clientConfig(login))
  await client.connect()
  try {
    for (const text of statements) await client.query(text)
  } finally {
    await client.end()
  }
}
