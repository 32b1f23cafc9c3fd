/** Aegis in a process of its own, as `aegis up` starts it. It is given what differs from the defaults. */
import { startAegis } from '../../packages/server/src/main.ts'
import type { AegisConfig } from '../../packages/server/src/config/aegis-config.ts'
import { Secret } from '../../packages/server/src/config/secret.ts'
import { defaultPullSpacingMs } from '../../packages/server/src/policy/intensive-calls.ts'
import type { QuotaLimits } from '../../packages/server/src/quota/quota-limits.ts'
import { defaultSyncSettings, type SyncSettings } from '../../packages/server/src/sync/sync-settings.ts'
import { answerQuestions, inputOf } from './child.ts'
import type { Looks } from './stand.ts'

export interface AegisSetting {
  readonly home: string
  readonly databaseUrl: string
  readonly simulatorUrl: string
  /** Default 'all'; 'worker' beside others on the same database. */
  readonly role?: 'worker'
  readonly practices: readonly number[]
  readonly limits: QuotaLimits
  readonly sync?: Partial<SyncSettings>
  /** Between two large pulls of a practice. Default as in an installation. */
  readonly pullSpacingMs?: number
}

const setting = await inputOf<AegisSetting>()
const everythingAllowed = {
  bookedDaysMax: 730,
  openDaysMax: 730,
  claimsDaysMax: 730,
  pullSpacingMs: setting.pullSpacingMs ?? defaultPullSpacingMs,
}
const config: AegisConfig = {
  environment: 'local',
  demo: false,
  athena: {
    clientId: 'demo-client',
    secret: new Secret('demo-secret'),
    baseUrl: setting.simulatorUrl,
    scope: 'athena/service/Athenanet.MDP.*',
    allowedHosts: [],
  },
  practices: setting.practices,
  home: setting.home,
  database: { url: new Secret(setting.databaseUrl), ownerUrl: new Secret(setting.databaseUrl) },
  http: { host: '127.0.0.1', port: 0 },
  limits: setting.limits,
  sync: { ...defaultSyncSettings, ...setting.sync },
  policy: { ...everythingAllowed, offHours: 'always', onboarding: { days: 90, calls: 1_000_000 } },
  role: setting.role ?? 'all',
  keyServer: { services: {} },
  clock: 'system',
  log: { level: 'info', to: 'file' },
}

const aegis = await startAegis(config)
answerQuestions(
  { url: () => aegis.url, status: () => aegis.status(), memory: () => process.memoryUsage(), looks: timeLooks },
  () => aegis.stop(),
)

async function timeLooks(): Promise<Looks> {
  const from = performance.now()
  await aegis.status()
  const between = performance.now()
  await aegis.metrics()
  return { statusMs: between - from, metricsMs: performance.now() - between }
}
