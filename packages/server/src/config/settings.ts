import { z } from 'zod'
import { formatDuration } from '../clock/duration.ts'
import { defaultPullSpacingMs, defaultRangeLimits } from '../policy/intensive-calls.ts'
import { defaultOffHours, minutesOf } from '../policy/off-hours.ts'
import { limitBounds, quotaPresets } from '../quota/quota-limits.ts'
import { feedNames, furtherFeeds } from '../sync/feed-name.ts'
import { defaultSyncSettings as sync } from '../sync/sync-settings.ts'
import { keyServerSection } from './key-server-settings.ts'
import { vaultSection } from './vault-settings.ts'
import {
  decimal,
  duration,
  flag,
  kindOfItsOwn,
  line,
  lines,
  oneOf,
  setting,
  someOf,
  wholeNumber,
  wholeNumbers,
} from './setting.ts'

const athena = z.strictObject({
  clientId: setting(line("the app's client id"), {
    doc: 'Client id of the app, from the developer portal. It belongs to one environment.',
    env: 'AEGIS_ATHENA_CLIENT_ID',
  }),
  secretFile: setting(line('the path of a file').optional(), {
    doc: "File with the app's secret, alone on one line, or its private key (JWK or PEM), readable only by the user that runs Aegis. `/dev/stdin` reads it from standard input. The secret itself is never written here. At each start it is stored with the other credentials of the app, unless it is there.",
    env: 'AEGIS_ATHENA_SECRET_FILE',
    fallback: 'none; credentials are given with `aegis keys`',
  }),
  baseUrl: setting(line('an http(s) URL').optional(), {
    doc: 'Where athenahealth is reached, if not at its own address: a gateway, or a simulator. Without a path that athenahealth does not have.',
    env: 'AEGIS_ATHENA_BASE_URL',
    fallback: "athenahealth's own address of the environment; `local` needs one",
  }),
  scope: setting(line('the scopes, separated by spaces').default('athena/service/Athenanet.MDP.*'), {
    doc: 'Scopes asked for with every token. The default means everything the app was granted.',
    env: 'AEGIS_ATHENA_SCOPE',
  }),
  allowedHosts: setting(lines('a list of host names').default([]), {
    doc: 'Hosts, besides those of athenahealth or (in `local`) the machine itself, that credentials may be sent to.',
    env: 'AEGIS_ATHENA_ALLOWED_HOSTS',
  }),
})

const database = z.strictObject({
  urlFile: setting(line('the path of a file').optional(), {
    doc: 'File with the URL of a PostgreSQL server (15 or newer) for the runtime, with a login that owns nothing.',
    env: 'DATABASE_URL_FILE',
    fallback: 'the embedded PostgreSQL',
  }),
  ownerUrlFile: setting(line('the path of a file').optional(), {
    doc: 'File with the URL of the same database for its owner, used for migrations only. One process with it does for all: one without it waits for the migrations, a minute at most.',
    env: 'DATABASE_OWNER_URL_FILE',
    fallback: 'none; beside `database.urlFile` this process then migrates nothing',
  }),
})

const http = z.strictObject({
  host: setting(line('an address').default('127.0.0.1'), {
    doc: 'Address that the API of this instance listens on. Only the loopback interface: anything else would need TLS.',
  }),
  port: setting(wholeNumber({ min: 0, max: 65_535 }).default(7420), {
    doc: 'Port of the API of this instance. 0 takes a free one; `aegis status` shows which.',
    env: 'AEGIS_PORT',
  }),
})

const byEnvironment = (name: 'perSecond' | 'perDay' | 'tokensPerMinute') =>
  `${quotaPresets.production[name].toLocaleString('en-US')} in production, else ${quotaPresets.preview[name].toLocaleString('en-US')}`

const practiceId = /^[1-9]\d{0,9}$/
const weights = z.record(z.string().regex(practiceId), z.number().min(0.1).max(100))

const callerWeights = z.record(z.string().regex(/^[\w.:-]{1,128}$/), z.number().min(0.1).max(100))

const limits = z.strictObject({
  perSecond: setting(decimal(limitBounds.perSecond).optional(), {
    doc: 'Calls in any second that athenahealth allows the app: whole ones, or below 1 a call in some seconds (0.5: in two).',
    fallback: byEnvironment('perSecond'),
  }),
  perDay: setting(wholeNumber(limitBounds.perDay).optional(), {
    doc: 'Calls a day that athenahealth allows the app; its day begins at 00:00 GMT.',
    fallback: byEnvironment('perDay'),
  }),
  tokensPerMinute: setting(wholeNumber({ min: 1, max: 10_000 }).optional(), {
    doc: 'Token requests a minute that athenahealth allows the app.',
    fallback: byEnvironment('tokensPerMinute'),
  }),
  perPracticePerSecond: setting(decimal(limitBounds.perSecond).optional(), {
    doc: 'Calls in any second for one practice, so that one cannot crowd out the others.',
    fallback: 'no limit but that of the app',
  }),
  weights: setting(
    kindOfItsOwn(weights, 'practice ids with a weight from 0.1 to 100 each, such as {195900: 2}').default({}),
    {
      doc: 'Shares of practices in the calls while several wait, beside others of the same priority. A practice that is not named has 1.',
    },
  ),
  callerWeights: setting(
    kindOfItsOwn(callerWeights, 'ids of programs with a weight from 0.1 to 100 each, such as {portal: 3}').default({}),
    {
      doc: 'The same shares for callers, by their ids, once programs can call athenahealth through Aegis; in this release none can. One that is not named has 1, as Aegis itself.',
    },
  ),
})

const every = (ms: number, bounds: { min: string; max: string }) => duration(bounds).prefault(formatDuration(ms))
const days = (count: number) => wholeNumber({ min: 0, max: 730 }).default(count)

const departmentLists = z.record(
  z.string().regex(/^[1-9]\d{0,9}$/),
  z
    .array(z.int().min(1).max(2_147_483_647))
    .min(1)
    .max(1_000)
    .refine((list) => new Set(list).size === list.length, { message: 'one stands there twice' }),
)

const latestByFeed = z.partialRecord(z.enum(feedNames as [string, ...string[]]), duration({ min: '1m', max: '1d' }))

const syncSection = z.strictObject({
  feeds: setting(someOf(furtherFeeds).default([]), {
    doc: 'What is mirrored beside departments, appointment types, providers, patients and appointments. Each costs a call a minute and practice (1,440 of a day’s calls) and one call or more for each change, and most are health data that only those should hold who need them: therefore none by default.',
  }),
  departments: setting(
    kindOfItsOwn(
      departmentLists,
      'practice ids with a list of department ids each, at least one and each once, such as {195900: [1, 21]}',
    ).default({}),
    {
      doc: 'Departments that are mirrored of a practice. A practice that is not named is mirrored as a whole. Limited are patients (by the department of registration), appointments and slots, results, prescriptions, problems, medications and allergies; everything else comes for the whole practice, because athenahealth cannot limit it: departments, providers, types, referring providers, claims and patient cases. What moved to another department, or was mirrored of one that is no longer named, stays as it was last seen. One process is enough to change the list for all that share a database: the one that started last decides.',
    },
  ),
  loadByPatient: setting(flag().default(sync.loadByPatient), {
    doc: 'Whether what athenahealth lists by patient only (patient cases, results, prescriptions, problems, medications, allergies) is read once for every patient when its feed starts: a call for each patient and kind, for laboratory results one more for each result, for allergies one more for each patient who has some. `false`: only what changes from then on is mirrored. After a gap all patients are read either way.',
  }),
  claimsMonthsBack: setting(wholeNumber({ min: 1, max: 240 }).default(sync.claimsMonthsBack), {
    doc: 'Months back, by the day of creation, whose claims a snapshot reads. Older claims are mirrored once they change; after a gap the months of those that are held are read too.',
  }),
  claimsWindowMonths: setting(wholeNumber({ min: 3, max: 6 }).default(sync.claimsWindowMonths), {
    doc: 'Months per request for claims: athenahealth asks for 3 to 6.',
  }),
  pollInterval: setting(every(sync.pollIntervalMs, { min: '1s', max: '1d' }), {
    doc: 'Least time between the starts of two readings of one feed. athenahealth asks for no more than one a minute.',
  }),
  adaptive: setting(flag().default(sync.pacing.isAdaptive), {
    doc: 'Whether feeds are read the more often the more they change at that hour of the week, so that where calls are scarce changes wait the least. While they are plenty, and with `false` always, all are read equally often.',
  }),
  latest: setting(every(sync.pacing.latestMs, { min: '1m', max: '1d' }), {
    doc: 'Every feed is read at least so often, however rarely it changes. Where the day’s calls do not do for that, `aegis status` says so. Only with `sync.adaptive`.',
  }),
  latestOf: setting(
    kindOfItsOwn(
      latestByFeed,
      'feeds with a duration from 1m to 1d each, such as {appointments: 10m, providers: 6h}',
    ).default({}),
    { doc: 'The same for single feeds, where it differs.' },
  ),
  callWorth: setting(every(sync.pacing.callWorthMs, { min: '0s', max: '1h' }), {
    doc: 'A reading is not worth a call, however many are left, before changes are expected to have waited so long altogether. 0s: while there are calls in plenty every feed is read each `sync.pollInterval`. With 1s a feed with two changes an hour is read every minute, one with two a day every five, one that hardly ever changes a few times an hour: fewer calls, and rare changes are seen later. Only with `sync.adaptive`.',
  }),
  settle: setting(every(sync.settleMs, { min: '0s', max: '1d' }), {
    doc: 'From an active subscription to the snapshot that counts: a subscription may take up to 15 minutes to take hold everywhere.',
  }),
  activationCheck: setting(every(sync.activationCheckMs, { min: '1s', max: '1h' }), {
    doc: 'Between the first looks at a subscription that is not active yet, or only in part. The longer it stays so the longer, up to `sync.subscriptionCheck`.',
  }),
  subscriptionCheck: setting(every(sync.subscriptionCheckMs, { min: '10s', max: '1d' }), {
    doc: 'Between two looks at an active subscription, and at what others process of its feed. While calls are plenty a lost one is found within this; where they are scarce looks are put off with the drains, at most to half of `sync.retention`, or a quarter of `sync.inboxKeep` where that is less (2 h as both are set).',
  }),
  replayMargin: setting(every(sync.replayMarginMs, { min: '0s', max: '1h' }), {
    doc: 'Added on both sides of a window that is read again after a doubtful call.',
  }),
  retention: setting(every(sync.retentionMs, { min: '1m', max: '7d' }), {
    doc: 'A doubtful call older than this is a gap and leads to a new snapshot: how long athenahealth keeps processed changes is not published.',
  }),
  unreadRetention: setting(every(sync.unreadRetentionMs, { min: '1h', max: '365d' }), {
    doc: 'A feed that nobody has read for longer than this, as after a long outage, has a gap and leads to a new snapshot: whether athenahealth keeps what was not read is not published.',
  }),
  refresh: setting(every(sync.refreshMs, { min: '1m', max: '7d' }), {
    doc: 'Between two readings of what has no feed: departments and appointment types.',
  }),
  foreignWindow: setting(every(sync.foreignWindowMs, { min: '0s', max: '1d' }), {
    doc: 'How far back another deployment on the same app is looked for before the first reading.',
  }),
  takeOver: setting(flag().default(sync.takeOver), {
    doc: 'Go on although another deployment on the same app was seen. Only after the other one was stopped for good.',
  }),
  feedPageSize: setting(wholeNumber({ min: 1, max: 5_000 }).default(sync.feedPageSize), {
    doc: 'Records asked for per page of a feed.',
  }),
  snapshotPageSize: setting(wholeNumber({ min: 1, max: 5_000 }).default(sync.snapshotPageSize), {
    doc: 'Records asked for per page of a snapshot.',
  }),
  bookedDaysBack: setting(days(sync.bookedDaysBack), {
    doc: 'Days before today whose booked appointments a snapshot reads.',
  }),
  bookedDaysAhead: setting(days(sync.bookedDaysAhead), {
    doc: 'Days after today whose booked appointments a snapshot reads.',
  }),
  slotDaysAhead: setting(days(sync.slotDaysAhead), { doc: 'Days after today whose open slots a snapshot reads.' }),
  bookedWindowDays: setting(wholeNumber({ min: 1, max: 90 }).default(sync.bookedWindowDays), {
    doc: 'Days per request for booked appointments.',
  }),
  lease: setting(every(sync.leaseMs, { min: '3s', max: '10m' }), {
    doc: 'By how long a process that was killed, or stands still, holds up what it was doing before another process takes over; in the time of the machine.',
  }),
  rereadDays: setting(wholeNumber({ min: 1, max: 31 }).default(sync.rereadDays), {
    doc: 'Every patient is read again within so many days to check the mirror, a part each night.',
  }),
  reconcileGrace: setting(every(sync.reconcileGraceMs, { min: '0s', max: '1d' }), {
    doc: 'How long after a check found a difference the feed may still bring the record before it counts as unexplained. Not published by athenahealth.',
  }),
  inboxKeep: setting(every(sync.inboxKeepMs, { min: '1m', max: '30d' }), {
    doc: 'How long pages that were applied are kept, sealed, before they are deleted.',
  }),
})

const timeOfDay = z.string().refine((text) => minutesOf(text) !== undefined)
const timeZone = z.string().refine(isTimeZone)
const offHours = z.union([
  z.literal('always'),
  z.strictObject({ from: timeOfDay, to: timeOfDay, zone: timeZone.default(defaultOffHours.timeZone) }),
])
const aWindow =
  "'always', or from and to as HH:MM and zone as an IANA name, such as {from: '22:00', to: '06:00', zone: America/New_York}"

const onboarding = z.strictObject({
  days: setting(wholeNumber({ min: 0, max: 90 }).default(3), {
    doc: 'Days after the first start during which a first load may run outside the off-hours. 0: never.',
  }),
  calls: setting(wholeNumber({ min: 0, max: 1_000_000 }).default(10_000), {
    doc: 'Calls a day that a first load may make outside the off-hours.',
  }),
})

const range = (count: number) => wholeNumber({ min: 1, max: 730 }).default(count)

const policy = z.strictObject({
  offHours: setting(
    kindOfItsOwn(offHours, aWindow).prefault({
      from: defaultOffHours.from,
      to: defaultOffHours.to,
      zone: defaultOffHours.timeZone,
    }),
    { doc: 'When large pulls may run, in wall time: athenahealth asks for the night. `always` is for simulators.' },
  ),
  onboarding: onboarding.prefault({}),
  pullSpacing: setting(every(defaultPullSpacingMs, { min: '0s', max: '10m' }), {
    doc: 'Between two large pulls of one practice. They go one after another, whatever processes and feeds they are for.',
  }),
  bookedDaysMax: setting(range(defaultRangeLimits.bookedDaysMax), {
    doc: 'Widest range of one request for booked appointments, in days.',
  }),
  bookedDaysMaxOf: setting(
    kindOfItsOwn(
      z.record(z.string().regex(practiceId), z.int().min(1).max(730)),
      'practice ids with a number of days from 1 to 730 each, such as {195900: 31}',
    ).default({}),
    {
      doc: 'The same for single practices, where it differs: narrower for large ones, as athenahealth asks of enterprise practices. Aegis itself then asks in several requests.',
    },
  ),
  openDaysMax: setting(range(defaultRangeLimits.openDaysMax), {
    doc: 'Widest range of one request for open slots, in days.',
  }),
  claimsDaysMax: setting(range(defaultRangeLimits.claimsDaysMax), {
    doc: 'Widest range of one request for claims, in days.',
  }),
})

const log = z.strictObject({
  level: setting(oneOf(['debug', 'info', 'warn', 'error']).default('info'), {
    doc: 'The least important lines that are written.',
    env: 'AEGIS_LOG_LEVEL',
  }),
  to: setting(oneOf(['file', 'stderr']).default('file'), {
    doc: 'Where log lines go: to files below `logs` of the home, which are bounded in size and number, or to standard error.',
    env: 'AEGIS_LOG_TO',
  }),
})

/** Below the working directory. */
export const HOME_DEFAULT = '.aegis'

/** Every setting of `aegis.yaml`. The one table that validation, help, `config print` and the reference are made from. */
export const settings = z.strictObject({
  environment: setting(oneOf(['preview', 'production', 'local']), {
    doc: 'Which athenahealth this installation belongs to. `local` is a simulator on this machine or on a host named in `athena.allowedHosts`.',
    env: 'AEGIS_ENVIRONMENT',
  }),
  athena,
  practices: setting(wholeNumbers('a list of practice ids, whole numbers, each once'), {
    doc: 'Ids of the practices to mirror.',
    env: 'AEGIS_PRACTICES',
  }),
  home: setting(line('the path of a directory').default(HOME_DEFAULT), {
    doc: 'Directory for data, keys, sockets and logs. Back up its `keys`; without them the data cannot be read. One instance per home.',
    env: 'AEGIS_HOME',
  }),
  role: setting(oneOf(['all', 'worker', 'key-server']).default('all'), {
    doc: 'What this process does of the work of an installation: `all` of it, as `worker` the reading of feeds, or as `key-server` nothing but holding the credentials and handing out tokens. Any number of processes, each with a home of its own, share one PostgreSQL server; a `worker` and a `key-server` need one.',
    env: 'AEGIS_ROLE',
  }),
  keys: setting(line('the path of a directory').optional(), {
    doc: 'Directory of the key files. Processes that share a database need the same ones: name one directory, or copy the files.',
    env: 'AEGIS_KEYS',
    fallback: '`keys` below the home',
  }),
  keyServer: keyServerSection.prefault({}),
  vault: vaultSection.prefault({}),
  database: database.prefault({}),
  http: http.prefault({}),
  limits: limits.prefault({}),
  sync: syncSection.prefault({}),
  policy: policy.prefault({}),
  clock: setting(oneOf(['system', 'simulator']).default('system'), {
    doc: "Whose time counts: the machine's, or that of the simulator at the base URL (only in `local`), whose clock may run faster.",
    env: 'AEGIS_CLOCK',
  }),
  log: log.prefault({}),
})

/** The settings with every default filled in, in the words of the file; durations are in milliseconds. */
export type Settings = z.output<typeof settings>

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en-US', { timeZone: name }))
  } catch {
    return false
  }
}
