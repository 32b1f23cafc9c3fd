export type { RunningAegis, Seams } from './aegis.ts'
export { startAegis } from './main.ts'
export { openKeys, type OpenKeys } from './start/open-keys.ts'
export type { AegisApi } from './api.ts'
export { configuredHome, loadConfig, type ConfigSources, type LoadedConfig } from './config.ts'
export type { ConfigFlags } from './config/read-layers.ts'
export type { AegisConfig } from './config/aegis-config.ts'
export { ConfigError, type Problem } from './config/config-error.ts'
export { configReference, type SettingReference } from './config/config-reference.ts'
export { describeConfig, type EffectiveSetting } from './config/describe-config.ts'
export { Secret } from './config/secret.ts'
export { formatDuration, parseDuration } from './clock/duration.ts'
export { AegisError, isAegisError } from './errors/aegis-error.ts'
export type { ErrorCode } from './errors/error-table.ts'
export { directFetch } from './egress/direct-fetch.ts'
export { bindHome, boundTo, homeAt, prepareHome, type Home } from './ops/home.ts'
export { homeUse, lockHome, type HomeLock } from './ops/home-lock.ts'
export type { Instance } from './ops/instance-file.ts'
export type { Operations, SqlQuery, SqlResult } from './ops/operations.ts'
export type { KeyOperations } from './ops/key-operations.ts'
export type { CredentialReport, GivenKeyReport, KeysApi, KeysReport } from './ops/keys-api.ts'
export { isSealedCell, type SealedCell } from './ops/ops-api.ts'
export { examine, type Examination } from './start/doctor/examine.ts'
export type { Finding } from './start/doctor/finding.ts'
export type { PlanInput } from './ops/judge-day.ts'
export { planQuota, type QuotaPlan } from './ops/plan-quota.ts'
export { readWorkSettings, type WorkSettings } from './config/read-work-settings.ts'
export { furtherFeeds } from './sync/feed-name.ts'
export { limitBounds } from './quota/quota-limits.ts'
export { type PracticeShape, usualPractice } from './sync/estimate-calls.ts'
export type { QuotaForecast, QuotaReport } from './ops/quota-report.ts'
export type {
  Alarm,
  CheckStatus,
  FeedStatus,
  PracticeStatus,
  QuotaStatus,
  ReplicaStatus,
  StatusReport,
} from './ops/status-report.ts'
export { version } from './version.ts'
