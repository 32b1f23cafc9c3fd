import type { PlantedBug } from './planted-bugs.ts'

const sync = 'packages/server/src/sync'
const client = 'packages/client/src'

/** Bugs that take what nobody knows for known: that a read did not go out, was replayed, or that a record is gone. */
export const plantedDoubtBugs: readonly PlantedBug[] = [
  {
    name: 'a doubt that a paused holder renews is closed by the replay under way',
    file: `${sync}/recover-window.ts`,
    find: `{ ids, outcome: 'replayed', doubtedBefore: timestamp(now) }`,
    replace: `{ ids, outcome: 'replayed' }`,
    caughtBy: [`${sync}/hazards.pg.test.ts`],
  },
  {
    name: 'a route that is lost while the answer is awaited counts as never sent',
    file: `${client}/call/transport-fault.ts`,
    find: `ECONNREFUSED|`,
    replace: `ECONNREFUSED|EHOSTUNREACH|ENETDOWN|`,
    caughtBy: [`${client}/call/transport-fault.test.ts`],
  },
  {
    name: 'a record that is not found is gone where there is none to compare with',
    file: `${sync}/finds-others.ts`,
    find: `is gone.\n  return false\n`,
    replace: `is gone.\n  return others.length === 0\n`,
    caughtBy: [`${sync}/missing-records.pg.test.ts`],
  },
  {
    name: 'a patient who is not held is hidden by a look-up that finds nobody',
    file: `${sync}/look-for-patient.ts`,
    find: `(await findsAny()) ? 'hidden' : 'unsure'`,
    replace: `'hidden'`,
    caughtBy: [`${sync}/withheld-records.pg.test.ts`],
  },
  {
    name: 'an empty answer behind the end of a list tells that its records can be read',
    file: `${sync}/read-readable.ts`,
    find: `return page.items > 0 || othersElsewhere()`,
    replace: `return true`,
    caughtBy: [`${sync}/read-readable.test.ts`, `${sync}/unreadable.pg.test.ts`],
  },
  {
    name: 'a list of which nothing can be read keeps all others from being read',
    file: `${sync}/read-run-page.ts`,
    find: `...plan.slice(segment + 1), ...plan.slice(segment, segment + 1)]`,
    replace: `...plan.slice(segment)]`,
    caughtBy: [`${sync}/unread-lists.pg.test.ts`],
  },
  {
    name: 'a night that looks nowhere forgets what has no name',
    file: `${sync}/quarantine.ts`,
    find: `  if (run.plan.every(({ list }) => list === 'replay')) return\n`,
    replace: '',
    caughtBy: [`${sync}/set-aside.pg.test.ts`],
  },
  {
    name: 'a list of what changed is not read again while a place in it is set aside, which is forgotten all the same',
    file: `${sync}/is-read-again.ts`,
    find: `  return unread > place.to\n`,
    replace: `  return unread > place.to || plan.length > 0\n`,
    caughtBy: [`${sync}/is-read-again.test.ts`, `${sync}/set-aside.pg.test.ts`],
  },
  {
    name: 'a gap in claims is closed by readings that do not reach the old ones',
    file: `${sync}/old-claims.ts`,
    find: `if (!(await mayHaveMissed(tx, keys, held))) return false`,
    replace: `return false`,
    caughtBy: [`${sync}/old-claims.pg.test.ts`],
  },
  {
    name: 'the charts of a patient whose row was damaged stay unread',
    file: 'packages/server/src/records/shown-patients.ts',
    find: ` || fields.includes(unreadable)`,
    replace: '',
    caughtBy: [`${sync}/damaged-rows.pg.test.ts`],
  },
  {
    name: 'reads by id that are always due keep a gap open',
    file: `${sync}/next-step.ts`,
    find: `isRefetchDue && (!isRefetchServed || other.do === 'wait')`,
    replace: `isRefetchDue`,
    caughtBy: [`${sync}/slow-look-ups.pg.test.ts`],
  },
  {
    name: 'a number too large to be exact is taken as it was rounded',
    file: `${client}/wire/read-json.ts`,
    find: `found === 'rounded' ? readJson(`,
    replace: `found === 'oversized' ? readJson(`,
    caughtBy: [`${client}/wire/read-json.test.ts`, `${sync}/exact-numbers.pg.test.ts`],
  },
  {
    name: 'pages of several patients are sealed for one place: each opens in place of another',
    file: `${sync}/load-by-patient.ts`,
    find: `fetchSeq: await nextFetchSeq(tx) })`,
    replace: `fetchSeq: patients[0]?.fetchSeq ?? (await nextFetchSeq(tx)) })`,
    caughtBy: [`${sync}/sealed-pages.pg.test.ts`],
  },
  {
    name: 'what is not found is gone, whether its patient is shown or not',
    file: `${sync}/refetch-records.ts`,
    find: `await sight(wanted)`,
    replace: `((await sight(wanted)) && 'shown')`,
    caughtBy: [`${sync}/withheld-records.pg.test.ts`],
  },
  {
    name: 'a patient who comes back comes back alone: what was withheld is not asked for',
    file: 'packages/server/src/records/shown-patients.ts',
    find: `returned: { wishes, `,
    replace: `returned: { wishes: [], `,
    caughtBy: [`${sync}/withheld-records.pg.test.ts`],
  },
  {
    name: 'a chart that is not found, with that of everybody else, ends the wish of a feed for it',
    file: `${sync}/refetch-records.ts`,
    find: `if (page === undefined || !wanted.asked.whole) return page === undefined`,
    replace: `if (page === undefined || !wanted.asked.whole) return page === undefined && !wanted.asked.whole`,
    caughtBy: [`${sync}/chart-doubts.pg.test.ts`],
  },
  {
    name: "a document that is another patient's now is deleted because its former one has it no more",
    file: 'packages/server/src/records/withdraw-record.ts',
    find: `(input.askedOf ?? patient) !== patient`,
    replace: `patient === ''`,
    caughtBy: [`${sync}/moved-documents.pg.test.ts`],
  },
  {
    name: 'a record that was shown since it was wished for is deleted all the same',
    file: 'packages/server/src/records/withdraw-record.ts',
    find: `> input.wantedSeq)`,
    replace: `> input.fetchSeq)`,
    caughtBy: ['packages/server/src/records/apply-records.pg.test.ts'],
  },
]
