import type { Clock } from '../clock/clock.ts'
import type { Db } from '../db/db.ts'
import type { DayForecast } from '../quota/forecast-day.ts'
import type { AppRef } from '../key-server/app-ref.ts'
import { type CredentialInfo, listCredentials } from '../key-server/list-credentials.ts'
import { tokenTroubles } from '../key-server/token.sql.ts'
import type { Quota } from '../quota/quota.ts'
import type { QuotaUsage } from '../quota/quota-usage.ts'
import { listPractices } from '../sync/schedule.sql.ts'
import { inBatches } from '../sync/in-batches.ts'
import { type PracticePicture, readPracticePictures } from '../sync/read-practice-status.ts'
import type { SyncSettings } from '../sync/sync-settings.ts'
import { AegisError, isAegisError } from '../errors/aegis-error.ts'
import { isOutOfRoom } from '../errors/disk-full.ts'
import { errorTable } from '../errors/error-table.ts'
import { alarmTable } from './alarm-table.ts'
import { type AdvisedForecast, quotaForecast } from './build-quota-report.ts'
import { clockAlarms } from './clock-alarms.ts'
import { credentialAlarms } from './credential-alarms.ts'
import { judgedChecks } from './explain-checks.ts'
import { explainFailure } from './explain-failure.ts'
import { explainFeed, feedAlarms, type FeedView, gapInWords, readEveryMs } from './explain-feed.ts'
import { credentialReport } from './key-operations.ts'
import type { StatusFilter } from './operations.ts'
import { foreignAlarms } from './foreign-alarms.ts'
import { heldOffAlarms } from './held-off-alarms.ts'
import { forecastInWords, outlookOf, spendingInWords, throttlingInWords } from './quota-words.ts'
import { mirrorAlarms } from './mirror-alarms.ts'
import { ownAlarms, type OwnFacts } from './own-alarms.ts'
import { type Paces, readPaces } from './read-paces.ts'
import { releaseAlarms } from './release-alarms.ts'
import { readReplicas } from './read-replicas.ts'
import type { Alarm, FeedStatus, PracticeStatus, QuotaStatus, StatusReport } from './status-report.ts'

export interface StatusDeps extends OwnFacts {
  readonly db: Db
  readonly clock: Clock
  readonly quota: Quota
  /** The app (client id) whose quota is shown. */
  readonly app: string
  /** The same app, whose credentials are shown. */
  readonly credentialsOf: AppRef
  /** Those that this process is configured with. */
  readonly practices: readonly number[]
  readonly settings: SyncSettings
  /** How the day is expected to end. */
  readonly forecast: (usage: QuotaUsage) => Promise<AdvisedForecast>
  /** After how long (installation's time) another process counts as dead; undefined where there can be none. */
  readonly sharedMs: number | undefined
  /** Where the embedded database is; undefined with a server of the operator's, whose disk is not ours to see. */
  readonly dataPath: string | undefined
  /** How far our clock and athenahealth's are apart at least. */
  readonly certainSkewMs: () => number
  /** How far the clock of this process's machine is from the installation's at least. */
  readonly machineOffMs: () => number
  /** Numbers of this release's migrations. */
  readonly knownMigrations: readonly number[]
  /** See `identifyHome`. */
  readonly homeId: string
  /** What does not change while the instance runs. */
  readonly fixed: Omit<
    StatusReport,
    'now' | 'quota' | 'replicas' | 'credentials' | 'certificates' | 'vaultLogin' | 'practices' | 'alarms'
  >
}

/**
 * Reads where everything, or one practice, stands: counts, ids, states and times, never a name. When the database cannot
 * be reached because its disk is full, the error says so.
 */
export async function buildStatus(deps: StatusDeps, only: StatusFilter = {}): Promise<StatusReport> {
  try {
    return await readStatus(deps, only)
  } catch (error) {
    if (!isAegisError(error, 'db.unavailable') || !isDiskFull(deps)) throw error
    throw new AegisError('db.disk-full', {}, { cause: error })
  }
}

async function readStatus(deps: StatusDeps, only: StatusFilter): Promise<StatusReport> {
  const now = deps.clock.now()
  const usage = await deps.quota.usage(deps.app)
  const paces = await readPaces(deps, usage, only)
  const forecast = await deps.forecast(usage)
  const { settings } = deps
  const practices: PracticeStatus[] = []
  const alarms: Alarm[] = []
  const mirrored = (await deps.db.control((tx) => listPractices(tx))).map(({ practice }) => practice)
  const wanted = mirrored.filter((practice) => only.practice === undefined || practice === only.practice)
  const pictures = await readPictures(deps, wanted, now)
  for (const [practice, picture] of pictures) {
    practices.push(practiceStatus({ practice, picture, now, settings, paces }))
    for (const feed of picture.feeds) alarms.push(...feedAlarms({ practice, feed, now, settings, paces }))
    if (picture.quarantined > 0) alarms.push(quarantined(practice, picture.quarantined))
  }
  const { credentials, alarms: ofCredentials } = await readCredentials(deps, now)
  const { replicas, alarms: ofReplicas } = await readReplicas(deps.db, { ttlMs: deps.sharedMs, homeId: deps.homeId })
  alarms.push(...diskAlarms(deps), ...(await clockAlarms(deps)), ...paces.alarms, ...ofReplicas)
  alarms.push(...foreignAlarms(usage), ...shortageAlarms(forecast, usage.perDayLimit), ...ofCredentials)
  const feedsOf = new Map(pictures.map(([practice, { feeds }]) => [practice, feeds]))
  alarms.push(...mirrorAlarms(deps, { practices: mirrored, feedsOf }))
  alarms.push(...ownAlarms(deps), ...(await releaseAlarms(deps)), ...(await heldOffAlarms(deps)))
  const sorted = alarms.sort((a, b) => (a.level === b.level ? 0 : a.level === 'error' ? -1 : 1))
  return {
    ...deps.fixed,
    now: iso(now),
    quota: quotaStatus(usage, { paces, forecast }),
    replicas,
    credentials: credentials.map(credentialReport),
    certificates: deps.certificates(),
    vaultLogin: deps.vaultLogin(),
    practices,
    alarms: sorted,
  }
}

/** The credentials that are not over, and what of them and their tokens wants a person. */
async function readCredentials(
  { db, credentialsOf: app }: StatusDeps,
  now: number,
): Promise<{ credentials: CredentialInfo[]; alarms: Alarm[] }> {
  const all = await listCredentials({ db }, app)
  const troubles = await db.control((tx) => tokenTroubles(tx, app))
  const credentials = all.filter(({ state }) => state !== 'revoked' && state !== 'expired')
  return { credentials, alarms: credentialAlarms({ credentials: all, troubles, now }) }
}

async function readPictures(
  { db }: StatusDeps,
  wanted: readonly number[],
  now: number,
): Promise<(readonly [number, PracticePicture])[]> {
  const pictures = await inBatches(db, wanted, (tx, batch) => readPracticePictures(tx, batch, now))
  const all = new Map(pictures.flatMap((some) => [...some]))
  // A practice that was added a moment ago has no feeds yet.
  return wanted.flatMap((practice) => {
    const picture = all.get(practice)
    return picture ? [[practice, picture] as const] : []
  })
}

function isDiskFull({ dataPath }: StatusDeps): boolean {
  return dataPath !== undefined && isOutOfRoom(dataPath)
}

/** Reading goes on without room, so somebody must be told why nothing new comes. */
function diskAlarms(deps: StatusDeps): Alarm[] {
  if (!isDiskFull(deps)) return []
  const { title, remedy } = errorTable['db.disk-full']
  return [{ level: 'error', code: 'db.disk-full', message: `${title}.`, remedy }]
}

function quarantined(practice: number, records: number): Alarm {
  return {
    level: 'warning',
    code: 'sync.quarantined',
    practice,
    message: `${records} records could not be applied and are set aside.`,
    remedy: alarmTable['sync.quarantined'].remedy,
  }
}

/** That people or notifications will not be served until midnight: what else stops is meant to give way (pure). */
export function shortageAlarms(forecast: DayForecast, limit: number): Alarm[] {
  const urgent = forecast.stops.some(
    ({ priority, at }) => at !== null && (priority === 'interactive' || priority === 'notifications'),
  )
  if (!urgent) return []
  return [
    {
      level: 'warning',
      code: 'quota.runs-out',
      message: forecastInWords(forecast, limit),
      remedy: alarmTable['quota.runs-out'].remedy,
    },
  ]
}

interface QuotaView {
  readonly paces: Pick<Paces, 'feeds' | 'everyMs'>
  readonly forecast: AdvisedForecast
}

/** Where the day's calls stand (pure). */
export function quotaStatus(usage: QuotaUsage, { paces, forecast }: QuotaView): QuotaStatus {
  const throttling = throttlingInWords(usage)
  return {
    perSecondLimit: usage.perSecondLimit,
    dayLimit: usage.perDayLimit,
    usedToday: usage.usedToday + usage.foreignToday,
    foreignToday: usage.foreignToday,
    leftToday: usage.leftToday,
    resetsAt: iso(usage.resumesAt),
    polledFeeds: paces.feeds,
    pollIntervalMs: Math.round(paces.everyMs),
    callsLastMinute: usage.callsLastMinute,
    ...(throttling !== undefined && { throttling }),
    forecast: quotaForecast(forecast, usage.perDayLimit),
    ...(outlookOf(forecast) === 'does-not-last' && { spending: spendingInWords(usage, forecast.advice) }),
  }
}

function practiceStatus(view: Omit<FeedView, 'feed'> & { readonly picture: PracticePicture }): PracticeStatus {
  const { practice, picture } = view
  const counts = [...picture.records]
  const sum = (state: 'deleted' | 'merged') => counts.reduce((total, [, of]) => total + of[state], 0)
  return {
    practice,
    departments: picture.feeds.find((feed) => feed.departments !== null)?.departments ?? null,
    feeds: picture.feeds.map((feed) => feedStatus({ ...view, feed })),
    records: Object.fromEntries(counts.map(([kind, of]) => [kind, of.present])),
    deleted: sum('deleted'),
    merged: sum('merged'),
    changesLastMinute: picture.changesLastMinute,
    changesLastHour: picture.changesLastHour,
    openIntents: picture.openIntents,
    quarantined: picture.quarantined,
    waitingPages: picture.waitingPages,
    inDoubt: picture.inDoubt,
  }
}

function feedStatus(view: FeedView): FeedStatus {
  const { feed, now, practice, paces } = view
  const pace = paces.of(practice, feed.feed)
  const failure =
    feed.failure_code && feed.retry_at !== null
      ? {
          code: feed.failure_code,
          title: explainFailure(feed.failure_code).title,
          count: feed.failures,
          retryAt: iso(feed.retry_at),
        }
      : null
  return {
    feed: feed.feed,
    state: feed.state,
    departments: feed.subscribed_departments,
    explanation: explainFeed(view),
    records: feed.present,
    lastChangeAt: feed.last_change_at === null ? null : iso(feed.last_change_at),
    lagMs: feed.checkpoint === null ? null : Math.max(0, now - feed.checkpoint),
    readEveryMs: readEveryMs(view),
    expectedWaitMs: pace?.waitMs ?? null,
    openIntents: feed.openIntents,
    checks: judgedChecks(feed.checks),
    unexplained: unexplainedIn(feed),
    gaps: feed.gaps.map((gap) => ({
      cause: gap.cause,
      title: gapInWords[gap.cause],
      from: iso(gap.from_at),
      openedAt: iso(gap.opened_at),
    })),
    failure,
  }
}

function unexplainedIn({ checks }: FeedView['feed']): number | null {
  const found = checks.flatMap(({ unexplained }) => (unexplained === null ? [] : [unexplained]))
  return found.length > 0 ? found.reduce((sum, count) => sum + count, 0) : null
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
