import type { Environment } from '@aegis/client'
import type { LogLevel } from '../log/log.ts'
import type { PacingSettings } from '../pacing/pacing-settings.ts'
import type { RangeRules } from '../policy/intensive-calls.ts'
import type { PolicyRules } from '../policy/judge-call.ts'
import { type QuotaLimits, quotaPresets } from '../quota/quota-limits.ts'
import { coreFeeds, furtherFeeds } from '../sync/feed-name.ts'
import { defaultSyncSettings, type SyncSettings } from '../sync/sync-settings.ts'
import type { KeyServerConfig } from './read-key-server.ts'
import type { VaultConfig } from './read-vault-section.ts'
import type { Secret } from './secret.ts'
import type { Settings } from './settings.ts'

/** The configuration as the program uses it: complete, checked, paths absolute, durations in milliseconds. */
export interface AegisConfig {
  readonly environment: Environment
  /** Whether this is the demo, which brings its own simulator. */
  readonly demo: boolean
  readonly athena: AthenaConfig
  readonly practices: readonly number[]
  /** Absolute path. */
  readonly home: string
  /** Absolute path of the directory of the key files; absent: that of the home. */
  readonly keys?: string
  readonly role: Role
  readonly keyServer: KeyServerConfig
  /** Reads `keyServer` anew; absent where this process neither uses one nor is one to others. */
  readonly rereadKeyServer?: () => RereadKeyServer
  /** Absent: the secret does not come from a vault. */
  readonly vault?: VaultConfig
  /** Absent: the embedded PostgreSQL. */
  readonly database?: DatabaseConfig
  readonly http: { readonly host: string; readonly port: number }
  readonly limits: QuotaLimits
  readonly sync: SyncSettings
  readonly policy: PolicyConfig
  readonly clock: 'system' | 'simulator'
  readonly log: { readonly level: LogLevel; readonly to: 'file' | 'stderr' }
}

/** `keyServer` as it is now. */
export interface RereadKeyServer {
  /** The files that it stands in, absolute. */
  readonly files: readonly string[]
  /** Throws a `ConfigError` when it cannot be used. */
  readonly config: () => KeyServerConfig
  /** What of the one in use holds on where it cannot: see `remainingServices`. */
  readonly remaining: (inUse: KeyServerConfig) => KeyServerConfig
}

/** What a process does of the work of an installation. */
export type Role = Settings['role']

export interface AthenaConfig {
  readonly clientId: string
  /** Absent: its credentials are given with `aegis keys`. */
  readonly secret?: Secret
  /** Checked against the environment, without a trailing slash. */
  readonly baseUrl: string
  readonly scope: string
  readonly allowedHosts: readonly string[]
}

export interface DatabaseConfig {
  /** For the runtime: a login that owns nothing. */
  readonly url: Secret
  /** For migrations. Absent: this process waits for one that has it. */
  readonly ownerUrl?: Secret
}

export interface PolicyConfig extends PolicyRules, RangeRules {
  /** What a first load may do outside the off-hours: for so many days after the first start, so many calls a day. */
  readonly onboarding: { readonly days: number; readonly calls: number }
  /** Between two large pulls of one practice. */
  readonly pullSpacingMs: number
}

/** What is not read from the settings alone. */
export interface ConfigParts
  extends Pick<AegisConfig, 'demo' | 'home' | 'keys' | 'database' | 'keyServer' | 'rereadKeyServer' | 'vault'> {
  readonly secret: Secret | undefined
  readonly baseUrl: string
}

/** Puts the checked settings into the shapes that the slices ask for. */
export function buildConfig(settings: Settings, { secret, baseUrl, ...parts }: ConfigParts): AegisConfig {
  const { environment, practices, role, http, clock, log } = settings
  const { clientId, scope, allowedHosts } = settings.athena
  return {
    environment,
    ...parts,
    athena: { clientId, ...(secret && { secret }), baseUrl, scope, allowedHosts },
    practices,
    role,
    http,
    ...buildWork(settings),
    clock,
    log,
  }
}

/** What of the configuration says how much work there is, and how much of it may be done. */
export type WorkConfig = Pick<AegisConfig, 'limits' | 'sync' | 'policy'>

/** As `buildConfig`, where nothing else is known. */
export function buildWork(settings: Pick<Settings, 'environment' | 'limits' | 'sync' | 'policy'>): WorkConfig {
  return { limits: limitsOf(settings), sync: syncOf(settings), policy: policyOf(settings.policy) }
}

function limitsOf({ environment, limits }: Pick<Settings, 'environment' | 'limits'>): QuotaLimits {
  const preset = quotaPresets[environment === 'production' ? 'production' : 'preview']
  const { perPracticePerSecond } = limits
  return {
    perSecond: limits.perSecond ?? preset.perSecond,
    perDay: limits.perDay ?? preset.perDay,
    tokensPerMinute: limits.tokensPerMinute ?? preset.tokensPerMinute,
    ...(Object.keys(limits.weights).length > 0 && { weights: limits.weights }),
    ...(Object.keys(limits.callerWeights).length > 0 && { callerWeights: limits.callerWeights }),
    ...(perPracticePerSecond !== undefined && { perPracticePerSecond }),
  }
}

function syncOf({ sync, policy }: Pick<Settings, 'sync' | 'policy'>): SyncSettings {
  const { takeOver, feedPageSize, snapshotPageSize, bookedDaysBack, bookedDaysAhead, slotDaysAhead } = sync
  return {
    feeds: [...coreFeeds, ...furtherFeeds.filter((feed) => sync.feeds.includes(feed))],
    departments: departmentsOf(sync.departments),
    loadByPatient: sync.loadByPatient,
    claimsMonthsBack: sync.claimsMonthsBack,
    claimsWindowMonths: sync.claimsWindowMonths,
    pollIntervalMs: sync.pollInterval,
    pacing: pacingOf(sync),
    settleMs: sync.settle,
    activationCheckMs: sync.activationCheck,
    subscriptionCheckMs: sync.subscriptionCheck,
    replayMarginMs: sync.replayMargin,
    retentionMs: sync.retention,
    unreadRetentionMs: sync.unreadRetention,
    refreshMs: sync.refresh,
    foreignWindowMs: sync.foreignWindow,
    leaseMs: sync.lease,
    inboxKeepMs: sync.inboxKeep,
    bookedWindowDays: sync.bookedWindowDays,
    changedWindowDays: defaultSyncSettings.changedWindowDays,
    ranges: rangeRulesOf(policy),
    offHours: policyOf(policy).offHours,
    rereadDays: sync.rereadDays,
    reconcileGraceMs: sync.reconcileGrace,
    takeOver,
    feedPageSize,
    snapshotPageSize,
    bookedDaysBack,
    bookedDaysAhead,
    slotDaysAhead,
  }
}

function pacingOf({ adaptive, latest, latestOf, callWorth }: Settings['sync']): PacingSettings {
  return { isAdaptive: adaptive, latestMs: latest, latestMsOf: latestOf, callWorthMs: callWorth }
}

/** In one order, so that the same departments in another order are no change. */
function departmentsOf(lists: Settings['sync']['departments']): SyncSettings['departments'] {
  const entries = Object.entries(lists)
  return Object.fromEntries(entries.map(([practice, ids]) => [practice, ids.toSorted((a, b) => a - b).map(String)]))
}

function rangeRulesOf({
  bookedDaysMax,
  bookedDaysMaxOf,
  openDaysMax,
  claimsDaysMax,
}: Settings['policy']): SyncSettings['ranges'] {
  return { bookedDaysMax, bookedDaysMaxOf, openDaysMax, claimsDaysMax }
}

function policyOf({ offHours, pullSpacing, ...rules }: Settings['policy']): PolicyConfig {
  const policy = { ...rules, pullSpacingMs: pullSpacing }
  if (offHours === 'always') return { ...policy, offHours }
  return { ...policy, offHours: { timeZone: offHours.zone, from: offHours.from, to: offHours.to } }
}
