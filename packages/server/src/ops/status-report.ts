import type { AlarmCode } from './alarm-table.ts'
import type { QuotaForecast } from './quota-report.ts'
import type { CredentialReport } from './keys-api.ts'

/** What `aegis status --json` prints and the terminal view draws. Instants are ISO UTC; ages are milliseconds. No names. */
export interface StatusReport {
  readonly version: string
  readonly environment: 'preview' | 'production' | 'local'
  readonly baseUrl: string
  readonly clock: 'system' | 'simulator'
  /** The installation's time (the simulator's when the clock is slaved to it). */
  readonly now: string
  readonly startedAt: string
  /** Where this instance can be reached: its own API, and the simulator it started, if any. */
  readonly urls: { readonly api: string; readonly simulator?: string; readonly database: string }
  readonly home: string
  readonly pid: number
  /** What this process does of the work of the installation. */
  readonly role: 'all' | 'worker' | 'key-server'
  /** The processes on this database, this one included; empty on the embedded one, which has only this. */
  readonly replicas: readonly ReplicaStatus[]
  /** Of the app, those that are not over, in the order in which they are used. */
  readonly credentials: readonly CredentialReport[]
  /** With which this process and its key server, its users or its vault know each other; empty where there is none, or with sockets. */
  readonly certificates: readonly CertificateStatus[]
  /** What this process logs in to its vault with; null without one, or where the vault does not tell. */
  readonly vaultLogin: VaultLoginStatus | null
  readonly quota: QuotaStatus
  readonly practices: readonly PracticeStatus[]
  /** Everything that wants a person, worst first; empty means healthy. */
  readonly alarms: readonly Alarm[]
}

export interface ReplicaStatus {
  readonly role: string
  /** Host and home. */
  readonly place: string
  readonly version: string
  readonly startedAt: string
  /** Whether it was heard of lately; one that was not is shown for an hour. */
  readonly live: boolean
  /** How many practices it is configured with. */
  readonly practices: number
}

/** A certificate of keyServer.certFile, or of its authority or the vault's; it expires in so long by the machine's clock. */
export interface CertificateStatus {
  readonly of: 'certificate' | 'authority' | 'vault-authority'
  readonly leftMs: number
}

/** A token, or the secret id of an AppRole. As of when the vault told it, as an agent may renew it. Null: it has no end, or its whole life is not known. */
export interface VaultLoginStatus {
  readonly of: 'token' | 'secret-id'
  readonly leftMs: number | null
  readonly lifeMs: number | null
}

export interface QuotaStatus {
  readonly perSecondLimit: number
  readonly dayLimit: number
  /** By whomever. */
  readonly usedToday: number
  /** Of these, calls that this installation did not make: somebody else uses the same app. */
  readonly foreignToday: number
  readonly leftToday: number
  readonly resetsAt: string
  /** Feeds that are polled, of all practices, and what is between two polls of each: longer than configured where the day's calls do not do for more. */
  readonly polledFeeds: number
  readonly pollIntervalMs: number
  /** Calls in the last minute of the installation's time. */
  readonly callsLastMinute: number
  /** In words, while calls wait or are spaced more widely because athenahealth throttled some; absent otherwise. */
  readonly throttling?: string
  /** How the day is expected to end. */
  readonly forecast: QuotaForecast
  /** In words, where the calls are not expected to do: who has spent them, and what would help most. */
  readonly spending?: string
}

export interface PracticeStatus {
  readonly practice: number
  /** Ids of the departments that are mirrored; null: the whole practice. Each feed says whether it is limited to them. */
  readonly departments: readonly string[] | null
  readonly feeds: readonly FeedStatus[]
  /** Present records per kind. */
  readonly records: Readonly<Record<string, number>>
  readonly deleted: number
  readonly merged: number
  /** Differences applied in the last minute and the last hour. */
  readonly changesLastMinute: number
  readonly changesLastHour: number
  readonly openIntents: number
  readonly quarantined: number
  readonly waitingPages: number
  /** Records in doubt: each is asked for by id. */
  readonly inDoubt: number
}

export interface FeedStatus {
  readonly feed: string
  readonly state: 'new' | 'activating' | 'settling' | 'snapshot' | 'live' | 'contested'
  /** Ids of the departments that its subscription is limited to; null: it is for the whole practice. */
  readonly departments: readonly string[] | null
  /** In words: what is happening and, if something is wrong, what to do. */
  readonly explanation: string
  readonly records: number
  readonly lastChangeAt: string | null
  /** How far behind athenahealth the mirror may be: now − checkpoint; null before the first snapshot. */
  readonly lagMs: number | null
  /**
   * Between two readings as chosen last, or of a list without a feed; and how long a change is expected to wait for one. Null where
   * every feed is read alike.
   */
  readonly readEveryMs: number | null
  readonly expectedWaitMs: number | null
  readonly openIntents: number
  /** `title`: the cause in words. */
  readonly gaps: readonly {
    readonly cause: string
    readonly title: string
    readonly from: string
    readonly openedAt: string
  }[]
  /** What the last checks of the mirror found, one of each task that has been judged. */
  readonly checks: readonly CheckStatus[]
  /** What the last checks of the mirror found different and nothing explains; 0 is the target. Null before the first one. */
  readonly unexplained: number | null
  readonly failure: {
    readonly code: string
    readonly title: string
    readonly count: number
    readonly retryAt: string
  } | null
}

/** One check: read, compared and judged. */
export interface CheckStatus {
  readonly task: 'nightly' | 'weekly' | 'rolling'
  readonly readAt: string
  /** Records that were compared, those that differed, and of these those that nothing explains: 0 is the target. */
  readonly compared: number
  readonly differences: number
  readonly unexplained: number
}

export interface Alarm {
  readonly level: 'warning' | 'error'
  readonly code: AlarmCode
  readonly practice?: number
  readonly feed?: string
  /** What is wrong, in words, without PHI. */
  readonly message: string
  readonly remedy: string
}
